//! Agents' own scripts as answers tell them, and the checks that each save makes.

use chrono::{DateTime, Utc};
use muster_domain::{
    goals::script::{OWN_SCRIPTS_LIMIT, ScriptKind},
    ids::ScriptId,
};
use muster_storage::{
    Tx,
    goals::scripts::{Saved, own::OwnScript},
    people::contacts,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{auth::Agent, document::Tagged, problem::Problem};

#[derive(Serialize, ToSchema)]
#[schema(as = OwnScript)]
pub(crate) struct OwnScriptBody {
    #[schema(value_type = uuid::Uuid)]
    id: ScriptId,
    name: String,
    script: String,
    version: i32,
    created_at: DateTime<Utc>,
}

pub(crate) fn body(stored: OwnScript) -> OwnScriptBody {
    let OwnScript { id, name, script, version, created_at } = stored;
    OwnScriptBody { id, name, script, version, created_at }
}

pub(crate) fn tagged(script: OwnScript) -> Tagged<OwnScriptBody> {
    Tagged { version: script.version, body: body(script) }
}

/// Checks a script as it is saved (rules M1 and M3).
pub(crate) async fn check(tx: &mut Tx, agent: &Agent, script: &str) -> Result<(), Problem> {
    let fields = contacts::custom_fields(tx, agent.organization_id).await?;
    let checked = ScriptKind::Response.check(script, &fields, None);
    checked.map(drop).map_err(|error| Problem::invalid_body(format!("script: {error}")))
}

/// Refuses a save that the agent has no room or no name for.
pub(crate) fn saved(saved: Saved) -> Result<(), Problem> {
    match saved {
        Saved::Done => Ok(()),
        Saved::NameTaken => Err(Problem::conflict("another script of yours has the name")),
        Saved::Full => Err(Problem::conflict(format!("an agent has at most {OWN_SCRIPTS_LIMIT} scripts"))),
    }
}
