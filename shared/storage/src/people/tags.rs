//! Tags of an organization's contacts (rules C8, C16, T1 and W8): the records. `people::edit` gives
//! them to contacts.
//!
//! A tag that was renamed or merged leaves its former name behind as a row of its own that points
//! to it, so that files that go on writing that name give the tag.

use chrono::{DateTime, Utc};
use muster_domain::ids::{GroupId, OrganizationId, TagId};

use crate::{Db, Page, Result, Tx};

/// Contacts of a tag or a field are counted to here, so that a count has a bounded cost.
pub const COUNT_LIMIT: i64 = 10_000;

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// The tag.
    pub id: TagId,
    /// Its name, unique in the organization.
    pub name: String,
    /// Files and agents do not give it.
    pub locked: bool,
    /// Agents may name it as the reason of an opt-out or a skip (rule W8).
    pub reason: bool,
    /// Since when it is known.
    pub created_at: DateTime<Utc>,
    /// Counts its edits.
    pub version: i32,
}

/// Tags that a list has; each member narrows it.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// This one alone.
    pub id: Option<TagId>,
    /// Reasons, or others.
    pub reason: Option<bool>,
    /// Tags with these words in their name, in any case.
    pub search: Option<String>,
}

/// Returns a page of an organization's tags, by age. With a reader's groups, the tags that contacts
/// of those groups have, as far as the groups know (rule A5), and all reasons.
pub async fn page(
    db: impl Into<Db<'_>>,
    organization_id: OrganizationId,
    readers: Option<&[GroupId]>,
    filter: &Filter,
    page: Page<TagId>,
) -> Result<Vec<Tag>> {
    let readers: Option<Vec<_>> = readers.map(|groups| groups.iter().map(|id| id.0).collect());
    let rows = sqlx::query!(
        r#"select t.id, t.name, t.locked, t.reason, t.created_at, t.version
           from tag t
           where t.organization_id = $1 and t.merged_into is null
             and ($2::uuid is null or t.id = $2)
             and ($3::uuid is null or t.id > $3)
             and ($5::bool is null or t.reason = $5)
             and ($6::text is null or strpos(lower(t.name), lower($6)) > 0)
             and ($7::uuid[] is null or t.reason or t.id in (
                 select ct.tag_id from membership m join contact_tag ct on ct.contact_id = m.contact_id
                 where m.group_id = any($7) and (m.knows is null or m.knows -> 'tags' ? ct.tag_id::text)))
           order by t.id limit $4"#,
        organization_id.0,
        filter.id.map(|id| id.0),
        page.after.map(|id| id.0),
        page.limit,
        filter.reason,
        filter.search,
        readers.as_deref(),
    )
    .fetch_all(&mut *db.into().connection().await?)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Tag {
            id: TagId(row.id),
            name: row.name,
            locked: row.locked,
            reason: row.reason,
            created_at: row.created_at,
            version: row.version,
        })
        .collect())
}

/// Returns a tag of this organization, for its reader as [`page`] does.
pub async fn get(
    db: impl Into<Db<'_>>,
    organization_id: OrganizationId,
    readers: Option<&[GroupId]>,
    id: TagId,
) -> Result<Option<Tag>> {
    let filter = Filter { id: Some(id), ..Filter::default() };
    Ok(page(db, organization_id, readers, &filter, Page::first(1)).await?.pop())
}

/// Returns how many contacts have a tag, at most [`COUNT_LIMIT`] of them; with a reader's groups,
/// how many of those groups have it to their knowledge.
pub async fn count(tx: &mut Tx, readers: Option<&[GroupId]>, id: TagId) -> Result<i64> {
    let Some(readers) = readers else {
        return Ok(sqlx::query_scalar!(
            r#"select count(*) as "contacts!" from (select from contact_tag where tag_id = $1 limit $2) c"#,
            id.0,
            COUNT_LIMIT,
        )
        .fetch_one(tx.conn())
        .await?);
    };
    let readers: Vec<_> = readers.iter().map(|id| id.0).collect();
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "contacts!" from (
               select distinct m.contact_id from membership m
               join contact_tag ct on ct.contact_id = m.contact_id and ct.tag_id = $1
               where m.group_id = any($2) and (m.knows is null or m.knows -> 'tags' ? ct.tag_id::text)
               limit $3) c"#,
        id.0,
        &readers,
        COUNT_LIMIT,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Values of a tag that an admin sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTag<'a> {
    /// Its name.
    pub name: &'a str,
    /// Files and agents do not give it.
    pub locked: bool,
    /// Agents may name it as a reason.
    pub reason: bool,
}

/// Records a tag; false when another has the name. A former name of another tag becomes a name of
/// its own again.
pub async fn create(tx: &mut Tx, id: TagId, organization_id: OrganizationId, new: &NewTag<'_>) -> Result<bool> {
    free_name(tx, organization_id, new.name).await?;
    let made = sqlx::query!(
        "insert into tag (id, organization_id, name, locked, reason) values ($1, $2, $3, $4, $5)
         on conflict (organization_id, name) do nothing",
        id.0,
        organization_id.0,
        new.name,
        new.locked,
        new.reason,
    )
    .execute(tx.conn())
    .await?;
    Ok(made.rows_affected() == 1)
}

