//! `POST /v1/agent/scripts`.

use axum::extract::State;
use muster_domain::ids::ScriptId;
use muster_storage::goals::scripts::own;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    agent::scripts::body::{check, saved},
    auth::Agent,
    bounds,
    document::{Created, Made, Once},
    extract::Json,
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewOwnScript {
    #[schema(value_type = bounds::ScriptName)]
    name: String,
    /// With merge fields such as `{{first_name|there}}`.
    #[schema(value_type = bounds::Script)]
    script: String,
}

/// Adds a script to the agent's own, for replies.
#[utoipa::path(post, path = "/v1/agent/scripts", tag = "agent")]
pub(crate) async fn create(
    State(api): State<Api>,
    agent: Agent,
    keyed: Keyed,
    Json(new): Json<NewOwnScript>,
) -> Result<Once<Created<Made>>, Problem> {
    let name = bounds::ScriptName::read("name", &new.name)?;
    bounds::Script::read("script", &new.script)?;
    keyed
        .run(&api, agent.member.id, &new, async |tx| {
            check(tx, &agent, &new.script).await?;
            let id = ScriptId::new();
            saved(own::create(tx, id, agent.member.id, name, &new.script).await?)?;
            Ok(Created(Made { id: id.0 }))
        })
        .await
}
