//! `POST /v1/organizations/{organization_id}/bulk-changes` (rule C16).

use std::collections::BTreeSet;

use axum::extract::State;
use muster_domain::{
    ids::{BulkChangeId, ContactId, GroupId, MemberId},
    people::{
        bulk::{BulkAction, BulkActionKind},
        e164::E164,
        filter,
    },
    tenancy::role::Role,
};
use muster_jobs::kinds::BulkChange;
use muster_storage::{
    Tx,
    engine::enqueue::enqueue,
    people::{
        bulk::{self, NewBulkChange},
        edit,
    },
    tenancy::{groups, members},
    trust::audit,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    admin::contacts::filter::ContactFilter,
    auth::Admin,
    bounds,
    document::{Accepted, Once},
    extract::Json,
    idempotency::Keyed,
    problem::Problem,
    shapes,
    state::Api,
};

/// Bulk changes of an organization that are not over, at most.
const OPEN_LIMIT: i64 = 20;

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewBulkChangeBody {
    /// The contacts, as the list finds them. Redacted ones are left out. With `contact_ids`, those
    /// of them that match; a change needs one of the two.
    #[serde(default)]
    filter: ContactFilter,
    /// These contacts alone.
    #[schema(value_type = Option<bounds::ContactIds>)]
    contact_ids: Option<Vec<ContactId>>,
    /// The action. `tag` and `untag` take `tag`; `opt_out` takes `reason`; `assign` takes
    /// `group_id` and `agent_id`; `unassign`, `deactivate`, `reactivate`, `add_to_group` and
    /// `remove_from_group` take `group_id`.
    #[schema(value_type = shapes::BulkActionKind)]
    action: BulkActionKind,
    /// The tag; made if there is none, where contacts get it.
    #[schema(value_type = Option<bounds::Tag>)]
    tag: Option<String>,
    #[schema(value_type = Option<uuid::Uuid>)]
    group_id: Option<GroupId>,
    #[schema(value_type = Option<uuid::Uuid>)]
    agent_id: Option<MemberId>,
    /// How it is known; no personal data.
    #[schema(value_type = Option<bounds::Reason>)]
    reason: Option<String>,
    /// Count the contacts, and do nothing.
    #[serde(default)]
    dry_run: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct BulkChangeAsked {
    /// The bulk change; null for a dry run.
    #[schema(value_type = Option<uuid::Uuid>)]
    id: Option<BulkChangeId>,
    /// Contacts that match now.
    contacts: i64,
}

/// Has an action done with all contacts that match a filter; with `dry_run` it counts them alone.
/// The set is frozen once, a moment after the answer: contacts that match later are not in it, and
/// those that match no more are. A job works through it; follow it at
/// `…/bulk-changes/{bulk_change_id}`. A group admin's change is for contacts of their groups, by
/// the knowledge of these, and ends when the admin loses one of them.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/bulk-changes", tag = "contacts")]
pub(crate) async fn create(
    State(api): State<Api>,
    admin: Admin,
    keyed: Keyed,
    Json(body): Json<NewBulkChangeBody>,
) -> Result<Once<Accepted<BulkChangeAsked>>, Problem> {
    let filter = read_filter(&body)?;
    let action = read_action(&body)?;
    // A request with an idempotency key is remembered by the keyed hash of a number (rule R4).
    let mut request = serde_json::to_value(&body).map_err(muster_storage::Error::from)?;
    if let Some(number) = filter.phone.as_deref().and_then(|number| E164::parse(number).ok()) {
        request["filter"]["phone"] = json!(api.phone_hash_keys.of(&number).agreed());
    }
    keyed
        .run(&api, admin.member.id, &request, async |tx| {
            check_groups(tx, &admin, &filter, &action).await?;
            let contacts = bulk::count(tx, admin.organization_id, admin.groups(), &filter).await?;
            if body.dry_run {
                audit::changes_nothing();
                return Ok(Accepted(BulkChangeAsked { id: None, contacts }));
            }
            if bulk::open(tx, admin.organization_id).await? >= OPEN_LIMIT {
                return Err(Problem::conflict(format!("{OPEN_LIMIT} bulk changes of the organization are not over")));
            }
            let tag_id = match &action {
                BulkAction::Tag { tag } => Some(edit::tag(tx, admin.organization_id, tag).await?),
                BulkAction::Untag { tag } => edit::known_tag(tx, admin.organization_id, tag).await?,
                _ => None,
            };
            let id = BulkChangeId::new();
            let new = NewBulkChange {
                organization_id: admin.organization_id,
                created_by: admin.member.id,
                filter: &filter,
                action: &action,
                tag_id,
                readers: admin.groups(),
            };
            bulk::create(tx, id, &new).await?;
            enqueue(tx, &BulkChange { bulk_change_id: id }, &admin.origin()).await?;
            Ok(Accepted(BulkChangeAsked { id: Some(id), contacts }))
        })
        .await
}

fn read_filter(body: &NewBulkChangeBody) -> Result<filter::ContactFilter, Problem> {
    let mut filter = body.filter.read()?;
    if let Some(ids) = &body.contact_ids {
        bounds::ContactIds::check("contact_ids", ids)?;
        filter.ids = Some(ids.iter().copied().collect::<BTreeSet<_>>().into_iter().collect());
    }
    if filter.is_empty() {
        return Err(Problem::invalid_body("filter must have a condition: an empty one is everybody"));
    }
    Ok(filter)
}

fn read_action(body: &NewBulkChangeBody) -> Result<BulkAction, Problem> {
    let kind = body.action;
    let (mut tag, mut group_id, mut agent_id, mut reason) =
        (body.tag.as_deref(), body.group_id, body.agent_id, body.reason.as_deref());
    let needs = |member: &str| Problem::invalid_body(format!("{member} must be there for the action {kind}"));
    let mut tagged = || bounds::Tag::read("tag", tag.take().ok_or_else(|| needs("tag"))?).map(ToOwned::to_owned);
    let mut group = || group_id.take().ok_or_else(|| needs("group_id"));
    let action = match kind {
        BulkActionKind::Tag => BulkAction::Tag { tag: tagged()? },
        BulkActionKind::Untag => BulkAction::Untag { tag: tagged()? },
        BulkActionKind::Assign => {
            BulkAction::Assign { group_id: group()?, agent_id: agent_id.take().ok_or_else(|| needs("agent_id"))? }
        }
        BulkActionKind::Unassign => BulkAction::Unassign { group_id: group()? },
        BulkActionKind::Deactivate => BulkAction::Deactivate { group_id: group()? },
        BulkActionKind::Reactivate => BulkAction::Reactivate { group_id: group()? },
        BulkActionKind::OptOut => {
            let reason = bounds::Reason::read("reason", reason.take().ok_or_else(|| needs("reason"))?)?;
            BulkAction::OptOut { reason: reason.to_owned() }
        }
        BulkActionKind::AddToGroup => BulkAction::AddToGroup { group_id: group()? },
        BulkActionKind::RemoveFromGroup => BulkAction::RemoveFromGroup { group_id: group()? },
    };
    // A member that the action does not take is a mistake about the action.
    let left = [("tag", tag.is_some()), ("group_id", group_id.is_some()), ("agent_id", agent_id.is_some())];
    match left.into_iter().chain([("reason", reason.is_some())]).find(|(_, is_left)| *is_left) {
        Some((member, _)) => Err(Problem::invalid_body(format!("{member} is nothing to the action {kind}"))),
        None => Ok(action),
    }
}

/// Groups and the agent that a change names must be the admin's to see.
async fn check_groups(
    tx: &mut Tx,
    admin: &Admin,
    filter: &filter::ContactFilter,
    action: &BulkAction,
) -> Result<(), Problem> {
    let named: Vec<_> = filter.group_id.into_iter().chain(action.group_id()).collect();
    for group_id in &named {
        admin.group(*group_id)?;
    }
    if !groups::all_exist(tx, admin.organization_id, &named).await? {
        return Err(Problem::no("group"));
    }
    if let BulkAction::Assign { group_id, agent_id } = action {
        let member = members::get(tx, admin.member.account_id, *agent_id).await?;
        let fits = member.is_some_and(|member| member.role == Role::Agent && member.groups.contains(group_id));
        if !fits {
            return Err(Problem::no("agent in this group"));
        }
    }
    Ok(())
}
