//! `GET /v1/organizations/{organization_id}/forms/{form_id}`.

use axum::extract::State;
use muster_domain::ids::FormId;
use uuid::Uuid;

use crate::{
    admin::forms::body::{FormBody, body, find},
    auth::Admin,
    document::Tagged,
    extract::Path,
    problem::Problem,
    state::Api,
};

/// Reads a form.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/forms/{form_id}", tag = "forms")]
pub(crate) async fn get(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, FormId)>,
) -> Result<Tagged<FormBody>, Problem> {
    let form = find(&api.pool, &admin, id).await?;
    Ok(Tagged { version: form.version, body: body(&api, form) })
}
