//! The conditions of an export's records: those of the kind's list.

use chrono::{DateTime, Datelike as _, Utc};
use muster_domain::{
    ids::{GoalId, GroupId, MemberId},
    people::e164::E164,
    trust::export::{ExportFormat, ExportKind},
};
use muster_storage::{Tx, goals, tenancy::groups};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

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

/// Conditions on acts, which combine with AND; those of the list.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditFilter {
    /// Acts in all organizations of the account, and on the account itself; for account admins.
    #[serde(default)]
    pub(crate) account: bool,
    /// Only acts of this member.
    #[schema(value_type = Option<uuid::Uuid>)]
    member_id: Option<MemberId>,
    /// Only acts of the operator of this name.
    #[schema(value_type = Option<bounds::OperatorName>)]
    operator: Option<String>,
    /// Only this operation, such as `patch_contact`.
    #[schema(value_type = Option<bounds::AuditWord>)]
    operation: Option<String>,
    /// Only acts with a main record of this kind, such as `contact`.
    #[schema(value_type = Option<bounds::AuditWord>)]
    record_kind: Option<String>,
    /// Only acts that name this record.
    record_id: Option<uuid::Uuid>,
    /// Only acts at this instant or later.
    from: Option<DateTime<Utc>>,
    /// Only acts before this instant.
    to: Option<DateTime<Utc>>,
}

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
        ("audit", body.audit.is_some(), ExportKind::Audit),
    ];
    if !ExportKind::OFFERED.contains(&kind) || !ExportFormat::OFFERED.contains(&body.format) {
        return Err(Problem::invalid_body("kind and format must be of the words of exports"));
    }
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
        ExportKind::Audit => audit(body.audit.as_ref()),
        // Refused above.
        ExportKind::AccessRequest => Ok(Read::new(json!({}), None)),
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

fn audit(asked: Option<&AuditFilter>) -> Result<Read, Problem> {
    let Some(asked) = asked else { return Ok(Read::new(json!({}), None)) };
    if let Some(operator) = &asked.operator {
        bounds::OperatorName::read("operator", operator)?;
    }
    for word in [&asked.operation, &asked.record_kind].into_iter().flatten() {
        bounds::AuditWord::read(word)?;
    }
    // There are acts in no other years, and the database reads no others.
    let known = |at: DateTime<Utc>| (1..=9_999).contains(&at.year());
    if ![asked.from, asked.to].into_iter().flatten().all(known) {
        return Err(Problem::invalid_body("from and to must be in the years 1 to 9999"));
    }
    let filter = of([
        ("account", asked.account.then_some(json!(true))),
        ("member_id", asked.member_id.map(|id| json!(id))),
        ("operator", asked.operator.as_ref().map(|name| json!(name))),
        ("operation", asked.operation.as_ref().map(|word| json!(word))),
        ("record_kind", asked.record_kind.as_ref().map(|word| json!(word))),
        ("record_id", asked.record_id.map(|id| json!(id))),
        ("from", asked.from.map(|at| json!(at))),
        ("to", asked.to.map(|at| json!(at))),
    ]);
    Ok(Read::new(filter, None))
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
