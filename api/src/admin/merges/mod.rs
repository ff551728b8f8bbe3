//! `/v1/organizations/{organization_id}/merges`: merges of tags and fields that jobs do.

mod get;

use muster_storage::people::merges::Started;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use uuid::Uuid;

use crate::{
    document::{Accepted, Made, endpoint},
    problem::Problem,
    state::Api,
};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(endpoint!(get::get))
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MergeInto {
    /// The other, which stays.
    pub(crate) into: Uuid,
}

impl MergeInto {
    /// Refuses a merge into itself.
    pub(crate) fn check(&self, id: Uuid) -> Result<(), Problem> {
        if self.into == id { Err(Problem::invalid_body("into must be another")) } else { Ok(()) }
    }
}

/// Returns the answer to asking for a merge.
pub(crate) fn started(outcome: Started, noun: &str) -> Result<Accepted<Made>, Problem> {
    match outcome {
        Started::Done(id) => Ok(Accepted(Made { id: id.0 })),
        Started::Missing => Err(Problem::no(noun)),
        Started::Merging => Err(Problem::conflict("one of the two is in a merge that is under way")),
    }
}
