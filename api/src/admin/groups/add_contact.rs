//! `PUT /v1/organizations/{organization_id}/groups/{group_id}/contacts/{contact_id}`
//! (rules A2, A5 and C16).

use axum::extract::State;
use muster_domain::{
    ids::{ContactId, GroupId},
    people::bulk::BulkOutcome,
};
use muster_storage::{
    people::{
        contacts,
        memberships::{self, Joining},
    },
    tenancy::groups,
};
use uuid::Uuid;

use crate::{
    admin::contacts::reach::{as_expected, reachable},
    auth::Admin,
    document::NoContent,
    extract::{IfMatch, Path},
    problem::Problem,
    state::Api,
};

/// Adds a contact to a group; one that is in it stays as it is. By an admin of the organization the
/// group knows all of the contact; by a group admin as much as the admin's other groups.
#[utoipa::path(
    put,
    path = "/v1/organizations/{organization_id}/groups/{group_id}/contacts/{contact_id}",
    tag = "contacts"
)]
pub(crate) async fn add(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, group_id, contact_id)): Path<(Uuid, GroupId, ContactId)>,
    expected: IfMatch,
) -> Result<NoContent, Problem> {
    admin.group(group_id)?;
    groups::get(&api.pool, admin.organization_id, group_id).await?.ok_or_else(|| Problem::no("group"))?;
    let mut tx = api.pool.begin().await?;
    reachable(&mut tx, &admin, contact_id).await?;
    if !contacts::lock_one(&mut tx, admin.organization_id, contact_id).await? {
        return Err(Problem::conflict("the contact is redacted"));
    }
    as_expected(&mut tx, &admin, contact_id, &expected).await?;
    let organization = admin.organization(&mut tx).await?;
    let joining = Joining {
        organization_id: admin.organization_id,
        group_id,
        readers: admin.groups(),
        limit: organization.settings.group_contact_limit,
    };
    let outcomes = memberships::add(&mut tx, joining, &[contact_id]).await?;
    if outcomes.get(&contact_id) == Some(&BulkOutcome::GroupFull) {
        return Err(Problem::group_full("the group has as many contacts as the organization allows"));
    }
    tx.commit().await?;
    Ok(NoContent)
}
