//! `POST /v1/organizations/{organization_id}/contacts/{contact_id}/opt-in` (rule R2).

use axum::extract::State;
use muster_domain::ids::ContactId;
use muster_storage::people::contacts;
use uuid::Uuid;

use crate::{
    admin::contacts::reach::reachable, auth::AccountAdminHere, document::NoContent, extract::Path, problem::Problem,
    state::Api,
};

/// Undoes an opt-out. Account admins only; else it takes the contact's own word.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/contacts/{contact_id}/opt-in", tag = "contacts")]
pub(crate) async fn opt_in(
    State(api): State<Api>,
    AccountAdminHere(admin): AccountAdminHere,
    Path((_organization, id)): Path<(Uuid, ContactId)>,
) -> Result<NoContent, Problem> {
    let mut tx = api.pool.begin().await?;
    reachable(&mut tx, &admin, id).await?;
    contacts::opt_in(&mut tx, admin.organization_id, id).await?;
    tx.commit().await?;
    Ok(NoContent)
}
