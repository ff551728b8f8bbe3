//! The jobs that a pause is for.

use muster_domain::ids::OrganizationId;
use muster_jobs::JobKind;
use muster_storage::{engine::policies, trust::audit};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{bounds, document::NoContent, problem::Problem, shapes, state::Api};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JobsToHold {
    /// The kind; without it, every kind of the organization.
    #[schema(value_type = Option<shapes::JobKind>)]
    kind: Option<JobKind>,
    /// The organization; without it, every one.
    #[schema(value_type = Option<uuid::Uuid>)]
    organization_id: Option<OrganizationId>,
    /// The reason, for later readers; no personal data.
    #[schema(value_type = bounds::Reason)]
    reason: String,
}

impl JobsToHold {
    /// Pauses them, or resumes them.
    pub(super) async fn set(&self, api: &Api, paused: bool) -> Result<NoContent, Problem> {
        named(self.kind, self.organization_id)?;
        let reason = bounds::Reason::read("reason", &self.reason)?;
        policies::set_paused(&api.pool, self.kind, self.organization_id, paused, Some(reason)).await?;
        Ok(NoContent)
    }
}

/// Refuses jobs of every kind and every organization; tells the audit the kind.
pub(super) fn named(kind: Option<JobKind>, organization_id: Option<OrganizationId>) -> Result<(), Problem> {
    if kind.is_none() && organization_id.is_none() {
        return Err(Problem::invalid_body("name a kind, an organization_id, or both"));
    }
    audit::changes(kind.map(|kind| kind.as_str().to_owned()).as_slice());
    Ok(())
}
