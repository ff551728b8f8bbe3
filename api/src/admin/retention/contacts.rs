//! `GET /v1/organizations/{organization_id}/retention/contacts`: the people of a preview.

use axum::{Json as Answer, extract::State};
use muster_domain::{ids::ContactId, trust::retention::RetentionStep};
use muster_storage::trust::retention::{self, Leaving};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::AccountAdminHere,
    list::{Item, ListQuery, Listed},
    problem::Problem,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct LeavingContact {
    #[schema(value_type = uuid::Uuid)]
    id: ContactId,
    first_name: String,
    last_name: String,
}

impl Item for LeavingContact {
    type Id = ContactId;

    const PAGE: &'static str = "LeavingContactPage";
}

/// Lists the contacts that retention would redact if it ran now, the oldest first. For account
/// admins.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/retention/contacts", tag = "privacy")]
pub(crate) async fn list(
    State(api): State<Api>,
    AccountAdminHere(admin): AccountAdminHere,
    query: ListQuery,
) -> Result<Answer<Listed<LeavingContact>>, Problem> {
    let mut tx = api.pool.begin().await?;
    let settings = admin.organization(&mut tx).await?.settings;
    let cutoff = RetentionStep::Contacts.cutoff(&settings, tx.clock().await?);
    tx.rollback().await?;
    let page = query.page(ContactId);
    let found = match cutoff {
        Some(cutoff) => retention::contacts(&api.pool, admin.organization_id, cutoff, page).await?,
        None => Vec::new(),
    };
    let body = |Leaving { id, first_name, last_name }| LeavingContact { id, first_name, last_name };
    Ok(Listed::answer(&page, found, |contact| contact.id, body))
}
