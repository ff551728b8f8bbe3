//! An organization's library of scripts. Archived ones keep their place and are not used.

use chrono::{DateTime, Utc};
use muster_domain::{
    goals::script::{LIBRARY_LIMIT, ScriptKind},
    ids::{MemberId, OrganizationId, ScriptId},
};

use super::{Others, Saved};
use crate::{Db, Page, Result, Tx, db::error::read_word};

/// A script of the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LibraryScript {
    /// The script.
    pub id: ScriptId,
    /// Its use.
    pub kind: ScriptKind,
    /// Its name, unique among scripts of its kind that are not archived.
    pub name: String,
    /// Its text.
    pub script: String,
    /// Bumped by every change; the API's entity tag.
    pub version: i32,
    /// Since when it is archived.
    pub archived_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Scripts that a list has; each member narrows it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Of this kind.
    pub kind: Option<ScriptKind>,
    /// Archived ones, or those that are not.
    pub archived: Option<bool>,
    /// This one alone.
    pub id: Option<ScriptId>,
}

/// Returns a page of an organization's library, by age.
pub async fn page(
    db: impl Into<Db<'_>>,
    organization_id: OrganizationId,
    filter: Filter,
    page: Page<ScriptId>,
) -> Result<Vec<LibraryScript>> {
    let rows = sqlx::query!(
        r#"select id as "id!", kind as "kind!", name as "name!", script as "script!", version as "version!", archived_at,
                  created_at as "created_at!"
           from library_script
           where organization_id = $1 and ($2::uuid is null or id = $2) and ($3::text is null or kind = $3)
             and ($4::boolean is null or (archived_at is not null) = $4) and ($5::uuid is null or id > $5)
           order by id limit $6"#,
        organization_id.0,
        filter.id.map(|id| id.0),
        filter.kind.map(ScriptKind::as_str),
        filter.archived,
        page.after.map(|id| id.0),
        page.limit,
    )
    .fetch_all(&mut *db.into().connection().await?)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(LibraryScript {
                id: ScriptId(row.id),
                kind: read_word("library_script", &row.kind)?,
                name: row.name,
                script: row.script,
                version: row.version,
                archived_at: row.archived_at,
                created_at: row.created_at,
            })
        })
        .collect()
}

/// Returns the response scripts that are in use.
pub async fn responses(tx: &mut Tx, organization_id: OrganizationId) -> Result<Vec<LibraryScript>> {
    let filter = Filter { kind: Some(ScriptKind::Response), archived: Some(false), id: None };
    page(tx, organization_id, filter, Page::first(LIBRARY_LIMIT)).await
}

/// Locks the library, so that saves of it take turns, and returns the script.
pub async fn lock(tx: &mut Tx, organization_id: OrganizationId, id: ScriptId) -> Result<Option<LibraryScript>> {
    lock_all(tx, organization_id).await?;
    Ok(page(tx, organization_id, Filter { id: Some(id), ..Filter::default() }, Page::first(1)).await?.pop())
}

async fn lock_all(tx: &mut Tx, organization_id: OrganizationId) -> Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('library:' || $1::text, 0))",
        organization_id.0.to_string()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Looks at the scripts in use beside one.
async fn others(
    tx: &mut Tx,
    organization_id: OrganizationId,
    id: ScriptId,
    kind: ScriptKind,
    name: &str,
) -> Result<Others> {
    Ok(sqlx::query_as!(
        Others,
        r#"select count(*) as "count!", coalesce(bool_or(kind = $3 and lower(name) = lower($4)), false) as "same_name!"
           from library_script where organization_id = $1 and archived_at is null and id <> $2"#,
        organization_id.0,
        id.0,
        kind.as_str(),
        name,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// A script to be saved.
#[derive(Debug, Clone, Copy)]
pub struct NewScript<'a> {
    /// Its use.
    pub kind: ScriptKind,
    /// Its name.
    pub name: &'a str,
    /// Its text.
    pub script: &'a str,
}

/// Adds a script to the library.
pub async fn create(
    tx: &mut Tx,
    id: ScriptId,
    organization_id: OrganizationId,
    created_by: MemberId,
    new: NewScript<'_>,
) -> Result<Saved> {
    lock_all(tx, organization_id).await?;
    let saved = others(tx, organization_id, id, new.kind, new.name).await?.decide(LIBRARY_LIMIT);
    if saved == Saved::Done {
        sqlx::query!(
            "insert into library_script (id, organization_id, kind, name, script, created_by) values ($1, $2, $3, $4, $5, $6)",
            id.0,
            organization_id.0,
            new.kind.as_str(),
            new.name,
            new.script,
            created_by.0,
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(saved)
}

/// Changes a script of a locked library; its kind stays, and whether it is archived is told.
pub async fn update(
    tx: &mut Tx,
    organization_id: OrganizationId,
    id: ScriptId,
    new: NewScript<'_>,
    archived: bool,
) -> Result<Saved> {
    // An archived one has no part in the names and the number.
    if !archived {
        let saved = others(tx, organization_id, id, new.kind, new.name).await?.decide(LIBRARY_LIMIT);
        if saved != Saved::Done {
            return Ok(saved);
        }
    }
    sqlx::query!(
        "update library_script set name = $3, script = $4, version = version + 1,
             archived_at = case when $5 then coalesce(archived_at, clock_timestamp()) end
         where id = $2 and organization_id = $1",
        organization_id.0,
        id.0,
        new.name,
        new.script,
        archived,
    )
    .execute(tx.conn())
    .await?;
    Ok(Saved::Done)
}
