//! `GET /v1/organizations/{organization_id}/merges/{merge_id}`.

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::{
    ids::MergeId,
    people::merge::{MergeKind, MergeStep},
};
use muster_storage::people::merges::{self, Merge};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{auth::OrganizationAdmin, extract::Path, problem::Problem, shapes, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct MergeBody {
    #[schema(value_type = uuid::Uuid)]
    id: MergeId,
    #[schema(value_type = shapes::MergeKind)]
    kind: MergeKind,
    /// The one that goes.
    from: Uuid,
    /// The other, which stays.
    into: Uuid,
    /// `copy`: contacts get the other. `switch`: goals and scripts come to name it. `move`:
    /// contacts lose the one. `done`.
    #[schema(value_type = shapes::MergeStep)]
    step: MergeStep,
    /// Contacts that have lost the one so far.
    contacts: i64,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

/// Reads a merge's progress.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/merges/{merge_id}", tag = "tags")]
pub(crate) async fn get(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Path((_organization, id)): Path<(Uuid, MergeId)>,
) -> Result<Answer<MergeBody>, Problem> {
    let found = merges::get(&api.pool, admin.organization_id, id).await?.ok_or_else(|| Problem::no("merge"))?;
    let Merge { id, kind, from_id, into_id, step, contacts, created_at, finished_at, .. } = found;
    Ok(Answer(MergeBody { id, kind, from: from_id, into: into_id, step, contacts, created_at, finished_at }))
}
