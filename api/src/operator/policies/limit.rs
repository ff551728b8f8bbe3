//! `POST /v1/operator/policies/limit`.

use axum::extract::State;
use muster_domain::ids::OrganizationId;
use muster_jobs::JobKind;
use muster_storage::engine::policies;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    auth::Operator, bounds, document::NoContent, extract::Json, operator::policies::input::named, problem::Problem,
    shapes, state::Api,
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JobsToLimit {
    /// The kind; without it, every kind of the organization together.
    #[schema(value_type = Option<shapes::JobKind>)]
    kind: Option<JobKind>,
    /// The organization; without it, all together.
    #[schema(value_type = Option<uuid::Uuid>)]
    organization_id: Option<OrganizationId>,
    /// Jobs that may be published and running at a time; without it the limit is lifted.
    #[schema(value_type = Option<bounds::JobsAtMost>)]
    at_most: Option<i32>,
    /// The reason, for later readers; no personal data.
    #[schema(value_type = bounds::Reason)]
    reason: String,
}

/// Limits how many jobs of a kind, of an organization, or of both are published and running at a
/// time.
#[utoipa::path(post, path = "/v1/operator/policies/limit", tag = "operator")]
pub(crate) async fn limit(
    State(api): State<Api>,
    _operator: Operator,
    Json(jobs): Json<JobsToLimit>,
) -> Result<NoContent, Problem> {
    let JobsToLimit { kind, organization_id, at_most, reason } = jobs;
    named(kind, organization_id)?;
    bounds::Reason::read("reason", &reason)?;
    let at_most = at_most.map(|at_most| bounds::JobsAtMost::read("at_most", at_most)).transpose()?;
    policies::set_limit(&api.pool, kind, organization_id, at_most).await?;
    Ok(NoContent)
}