/// Forgets that a name was another tag's, unless contacts are still moved from it.
async fn free_name(tx: &mut Tx, organization_id: OrganizationId, name: &str) -> Result<()> {
    sqlx::query!(
        "delete from tag t where t.organization_id = $1 and t.name = $2 and t.merged_into is not null
           and not exists (select from name_merge m where m.from_id = t.id and m.finished_at is null)",
        organization_id.0,
        name,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Locks a tag until the end of the transaction and returns it.
pub async fn lock(tx: &mut Tx, organization_id: OrganizationId, id: TagId) -> Result<Option<Tag>> {
    sqlx::query!("select from tag where id = $1 and organization_id = $2 for update", id.0, organization_id.0)
        .execute(tx.conn())
        .await?;
    get(tx, organization_id, None, id).await
}

/// Writes a locked tag's new values; false when another tag has the name. The goals and sources
/// that name it follow, and its former name goes on giving it in files.
pub async fn update(tx: &mut Tx, organization_id: OrganizationId, before: &Tag, new: &NewTag<'_>) -> Result<bool> {
    if new.name != before.name {
        free_name(tx, organization_id, new.name).await?;
        // The new name is taken by a row that nobody sees yet, so that no error of the database
        // would tell the name to its log (rule R5).
        let taken = sqlx::query!(
            "insert into tag (organization_id, name, merged_into) values ($1, $2, $3) on conflict (organization_id, name) do nothing",
            organization_id.0,
            new.name,
            before.id.0,
        )
        .execute(tx.conn())
        .await?;
        if taken.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query!("delete from tag where organization_id = $1 and name = $2", organization_id.0, new.name)
            .execute(tx.conn())
            .await?;
    }
    sqlx::query!(
        "update tag set name = $2, locked = $3, reason = $4, version = version + 1 where id = $1",
        before.id.0,
        new.name,
        new.locked,
        new.reason,
    )
    .execute(tx.conn())
    .await?;
    if new.name != before.name {
        sqlx::query!(
            "insert into tag (organization_id, name, merged_into) values ($1, $2, $3) on conflict (organization_id, name) do nothing",
            organization_id.0,
            before.name,
            before.id.0,
        )
        .execute(tx.conn())
        .await?;
        follow(tx, organization_id, &before.name, new.name).await?;
    }
    Ok(true)
}

/// Puts another tag's name where goals and sources of imports name this one.
pub(super) async fn follow(tx: &mut Tx, organization_id: OrganizationId, from: &str, into: &str) -> Result<()> {
    sqlx::query!(
        "update goal set targeting = with_tag(targeting, $2, $3), version = version + 1
         where organization_id = $1 and with_tag(targeting, $2, $3) <> targeting",
        organization_id.0,
        from,
        into,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update import_source set tags = array_replace(tags, $2::text, $3::text) where organization_id = $1 and $2 = any(tags)",
        organization_id.0,
        from,
        into,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Why a tag or a field cannot be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// It is gone.
    Done,
    /// Contacts have it.
    OfContacts,
    /// Goals, sources or forms name it.
    Named,
    /// Imports are under way, which may give it.
    Imports,
    /// Contacts are being moved from it or to it.
    Merging,
}

/// Deletes a locked tag that nothing refers to.
pub async fn delete(tx: &mut Tx, organization_id: OrganizationId, tag: &Tag) -> Result<Deleted> {
    let used = sqlx::query!(
        r#"select exists (select from contact_tag where tag_id = $1) as "contacts!",
                  exists (select from goal where organization_id = $2 and with_tag(targeting, $3, '') <> targeting)
                  or exists (select from import_source where organization_id = $2 and $3 = any(tags))
                  or exists (select from form where organization_id = $2 and $1 = any(tag_ids)) as "named!",
                  exists (select from import where organization_id = $2 and state in ('waiting', 'running')) as "imports!",
                  exists (select from name_merge where finished_at is null and $1 in (from_id, into_id)) as "merging!""#,
        tag.id.0,
        organization_id.0,
        tag.name,
    )
    .fetch_one(tx.conn())
    .await?;
    if used.merging {
        return Ok(Deleted::Merging);
    }
    if used.contacts {
        return Ok(Deleted::OfContacts);
    }
    if used.named {
        return Ok(Deleted::Named);
    }
    if used.imports {
        return Ok(Deleted::Imports);
    }
    sqlx::query!("delete from tag where id = $1 or merged_into = $1", tag.id.0).execute(tx.conn()).await?;
    Ok(Deleted::Done)
}

/// Notes which of an import's tags are locked, for its report; they are left out (rule C8).
pub async fn locked_of(tx: &mut Tx, organization_id: OrganizationId, names: &[String]) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select name as "name!" from tag t
           where t.organization_id = $1 and t.name = any($2)
             and not exists (select from given_tag g where g.organization_id = $1 and g.name = t.name)
           order by name"#,
        organization_id.0,
        names,
    )
    .fetch_all(tx.conn())
    .await?)
}
