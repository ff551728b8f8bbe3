//! `PUT /v1/organizations/{organization_id}/forms/{form_id}` (rule C16).

use axum::extract::State;
use muster_domain::ids::FormId;
use muster_storage::people::forms;
use uuid::Uuid;

use crate::{
    admin::forms::{
        body::{FormBody, body, find},
        input::{FormInput, check},
    },
    auth::Admin,
    document::Tagged,
    extract::{IfMatch, Json, Path},
    problem::Problem,
    state::Api,
};

/// Replaces a form's definition. Its public address stays; consents that were given keep the words
/// that were seen.
#[utoipa::path(put, path = "/v1/organizations/{organization_id}/forms/{form_id}", tag = "forms")]
pub(crate) async fn replace(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, FormId)>,
    expected: IfMatch,
    Json(input): Json<FormInput>,
) -> Result<Tagged<FormBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    forms::lock(&mut tx, admin.organization_id, id).await?;
    let before = find(&mut tx, &admin, id).await?;
    if !expected.allows(before.version) {
        return Err(Problem::edited_meanwhile(format!("the form is at version {}", before.version)));
    }
    let definition = check(&mut tx, &admin, &input).await?;
    forms::replace(&mut tx, id, &definition).await?;
    let after = find(&mut tx, &admin, id).await?;
    tx.commit().await?;
    Ok(Tagged { version: after.version, body: body(&api, after) })
}
