//! The contacts of a page of a list, by their ids, the youngest first.
//!
//! A list of all contacts goes by the order of all contacts. A list by a number, a group or a tag
//! goes by these, so that a page reads no more than they have: the contacts of one group are often
//! neighbours, and a walk past all others would read a million of them.

use muster_domain::{
    ids::{ContactId, OrganizationId},
    people::filter::ContactFilter,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Page, Result};

/// A list: its organization, the groups of its reader, and its conditions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) organization_id: OrganizationId,
    /// None: the reader sees all.
    pub(super) readers: Option<&'a [Uuid]>,
    pub(super) filter: &'a ContactFilter,
    pub(super) page: Page<ContactId>,
}

/// Returns the ids of a page.
pub(super) async fn ids(connection: &mut PgConnection, wanted: Wanted<'_>) -> Result<Vec<Uuid>> {
    let Wanted { readers, filter, .. } = wanted;
    let conditions = serde_json::to_value(filter)?;
    if let Some(phone) = &filter.phone {
        return by_number(connection, wanted, &conditions, phone).await;
    }
    if let Some(group) = filter.group_id {
        return by_groups(connection, wanted, &conditions, &[group.0]).await;
    }
    match (readers, &filter.tag) {
        (Some(readers), _) => by_groups(connection, wanted, &conditions, readers).await,
        (None, Some(tag)) => by_tag(connection, wanted, &conditions, tag).await,
        (None, None) if filter.name.is_some() => by_name(connection, wanted, &conditions).await,
        (None, None) => of_all(connection, wanted, &conditions).await,
    }
}

async fn by_number(
    connection: &mut PgConnection,
    wanted: Wanted<'_>,
    conditions: &serde_json::Value,
    phone: &str,
) -> Result<Vec<Uuid>> {
    let found = sqlx::query_scalar!(
        r#"select id as "id!" from contact n
           where n.organization_id = $1 and n.e164 = $2 and ($5::uuid is null or n.id < $5)
             and exists (select from matching_contacts($1, $3, $4) c where c.id = n.id offset 0)"#,
        wanted.organization_id.0,
        phone,
        wanted.readers,
        conditions,
        wanted.page.after.map(|id| id.0),
    )
    .fetch_all(connection)
    .await?;
    Ok(found)
}

/// Each group's own page, put together.
async fn by_groups(
    connection: &mut PgConnection,
    wanted: Wanted<'_>,
    conditions: &serde_json::Value,
    groups: &[Uuid],
) -> Result<Vec<Uuid>> {
    let found = sqlx::query_scalar!(
        r#"select distinct contact_id as "id!" from unnest($2::uuid[]) g (id) cross join lateral (
               select m.contact_id from membership m
               where m.group_id = g.id and ($5::uuid is null or m.contact_id < $5)
                 and exists (select from matching_contacts($1, $3, $4) c where c.id = m.contact_id offset 0)
               order by m.contact_id desc limit $6
           ) found order by 1 desc limit $6"#,
        wanted.organization_id.0,
        groups,
        wanted.readers,
        conditions,
        wanted.page.after.map(|id| id.0),
        wanted.page.limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(found)
}

async fn by_tag(
    connection: &mut PgConnection,
    wanted: Wanted<'_>,
    conditions: &serde_json::Value,
    tag: &str,
) -> Result<Vec<Uuid>> {
    let found = sqlx::query_scalar!(
        r#"select ct.contact_id as "id!" from contact_tag ct
           where ct.tag_id = (select t.id from tag t where t.organization_id = $1 and t.name = $2)
             and ($4::uuid is null or ct.contact_id < $4)
             and exists (select from matching_contacts($1, null, $3) c where c.id = ct.contact_id offset 0)
           order by ct.contact_id desc limit $5"#,
        wanted.organization_id.0,
        tag,
        conditions,
        wanted.page.after.map(|id| id.0),
        wanted.page.limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(found)
}

/// All that have a name. The statement is planned with its values each time: a walk by age finds a
/// name that many have soon, and one that few have is looked for in all contacts, at once by
/// several processes of the database.
async fn by_name(
    connection: &mut PgConnection,
    wanted: Wanted<'_>,
    conditions: &serde_json::Value,
) -> Result<Vec<Uuid>> {
    let name = wanted.filter.name.as_deref().unwrap_or_default();
    let found = sqlx::query_scalar(
        "select c.id from matching_contacts($1, null, $2) c
         where ($3::uuid is null or c.id < $3) and lower(c.first_name || ' ' || c.last_name) like lower($4)
         order by c.id desc limit $5",
    )
    .bind(wanted.organization_id.0)
    .bind(conditions)
    .bind(wanted.page.after.map(|id| id.0))
    .bind(format!("%{}%", literal(name)))
    .bind(wanted.page.limit)
    .persistent(false)
    .fetch_all(connection)
    .await?;
    Ok(found)
}

/// Returns a text as a part of a pattern of SQL, in which each character stands for itself.
fn literal(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

async fn of_all(
    connection: &mut PgConnection,
    wanted: Wanted<'_>,
    conditions: &serde_json::Value,
) -> Result<Vec<Uuid>> {
    let found = sqlx::query_scalar!(
        r#"select c.id as "id!" from matching_contacts($1, null, $2) c
           where $3::uuid is null or c.id < $3 order by c.id desc limit $4"#,
        wanted.organization_id.0,
        conditions,
        wanted.page.after.map(|id| id.0),
        wanted.page.limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(found)
}
