//! `POST /v1/organizations/{organization_id}/scripts`.

use axum::extract::State;
use muster_domain::{goals::script::ScriptKind, ids::ScriptId};
use muster_storage::goals::scripts::library::{self, NewScript};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    admin::scripts::body::{check, saved},
    auth::OrganizationAdmin,
    bounds,
    document::{Created, Made, Once},
    extract::Json,
    idempotency::Keyed,
    problem::Problem,
    shapes,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewLibraryScript {
    #[schema(value_type = shapes::ScriptKind)]
    kind: ScriptKind,
    #[schema(value_type = bounds::ScriptName)]
    name: String,
    /// With merge fields such as `{{first_name|there}}`.
    #[schema(value_type = bounds::Script)]
    script: String,
}

/// Adds a script to the library. Initials and reminders say how to opt out, where that is required;
/// agents pick responses when they reply.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/scripts", tag = "scripts")]
pub(crate) async fn create(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    keyed: Keyed,
    Json(new): Json<NewLibraryScript>,
) -> Result<Once<Created<Made>>, Problem> {
    let name = bounds::ScriptName::read("name", &new.name)?;
    bounds::Script::read("script", &new.script)?;
    keyed
        .run(&api, admin.member.id, &new, async |tx| {
            check(tx, &admin, new.kind, &new.script).await?;
            let id = ScriptId::new();
            let script = NewScript { kind: new.kind, name, script: &new.script };
            saved(library::create(tx, id, admin.organization_id, admin.member.id, script).await?)?;
            Ok(Created(Made { id: id.0 }))
        })
        .await
}
