//! Pauses and limits as answers tell them.

use chrono::{DateTime, Utc};
use muster_domain::ids::OrganizationId;
use muster_storage::engine::policies::JobPolicy;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(crate) struct PolicyBody {
    /// Null for every kind.
    kind: Option<String>,
    /// Null for every organization.
    #[schema(value_type = Option<uuid::Uuid>)]
    organization_id: Option<OrganizationId>,
    /// Nothing is published; jobs in the broker still run.
    paused: bool,
    /// Jobs that are published or running at a time; null without a limit.
    at_most: Option<i32>,
    /// The reason of the last pause or its end.
    reason: Option<String>,
    /// Since when it is so.
    since: DateTime<Utc>,
}

impl PolicyBody {
    /// Returns a policy as it is told.
    pub(crate) fn of(policy: JobPolicy) -> Self {
        let JobPolicy { kind, organization_id, paused, at_most, reason, changed_at } = policy;
        Self { kind, organization_id, paused, at_most, reason, since: changed_at }
    }
}
