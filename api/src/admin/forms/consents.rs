//! `GET /v1/organizations/{organization_id}/contacts/{contact_id}/consents`: the consents that a
//! contact gave by forms (rule C13).

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::ids::{ContactId, FormId};
use muster_storage::people::sign_ups;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{admin::contacts::reach::reachable, auth::Admin, extract::Path, problem::Problem, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct ConsentBody {
    #[schema(value_type = uuid::Uuid)]
    form_id: FormId,
    /// The words that the person saw and agreed to.
    consent_text: String,
    at: DateTime<Utc>,
}

/// Lists the latest 100 consents that a contact gave by forms, the latest first; for a group admin
/// those of their groups' forms.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/contacts/{contact_id}/consents", tag = "forms")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ContactId)>,
) -> Result<Answer<Vec<ConsentBody>>, Problem> {
    let mut tx = api.pool.begin().await?;
    reachable(&mut tx, &admin, id).await?;
    let found = sign_ups::consents(&mut tx, admin.groups(), id).await?;
    let body =
        |one: sign_ups::Consent| ConsentBody { form_id: one.form_id, consent_text: one.consent_text, at: one.at };
    Ok(Answer(found.into_iter().map(body).collect()))
}
