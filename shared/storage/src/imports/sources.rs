//! Sources of contacts files: the definition of a file that comes again, the place to fetch it
//! from, and the validators of the last fetch.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use muster_domain::ids::{GroupId, ImportId, ImportSourceId, MemberId, OrganizationId};

use crate::{Page, Pool, Result, Tx};

/// An admin's definition of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The group that its contacts join.
    pub group_id: GroupId,
    /// Its name; unique in the organization.
    pub name: String,
    /// Where its file can be fetched; none for uploads alone.
    pub url: Option<String>,
    /// The mapping of headers to fields.
    pub mapping: BTreeMap<String, String>,
    /// Tags for every contact.
    pub tags: Vec<String>,
    /// The consent that the contacts gave.
    pub consent_text: Option<String>,
}

/// A source.
#[derive(Debug, Clone)]
pub struct Source {
    /// The source.
    pub id: ImportSourceId,
    /// Its tenant.
    pub organization_id: OrganizationId,
    /// An admin's definition of it.
    pub definition: Definition,
    /// Its author; imports of fetched files are theirs.
    pub created_by: MemberId,
    /// The entity tag, or the object store's version, of the file that was imported last.
    pub etag: Option<String>,
    /// Its time of modification, as the server wrote it.
    pub last_modified: Option<String>,
    /// The SHA-256 of the file that was imported last.
    pub sha256: Option<Vec<u8>>,
    /// When it was looked at.
    pub checked_at: Option<DateTime<Utc>>,
    /// Why it could not be fetched.
    pub failure: Option<String>,
    /// Its last import.
    pub last_import_id: Option<ImportId>,
    /// When it is fetched by itself: cron expression and zone.
    pub schedule: Option<(String, String)>,
}

/// Returns the name of the schedule that fetches a source.
pub fn schedule_name(id: ImportSourceId) -> String {
    format!("import-source/{id}")
}

/// Records a source; false when another has the name. That is no error of the database, which would
/// write the name into its log (rule R5).
pub async fn create(
    tx: &mut Tx,
    id: ImportSourceId,
    organization_id: OrganizationId,
    by: MemberId,
    new: &Definition,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into import_source (id, organization_id, group_id, name, url, mapping, tags, consent_text, created_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (organization_id, name) do nothing",
        id.0,
        organization_id.0,
        new.group_id.0,
        new.name,
        new.url,
        serde_json::to_value(&new.mapping)?,
        &new.tags,
        new.consent_text,
        by.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Outcome of replacing a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced {
    /// It holds.
    Done,
    /// There is no such source.
    NoSource,
    /// Another source of the organization has the name.
    NameTaken,
}

/// Replaces a source's definition, so that the same file is imported once more. Writers of names of
/// one organization's sources wait for one another here, and for no one that only reads them.
pub async fn replace(
    tx: &mut Tx,
    organization_id: OrganizationId,
    id: ImportSourceId,
    new: &Definition,
) -> Result<Replaced> {
    sqlx::query!("lock table import_source in share row exclusive mode").execute(tx.conn()).await?;
    let taken = sqlx::query_scalar!(
        r#"select exists (select from import_source where organization_id = $1 and name = $2 and id <> $3) as "taken!""#,
        organization_id.0,
        new.name,
        id.0,
    )
    .fetch_one(tx.conn())
    .await?;
    if taken {
        return Ok(Replaced::NameTaken);
    }
    let done = sqlx::query!(
        "update import_source
         set group_id = $3, name = $4, url = $5, mapping = $6, tags = $7, consent_text = $8, failure = null,
             etag = null, last_modified = null, sha256 = null
         where id = $1 and organization_id = $2",
        id.0,
        organization_id.0,
        new.group_id.0,
        new.name,
        new.url,
        serde_json::to_value(&new.mapping)?,
        &new.tags,
        new.consent_text,
    )
    .execute(tx.conn())
    .await?;
    Ok(if done.rows_affected() == 1 { Replaced::Done } else { Replaced::NoSource })
}

/// Deletes a source; its imports stay. False when there is none.
pub async fn delete(tx: &mut Tx, organization_id: OrganizationId, id: ImportSourceId) -> Result<bool> {
    let done =
        sqlx::query!("delete from import_source where id = $1 and organization_id = $2", id.0, organization_id.0)
            .execute(tx.conn())
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Sources that a list has.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// This one alone.
    pub id: Option<ImportSourceId>,
}

/// Returns a page of an organization's sources, by age.
pub async fn page(
    pool: &Pool,
    organization_id: OrganizationId,
    filter: &Filter,
    page: Page<ImportSourceId>,
) -> Result<Vec<Source>> {
    let rows = sqlx::query!(
        r#"select s.*, r.cron as "cron?", r.zone as "zone?"
           from import_source s left join schedule r on r.name = 'import-source/' || s.id and r.retired_at is null
           where s.organization_id = $1 and ($2::uuid is null or s.id = $2) and ($3::uuid is null or s.id > $3)
           order by s.id limit $4"#,
        organization_id.0,
        filter.id.map(|id| id.0),
        page.after.map(|id| id.0),
        page.limit,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Source {
                id: ImportSourceId(row.id),
                organization_id,
                definition: Definition {
                    group_id: GroupId(row.group_id),
                    name: row.name,
                    url: row.url,
                    mapping: serde_json::from_value(row.mapping)?,
                    tags: row.tags,
                    consent_text: row.consent_text,
                },
                created_by: MemberId(row.created_by),
                etag: row.etag,
                last_modified: row.last_modified,
                sha256: row.sha256,
                checked_at: row.checked_at,
                failure: row.failure,
                last_import_id: row.last_import_id.map(ImportId),
                schedule: row.cron.zip(row.zone),
            })
        })
        .collect()
}

/// Returns a source of this organization.
pub async fn get(pool: &Pool, organization_id: OrganizationId, id: ImportSourceId) -> Result<Option<Source>> {
    Ok(page(pool, organization_id, &Filter { id: Some(id) }, Page::first(1)).await?.pop())
}

/// Records that a source was looked at and could not be fetched, or had nothing new.
pub async fn looked_at(tx: &mut Tx, id: ImportSourceId, failure: Option<&str>) -> Result<()> {
    sqlx::query!("update import_source set checked_at = now(), failure = $2 where id = $1", id.0, failure)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Validators of a fetched file.
#[derive(Debug, Clone)]
pub struct Fetched<'a> {
    /// Its entity tag or version.
    pub etag: Option<&'a str>,
    /// Its time of modification.
    pub last_modified: Option<&'a str>,
    /// Its SHA-256.
    pub sha256: &'a [u8],
}

/// Records the validators of a fetch; `import` is made of it if it had changed. False when the
/// source is gone, or was changed while the file was fetched, so that nothing may be made of it.
pub async fn fetched(tx: &mut Tx, source: &Source, seen: &Fetched<'_>, import: Option<ImportId>) -> Result<bool> {
    let done = sqlx::query!(
        "update import_source
         set etag = $2, last_modified = $3, sha256 = $4, last_import_id = coalesce($5, last_import_id), checked_at = now(), failure = null
         where id = $1 and url is not distinct from $6 and mapping = $7 and sha256 is not distinct from $8",
        source.id.0,
        seen.etag,
        seen.last_modified,
        seen.sha256,
        import.map(|id| id.0),
        source.definition.url,
        serde_json::to_value(&source.definition.mapping)?,
        source.sha256,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}
