//! The conditions of an export's records: those of the kind's list.

use muster_domain::{
    ids::{GoalId, GroupId},
    people::e164::E164,
    trust::export::ExportKind,
};
use muster_storage::{Tx, goals, tenancy::groups};
use serde_json::{Map, Value, json};

use crate::{
    admin::{
        contacts::filter::ContactFilter,
        conversations::{list::ThreadFilter, search::Sought},
        exports::create::NewExportBody,
    },
    auth::Admin,
    bounds,
    problem::Problem,
};

/// A filter that was read, with the groups that it names.
pub(crate) struct Read {
    /// As storage has it.
    pub(crate) filter: Value,
    /// The groups that it names.
    groups: Vec<GroupId>,
    /// The goal that it names.
    goal_id: Option<GoalId>,
}

impl Read {
    fn new(filter: Value, group_id: Option<GroupId>) -> Self {
        Self { filter, groups: group_id.into_iter().collect(), goal_id: None }
    }
}

/// Reads the filter of an export. A member for another kind is a mistake.
pub(crate) fn read(body: &NewExportBody) -> Result<Read, Problem> {
    let kind = body.kind;
    let members = [
        ("contacts", body.contacts.is_some(), ExportKind::Contacts),
        ("contact_ids", body.contact_ids.is_some(), ExportKind::Contacts),
        ("conversations", body.conversations.is_some(), ExportKind::Conversations),
        ("goals", body.goals.is_some(), ExportKind::GoalResults),
        ("goal_ids", body.goal_ids.is_some(), ExportKind::GoalResults),
        ("campaigns", body.campaigns.is_some(), ExportKind::CampaignResults),
        ("campaign_ids", body.campaign_ids.is_some(), ExportKind::CampaignResults),
        ("opt_outs", body.opt_outs.is_some(), ExportKind::OptOuts),
    ];
    if let Some((member, ..)) = members.iter().find(|(_, there, of)| *there && *of != kind) {
        return Err(Problem::invalid_body(format!("{member} is nothing to the kind {kind}")));
    }
    match kind {
        ExportKind::Contacts => contacts(body),
        ExportKind::Conversations => conversations(body.conversations.as_ref()),
        ExportKind::GoalResults => goal_results(body),
        ExportKind::CampaignResults => campaign_results(body),
        ExportKind::OptOuts => {
            let origin = body.opt_outs.as_ref().and_then(|filter| filter.origin);
            Ok(Read::new(of([("origin", origin.map(|origin| json!(origin)))]), None))
        }
    }
}

/// Groups and the goal that a filter names must be the admin's to see.
pub(crate) async fn check_named(tx: &mut Tx, admin: &Admin, asked: &Read) -> Result<(), Problem> {
    let named = &asked.groups[..];
    for group_id in named {
        admin.group(*group_id)?;
    }
    if let Some(goal_id) = asked.goal_id {
        let goal = goals::get(tx, admin.organization_id, goal_id).await?.ok_or_else(|| Problem::no("goal"))?;
        admin.group(goal.group_id).map_err(|_| Problem::no("goal"))?;
    }
    if groups::all_exist(tx, admin.organization_id, named).await? { Ok(()) } else { Err(Problem::no("group")) }
}

fn of<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let members = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(members.collect::<Map<_, _>>())
}

fn contacts(body: &NewExportBody) -> Result<Read, Problem> {
    let mut filter = body.contacts.as_ref().map(ContactFilter::read).transpose()?.unwrap_or_default();
    if let Some(ids) = &body.contact_ids {
        bounds::ContactIds::check("contact_ids", ids)?;
        filter.ids = Some(ids.clone());
    }
    let group_id = filter.group_id;
    Ok(Read::new(serde_json::to_value(filter).map_err(muster_storage::Error::from)?, group_id))
}

fn conversations(asked: Option<&ThreadFilter>) -> Result<Read, Problem> {
    let Some(asked) = asked else { return Ok(Read::new(json!({}), None)) };
    let sought = Sought::read(asked.search.as_deref())
        .map_err(|_| Problem::invalid_body("search must be 1 to 100 characters"))?;
    let tag = asked.tag.as_deref().map(|tag| bounds::Tag::read("tag", tag)).transpose()?;
    let unreadable = |_| Problem::invalid_body("phone must be a number in E.164 form");
    let phone = asked.phone.as_deref().map(E164::parse).transpose().map_err(unreadable)?;
    let filter = of([
        ("group_id", asked.group_id.map(|id| json!(id))),
        ("agent_id", asked.agent_id.map(|id| json!(id))),
        ("goal_id", asked.goal_id.map(|id| json!(id))),
        ("tag", tag.map(|tag| json!(tag))),
        ("phone", phone.map(|phone| json!(phone.as_str()))),
        ("words", (!sought.words.is_empty()).then(|| json!(sought.words))),
        ("digits", sought.digits.map(|digits| json!(digits))),
        ("state", Some(json!(asked.progress()))),
    ]);
    Ok(Read { goal_id: asked.goal_id, ..Read::new(filter, asked.group_id) })
}

fn goal_results(body: &NewExportBody) -> Result<Read, Problem> {
    let asked = body.goals.as_ref();
    if asked.is_some_and(|filter| filter.figures) {
        return Err(Problem::invalid_body("figures are nothing to an export"));
    }
    if let Some(ids) = &body.goal_ids {
        bounds::ExportGoals::check("goal_ids", ids)?;
    }
    let group_id = asked.and_then(|filter| filter.group_id);
    let filter = of([
        ("ids", body.goal_ids.as_ref().map(|ids| json!(ids))),
        ("group_id", group_id.map(|id| json!(id))),
        ("status", asked.and_then(|filter| filter.status).map(|status| json!(status))),
    ]);
    Ok(Read::new(filter, group_id))
}

fn campaign_results(body: &NewExportBody) -> Result<Read, Problem> {
    let asked = body.campaigns.as_ref();
    if asked.is_some_and(|filter| filter.figures) {
        return Err(Problem::invalid_body("figures are nothing to an export"));
    }
    if let Some(ids) = &body.campaign_ids {
        bounds::ExportCampaigns::check("campaign_ids", ids)?;
    }
    let filter = of([
        ("ids", body.campaign_ids.as_ref().map(|ids| json!(ids))),
        ("status", asked.and_then(|filter| filter.status).map(|status| json!(status))),
    ]);
    Ok(Read::new(filter, None))
}
