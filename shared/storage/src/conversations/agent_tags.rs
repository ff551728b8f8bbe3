//! Tags and fields that agents may set (rules W8 and W9): those that no admin has locked.

use muster_domain::ids::{GroupId, OrganizationId};
use uuid::Uuid;

use crate::{Pool, Result, Tx};

/// A tag as agents see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentTag {
    /// The tag.
    pub id: Uuid,
    /// Its name.
    pub name: String,
}

/// Tags that one list of an agent has, at most.
const LISTED_TAGS: i64 = 500;

/// Returns the tags that an agent may set in these groups, by name: those that contacts of the
/// groups have to the groups' knowledge (rule A5), and all reasons.
pub async fn list(pool: &Pool, organization_id: OrganizationId, groups: &[GroupId]) -> Result<Vec<AgentTag>> {
    Ok(sqlx::query_as!(
        AgentTag,
        "select t.id, t.name from tag t
         where t.organization_id = $1 and not t.locked and t.merged_into is null and (t.reason or exists (
             select from contact_tag ct join membership m on m.contact_id = ct.contact_id
             where ct.tag_id = t.id and m.group_id = any($2) and (m.knows is null or m.knows -> 'tags' ? ct.tag_id::text)))
         order by t.name, t.id limit $3",
        organization_id.0,
        &groups.iter().map(|id| id.0).collect::<Vec<_>>(),
        LISTED_TAGS,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?)
}

/// Returns a tag that an agent may set in these groups, as [`list`] does. It is locked against its
/// end.
pub async fn find(
    tx: &mut Tx,
    organization_id: OrganizationId,
    groups: &[GroupId],
    id: Uuid,
) -> Result<Option<AgentTag>> {
    Ok(sqlx::query_as!(
        AgentTag,
        "select t.id, t.name from tag t
         where t.id = $3 and t.organization_id = $1 and not t.locked and t.merged_into is null and (t.reason or exists (
             select from contact_tag ct join membership m on m.contact_id = ct.contact_id
             where ct.tag_id = t.id and m.group_id = any($2) and (m.knows is null or m.knows -> 'tags' ? ct.tag_id::text)))
         for key share of t",
        organization_id.0,
        &groups.iter().map(|id| id.0).collect::<Vec<_>>(),
        id,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Returns those of these custom fields that the organization has and that no admin has locked.
pub async fn free_fields(tx: &mut Tx, organization_id: OrganizationId, names: &[String]) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "select name from custom_field where organization_id = $1 and name = any($2) and not locked and switched_at is null",
        organization_id.0,
        names,
    )
    .fetch_all(tx.conn())
    .await?)
}
