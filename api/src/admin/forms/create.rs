//! `POST /v1/organizations/{organization_id}/forms` (rule C16).

use axum::extract::State;
use muster_domain::ids::FormId;
use muster_service::secret;
use muster_storage::people::forms;

use crate::{
    admin::forms::input::{FormInput, check},
    auth::Admin,
    document::{Created, Made, Once},
    extract::Json,
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

/// Makes a form by which people sign up themselves for a group.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/forms", tag = "forms")]
pub(crate) async fn create(
    State(api): State<Api>,
    admin: Admin,
    keyed: Keyed,
    Json(body): Json<FormInput>,
) -> Result<Once<Created<Made>>, Problem> {
    keyed
        .run(&api, admin.member.id, &body, async |tx| {
            let definition = check(tx, &admin, &body).await?;
            let (id, key) = (FormId::new(), secret::page_key());
            forms::create(tx, id, admin.organization_id, admin.member.id, &key, &definition).await?;
            Ok(Created(Made { id: id.0 }))
        })
        .await
}
