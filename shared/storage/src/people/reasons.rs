//! Reasons of opt-outs and skips (rule W8): tags that admins have marked as such. Naming one gives
//! the contact the tag, so that it is seen by all that may see the contact.

use muster_domain::ids::{ContactId, GoalId, GroupId, OrganizationId, TagId};

use crate::{
    Db, Result, Tx,
    people::edit::{self, Hearers},
};

/// A tag that agents may name as a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The tag.
    pub id: TagId,
    /// Its name.
    pub name: String,
}

/// Returns the reasons that agents of an organization may name, in the order of their names.
pub async fn list(db: impl Into<Db<'_>>, organization_id: OrganizationId) -> Result<Vec<Reason>> {
    let rows = sqlx::query!(
        "select id, name from tag where organization_id = $1 and reason and not locked and merged_into is null order by name limit 500",
        organization_id.0,
    )
    .fetch_all(&mut *db.into().connection().await?)
    .await?;
    Ok(rows.into_iter().map(|row| Reason { id: TagId(row.id), name: row.name }).collect())
}

/// Returns a reason that agents of this organization may name of a contact. The contact is locked,
/// because others lock contacts before conversations, batches and memberships; the reason is not
/// deleted meanwhile.
pub async fn find(
    tx: &mut Tx,
    organization_id: OrganizationId,
    contact_id: ContactId,
    id: TagId,
) -> Result<Option<Reason>> {
    sqlx::query!(
        "select from contact where id = $1 and organization_id = $2 for no key update",
        contact_id.0,
        organization_id.0,
    )
    .execute(tx.conn())
    .await?;
    let row = sqlx::query!(
        "select id, name from tag
         where id = $1 and organization_id = $2 and reason and not locked and merged_into is null for key share",
        id.0,
        organization_id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Reason { id: TagId(row.id), name: row.name }))
}

/// Gives a contact the tag of a reason; returns whether it is new to the hearers.
pub async fn give(
    tx: &mut Tx,
    organization_id: OrganizationId,
    hearers: Hearers<'_>,
    contact_id: ContactId,
    reason: &Reason,
) -> Result<bool> {
    Ok(!edit::add_tag(tx, organization_id, hearers, &[contact_id], reason.id.0).await?.is_empty())
}

/// The same, told to a goal's group.
pub async fn give_in_goal(
    tx: &mut Tx,
    organization_id: OrganizationId,
    goal_id: GoalId,
    contact_id: ContactId,
    reason: &Reason,
) -> Result<bool> {
    let group = sqlx::query_scalar!("select group_id from goal where id = $1", goal_id.0).fetch_one(tx.conn()).await?;
    give(tx, organization_id, Hearers::of(Some(&[GroupId(group)])), contact_id, reason).await
}
