//! `POST /v1/organizations/{organization_id}/fields` (rules C14 and C16).

use axum::extract::State;
use muster_domain::ids::FieldId;
use muster_storage::people::fields;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    admin::fields::body::{name, taken},
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
pub(crate) struct NewFieldBody {
    /// Blanks within it count as one; no braces and bars, which scripts have around it, and no name
    /// of a value that every contact has.
    #[schema(value_type = bounds::FieldName)]
    name: String,
    /// Files and agents leave its values as they are.
    #[serde(default)]
    locked: bool,
}

/// Makes a custom field.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/fields", tag = "tags")]
pub(crate) async fn create(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    keyed: Keyed,
    Json(body): Json<NewFieldBody>,
) -> Result<Once<Created<Made>>, Problem> {
    let name = name(&body.name)?;
    keyed
        .run(&api, admin.member.id, &body, async |tx| {
            let id = FieldId::new();
            if !fields::create(tx, id, admin.organization_id, &name, body.locked).await? {
                return Err(taken());
            }
            Ok(Created(Made { id: id.0 }))
        })
        .await
}
