//! `/v1/organizations/{organization_id}/contacts/{contact_id}`: read, opt out and in (rule R2).

use axum::{Json as Answer, extract::State};
use muster_domain::{ids::ContactId, tenancy::role::Role};
use muster_storage::{Tx, people::contacts, sending::Concerned};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    admin::contacts::list::{ContactBody, body},
    auth::Admin,
    bounds,
    document::NoContent,
    extract::{Json, Path},
    problem::Problem,
    state::Api,
};

/// Reads a contact; for a group admin as their groups know it.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/contacts/{contact_id}", tag = "contacts")]
pub(crate) async fn get(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ContactId)>,
) -> Result<Answer<ContactBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    reachable(&mut tx, &admin, id).await?;
    let found = contacts::page(&mut tx, admin.organization_id, admin.groups(), None, Some(id), None, 1).await?.pop();
    Ok(Answer(body(found.ok_or_else(|| Problem::no("contact"))?, &admin)))
}

/// A group admin reaches the contacts of their groups.
pub(crate) async fn reachable(tx: &mut Tx, admin: &Admin, id: ContactId) -> Result<(), Problem> {
    let groups = contacts::groups_of(tx, admin.organization_id, id).await?.ok_or_else(|| Problem::no("contact"))?;
    if admin.at_least(Role::OrganizationAdmin).is_ok() || groups.into_iter().any(|group| admin.group(group).is_ok()) {
        Ok(())
    } else {
        Err(Problem::no("contact"))
    }
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OptOut {
    /// How it is known; no personal data.
    #[schema(value_type = bounds::Reason)]
    reason: String,
}

/// Records an opt-out, organization-wide and at once, also for queued texts.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/contacts/{contact_id}/opt-out", tag = "contacts")]
pub(crate) async fn opt_out(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ContactId)>,
    Json(why): Json<OptOut>,
) -> Result<NoContent, Problem> {
    let reason = bounds::Reason::read("reason", &why.reason)?;
    let mut tx = api.pool.begin().await?;
    reachable(&mut tx, &admin, id).await?;
    contacts::opt_out(&mut tx, admin.organization_id, id, reason).await?;
    tx.commit().await?;
    api.until_it_holds(Concerned::Contacts(&[id])).await;
    Ok(NoContent)
}

/// Undoes an opt-out. Account admins only; else it takes the contact's own word.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/contacts/{contact_id}/opt-in", tag = "contacts")]
pub(crate) async fn opt_in(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ContactId)>,
) -> Result<NoContent, Problem> {
    let mut tx = api.pool.begin().await?;
    reachable(&mut tx, &admin, id).await?;
    admin.at_least(Role::AccountAdmin)?;
    contacts::opt_in(&mut tx, admin.organization_id, id).await?;
    tx.commit().await?;
    Ok(NoContent)
}
