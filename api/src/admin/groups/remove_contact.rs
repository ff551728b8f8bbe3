//! `DELETE /v1/organizations/{organization_id}/groups/{group_id}/contacts/{contact_id}`
//! (rules C16, W4 and S9).

use axum::extract::State;
use muster_domain::{
    ids::{ContactId, GroupId},
    people::bulk::BulkOutcome,
};
use muster_storage::{
    people::{contacts, memberships},
    sending::Concerned,
    tenancy::groups,
};
use uuid::Uuid;

use crate::{
    admin::contacts::reach::as_expected,
    auth::Admin,
    document::NoContent,
    extract::{IfMatch, Path},
    problem::Problem,
    state::Api,
};

/// Takes a contact out of a group, at once: out of the batches in hand, and out of the agent's
/// hands; texts that wait are cancelled. History and figures stay. A contact that comes back is a
/// target of later goals only.
#[utoipa::path(
    delete,
    path = "/v1/organizations/{organization_id}/groups/{group_id}/contacts/{contact_id}",
    tag = "contacts"
)]
pub(crate) async fn remove(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, group_id, contact_id)): Path<(Uuid, GroupId, ContactId)>,
    expected: IfMatch,
) -> Result<NoContent, Problem> {
    admin.group(group_id)?;
    groups::get(&api.pool, admin.organization_id, group_id).await?.ok_or_else(|| Problem::no("group"))?;
    let mut tx = api.pool.begin().await?;
    memberships::lock_goals(&mut tx, group_id).await?;
    if expected.is_sent() {
        contacts::lock_one(&mut tx, admin.organization_id, contact_id).await?;
        as_expected(&mut tx, &admin, contact_id, &expected).await?;
    }
    let outcomes = memberships::remove(&mut tx, admin.organization_id, group_id, &[contact_id]).await?;
    if outcomes.get(&contact_id) != Some(&BulkOutcome::Changed) {
        return Err(Problem::no("contact in this group"));
    }
    tx.commit().await?;
    api.until_it_holds(Concerned::Contacts(&[contact_id])).await;
    Ok(NoContent)
}
