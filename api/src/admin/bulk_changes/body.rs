//! Bulk changes as answers tell them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{BulkChangeId, MemberId},
    people::bulk::{BulkFailure, BulkOutcome, BulkState},
    tenancy::role::Role,
};
use muster_storage::people::bulk::{BulkChange, Filter};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{auth::Admin, list::Item, shapes};

#[derive(Serialize, ToSchema)]
pub(crate) struct BulkChangeBody {
    #[schema(value_type = uuid::Uuid)]
    id: BulkChangeId,
    /// The admin that asked.
    #[schema(value_type = uuid::Uuid)]
    created_by: MemberId,
    #[schema(value_type = shapes::BulkFilter)]
    filter: Value,
    #[schema(value_type = shapes::BulkAction)]
    action: Value,
    /// `waiting` until its set of contacts is frozen; then `running`; at last `succeeded`, `failed`
    /// or `cancelled`.
    #[schema(value_type = shapes::BulkState)]
    state: BulkState,
    /// Why it could not go on.
    #[schema(value_type = Option<shapes::BulkFailure>)]
    failure: Option<BulkFailure>,
    /// The size of the frozen set; null until it is frozen.
    contacts: Option<i64>,
    /// Contacts of the set that are accounted for.
    done: i64,
    /// The same by outcome: `changed`, `unchanged`, `not_in_group`, `group_full`, `agent_full`,
    /// `redacted` or `gone`.
    #[schema(value_type = BTreeMap<String, i64>)]
    outcomes: BTreeMap<BulkOutcome, i64>,
    created_at: DateTime<Utc>,
    /// When the set was frozen.
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
}

impl Item for BulkChangeBody {
    type Id = BulkChangeId;

    const PAGE: &'static str = "BulkChangePage";
}

/// Returns a bulk change as it is told.
pub(crate) fn body(change: BulkChange) -> BulkChangeBody {
    BulkChangeBody {
        id: change.id,
        created_by: change.created_by,
        filter: change.filter,
        action: change.action,
        state: change.state,
        failure: change.failure,
        contacts: change.contacts,
        done: change.done,
        outcomes: change.outcomes,
        created_at: change.created_at,
        started_at: change.started_at,
        finished_at: change.finished_at,
    }
}

/// Returns the bulk changes that an admin sees: a group admin their own, because a filter names
/// others' knowledge of contacts.
pub(crate) fn seen(admin: &Admin) -> Filter {
    let own = admin.at_least(Role::OrganizationAdmin).is_err().then_some(admin.member.id);
    Filter { created_by: own, id: None }
}
