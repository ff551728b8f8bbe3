//! `POST /v1/organizations/{organization_id}/tags` (rules C16 and W8).

use axum::extract::State;
use muster_domain::ids::TagId;
use muster_storage::people::tags::{self, NewTag};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    admin::tags::body::{name, taken},
    auth::OrganizationAdmin,
    bounds,
    document::{Created, Made, Once},
    extract::Json,
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTagBody {
    /// Blanks within it count as one; no commas and semicolons, which part tags in files.
    #[schema(value_type = bounds::Tag)]
    name: String,
    /// Files and agents do not give it.
    #[serde(default)]
    locked: bool,
    /// Agents may name it as the reason of an opt-out or a skip.
    #[serde(default)]
    reason: bool,
}

/// Makes a tag.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/tags", tag = "tags")]
pub(crate) async fn create(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    keyed: Keyed,
    Json(body): Json<NewTagBody>,
) -> Result<Once<Created<Made>>, Problem> {
    let name = name(&body.name)?;
    keyed
        .run(&api, admin.member.id, &body, async |tx| {
            let id = TagId::new();
            let new = NewTag { name: &name, locked: body.locked, reason: body.reason };
            if !tags::create(tx, id, admin.organization_id, &new).await? {
                return Err(taken());
            }
            Ok(Created(Made { id: id.0 }))
        })
        .await
}
