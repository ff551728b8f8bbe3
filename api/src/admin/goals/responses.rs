//! Response scripts of a goal: those that agents pick from when they reply (rules G2 and W9).

use muster_domain::{
    goals::script::{ResponseScript, check_responses},
    ids::OrganizationId,
};
use muster_storage::{Tx, people::contacts};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{bounds, problem::Problem};

/// A response script of a goal.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ResponseScript)]
pub(crate) struct ResponseBody {
    /// The name by which agents pick it.
    #[schema(value_type = bounds::ScriptName)]
    name: String,
    /// With merge fields such as `{{first_name|there}}`.
    #[schema(value_type = bounds::Script)]
    script: String,
}

/// Returns response scripts as a goal keeps them.
pub(crate) fn read(responses: &[ResponseBody]) -> Vec<ResponseScript> {
    let read = |ResponseBody { name, script }: &ResponseBody| ResponseScript {
        name: name.trim().to_owned(),
        script: script.clone(),
    };
    responses.iter().map(read).collect()
}

/// Returns response scripts as answers tell them.
pub(crate) fn told(responses: Vec<ResponseScript>) -> Vec<ResponseBody> {
    responses.into_iter().map(|ResponseScript { name, script }| ResponseBody { name, script }).collect()
}

/// Checks response scripts: when they are saved, and again when the goal is launched or copied,
/// because fields may have changed since (rules M1 and M3).
pub(crate) async fn check(
    tx: &mut Tx,
    organization_id: OrganizationId,
    responses: &[ResponseScript],
) -> Result<(), Problem> {
    if responses.is_empty() {
        return Ok(());
    }
    let fields = contacts::custom_fields(tx, organization_id).await?;
    check_responses(responses, &fields).map_err(|error| Problem::invalid_body(format!("responses: {error}")))
}
