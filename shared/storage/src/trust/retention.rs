//! Retention (rule R7): runs of an organization, their records, and their reports.
//!
//! A run freezes the set of a step's records once and takes it in slices. A slice's effects, its
//! counts and its end in the set commit together, under a lock of the run, so that a worker that
//! dies or two that run do each record once. Records that have been in touch, or of which something
//! is under way by then, are left alone.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{ContactId, ImportId, OrganizationId, RetentionRunId},
    trust::retention::{RetentionCounts, RetentionStep},
};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use crate::{
    Db, Page, Pool, Result, Tx,
    db::error::read_word,
    trust::treatment::{Statement, Treatment},
};

/// A run.
#[derive(Debug, Clone)]
pub struct Run {
    /// The run.
    pub id: RetentionRunId,
    /// The step that it is at.
    pub step: RetentionStep,
    /// Whether the set of the step is frozen.
    pub frozen: bool,
    /// Records that left, by step.
    pub counts: RetentionCounts,
    /// Records that were left alone.
    pub left_alone: i64,
    /// When it began.
    pub began_at: DateTime<Utc>,
    /// When it was over.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Returns a page of an organization's runs, the youngest first.
pub async fn runs(
    db: impl Into<Db<'_>>,
    organization_id: OrganizationId,
    page: Page<RetentionRunId>,
) -> Result<Vec<Run>> {
    let rows = sqlx::query!(
        "select id, step, frozen_at, counts, left_alone, began_at, finished_at from retention_run
         where organization_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3",
        organization_id.0,
        page.after.map(|id| id.0),
        page.limit,
    )
    .fetch_all(&mut *db.into().connection().await?)
    .await?;
    rows.into_iter()
        .map(|row| {
            let counts: BTreeMap<String, i64> = serde_json::from_value(row.counts)?;
            let read = |(step, count): (String, i64)| -> Result<(RetentionStep, i64)> {
                Ok((read_word("retention_run", &step)?, count))
            };
            Ok(Run {
                id: RetentionRunId(row.id),
                step: read_word("retention_run", &row.step)?,
                frozen: row.frozen_at.is_some(),
                counts: counts.into_iter().map(read).collect::<Result<_>>()?,
                left_alone: row.left_alone,
                began_at: row.began_at,
                finished_at: row.finished_at,
            })
        })
        .collect()
}

/// Locks the run of an organization that is not over, and returns it; none where there is none.
pub async fn lock_open(tx: &mut Tx, organization_id: OrganizationId) -> Result<Option<Run>> {
    let open = sqlx::query_scalar!(
        "select id from retention_run where organization_id = $1 and finished_at is null for no key update",
        organization_id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(id) = open else { return Ok(None) };
    Ok(runs(tx, organization_id, Page::first(1)).await?.pop().filter(|run| run.id.0 == id))
}

/// Begins a run, unless one is not over.
pub async fn begin(tx: &mut Tx, organization_id: OrganizationId) -> Result<()> {
    sqlx::query!(
        "insert into retention_run (id, organization_id) values ($1, $2) on conflict (organization_id) where finished_at is null do nothing",
        RetentionRunId::new().0,
        organization_id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Goes on to the next step of a locked run.
pub async fn step_on(tx: &mut Tx, run: &Run) -> Result<()> {
    sqlx::query!("delete from retention_item where run_id = $1", run.id.0).execute(tx.conn()).await?;
    sqlx::query!(
        "update retention_run set step = $2, frozen_at = null,
             finished_at = case when $2 = 'done' then clock_timestamp() end
         where id = $1",
        run.id.0,
        run.step.next().as_str(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Freezes the set of a locked run's step: contacts that were not in touch since the cutoff, or
/// conversations with bodies of texts from before it. Other steps have no set.
pub async fn freeze(tx: &mut Tx, organization_id: OrganizationId, run: &Run, cutoff: DateTime<Utc>) -> Result<()> {
    match run.step {
        RetentionStep::Contacts => {
            sqlx::query!(
                "insert into retention_item (run_id, id) select $1, c.id from out_of_touch($2, $3) c",
                run.id.0,
                organization_id.0,
                cutoff
            )
            .execute(tx.conn())
            .await?;
        }
        RetentionStep::Texts => {
            for Statement { sql, .. } in Treatment::whole().freeze_old_bodies() {
                // Made of names and values in the source alone.
                let freeze = sqlx::query(AssertSqlSafe(sql)).bind(organization_id.0).bind(cutoff).bind(run.id.0);
                freeze.execute(tx.conn()).await?;
            }
        }
        RetentionStep::Imports | RetentionStep::Addresses | RetentionStep::Done => {}
    }
    sqlx::query!("update retention_run set frozen_at = clock_timestamp() where id = $1", run.id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Takes the next records out of a locked run's frozen set.
pub async fn next(tx: &mut Tx, run: &Run, limit: i64) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        "delete from retention_item where run_id = $1 and id in (
             select id from retention_item where run_id = $1 order by id limit $2)
         returning id",
        run.id.0,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Adds to the report of a locked run.
pub async fn record(tx: &mut Tx, run: &Run, left: u64, left_alone: u64) -> Result<()> {
    sqlx::query!(
        "update retention_run set left_alone = left_alone + $4,
             counts = counts || jsonb_build_object($2::text, coalesce((counts ->> $2)::bigint, 0) + $3)
         where id = $1",
        run.id.0,
        run.step.as_str(),
        i64::try_from(left).unwrap_or(i64::MAX),
        i64::try_from(left_alone).unwrap_or(i64::MAX),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Returns those of these contacts that still were not in touch, locked in the order of their ids.
pub async fn lock_contacts(
    tx: &mut Tx,
    organization_id: OrganizationId,
    ids: &[Uuid],
    cutoff: DateTime<Utc>,
) -> Result<Vec<ContactId>> {
    // Work that begins meanwhile locks the contact, or sees it redacted.
    sqlx::query!("select from contact where id = any($1) order by id for update", ids).execute(tx.conn()).await?;
    let found = sqlx::query_scalar!(
        r#"select c.id as "id!" from out_of_touch($1, $2) c where c.id = any($3) order by c.id"#,
        organization_id.0,
        cutoff,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(found.into_iter().map(ContactId).collect())
}

/// Returns whether imports of an organization are under way: their rows may bring contacts back in
/// touch.
pub async fn imports_under_way(tx: &mut Tx, organization_id: OrganizationId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from import where organization_id = $1 and state in ('waiting', 'running')) as "any!""#,
        organization_id.0
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Erases texts in these conversations from before the cutoff that have nothing under way: of each
/// table of the registry with bodies, the columns that it names. Returns how many.
pub async fn erase_texts(tx: &mut Tx, threads: &[Uuid], cutoff: DateTime<Utc>, treatment: Treatment) -> Result<u64> {
    let mut erased = 0;
    for Statement { sql, .. } in treatment.old_bodies() {
        // Made of names and values in the source alone.
        let done = sqlx::query(AssertSqlSafe(sql)).bind(threads).bind(cutoff).execute(tx.conn()).await?;
        erased += done.rows_affected();
    }
    Ok(erased)
}

/// An import with a file that is old.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldImport {
    /// The import.
    pub id: ImportId,
    /// The key of its file.
    pub object_key: String,
}

/// Returns imports that were over before the cutoff and that have something of their file, the
/// oldest first.
pub async fn old_imports(
    tx: &mut Tx,
    organization_id: OrganizationId,
    cutoff: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<OldImport>> {
    let rows = sqlx::query!(
        "select id, object_key from import
         where organization_id = $1 and finished_at < $2 and file_forgotten_at is null and (not undo_requested or undone_at is not null)
         order by id limit $3",
        organization_id.0,
        cutoff,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| OldImport { id: ImportId(row.id), object_key: row.object_key }).collect())
}

/// Forgets the rows that an import has brought and that leave with its file, which is gone: of each
/// table that the registry names.
pub async fn forget_import(tx: &mut Tx, id: ImportId, treatment: Treatment) -> Result<()> {
    for Statement { sql, .. } in treatment.of_imports() {
        // Made of names in the source alone.
        sqlx::query(AssertSqlSafe(sql)).bind(id.0).execute(tx.conn()).await?;
    }
    sqlx::query!(
        "update import set file_forgotten_at = clock_timestamp(), rejects_forgotten_at = coalesce(rejects_forgotten_at, now()) where id = $1",
        id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets the addresses of clients from before the cutoff: of each table that the registry names.
/// Returns how many.
pub async fn forget_addresses(
    tx: &mut Tx,
    organization_id: OrganizationId,
    cutoff: DateTime<Utc>,
    treatment: Treatment,
) -> Result<u64> {
    let mut forgotten = 0;
    for Statement { sql, .. } in treatment.old_addresses() {
        // Made of names in the source alone.
        let forget = sqlx::query(AssertSqlSafe(sql)).bind(organization_id.0).bind(cutoff);
        forgotten += forget.execute(tx.conn()).await?.rows_affected();
    }
    Ok(forgotten)
}

/// Returns how many records a step would take now.
pub async fn count(
    pool: &Pool,
    organization_id: OrganizationId,
    step: RetentionStep,
    cutoff: DateTime<Utc>,
) -> Result<i64> {
    let mut connection = pool.connection().await?;
    let count = match step {
        RetentionStep::Contacts => {
            sqlx::query_scalar!(r#"select count(*) as "count!" from out_of_touch($1, $2)"#, organization_id.0, cutoff)
                .fetch_one(&mut *connection)
                .await?
        }
        RetentionStep::Texts => {
            count_of(&mut connection, Treatment::whole().count_old_bodies(), organization_id, cutoff).await?
        }
        RetentionStep::Imports => {
            sqlx::query_scalar!(
                r#"select count(*) as "count!" from import
                   where organization_id = $1 and finished_at < $2 and file_forgotten_at is null and (not undo_requested or undone_at is not null)"#,
                organization_id.0,
                cutoff
            )
            .fetch_one(&mut *connection)
            .await?
        }
        RetentionStep::Addresses => {
            count_of(&mut connection, Treatment::whole().count_old_addresses(), organization_id, cutoff).await?
        }
        RetentionStep::Done => 0,
    };
    Ok(count)
}

/// Returns the sum of counts that the registry makes.
async fn count_of(
    connection: &mut PgConnection,
    counts: Vec<Statement>,
    organization_id: OrganizationId,
    cutoff: DateTime<Utc>,
) -> Result<i64> {
    let mut sum = 0;
    for Statement { sql, .. } in counts {
        // Made of names in the source alone.
        let count = sqlx::query_scalar::<_, i64>(AssertSqlSafe(sql)).bind(organization_id.0).bind(cutoff);
        sum += count.fetch_one(&mut *connection).await?;
    }
    Ok(sum)
}

/// A contact that would leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    /// The contact.
    pub id: ContactId,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
}

/// Returns a page of the contacts that would leave now, the oldest first.
pub async fn contacts(
    pool: &Pool,
    organization_id: OrganizationId,
    cutoff: DateTime<Utc>,
    page: Page<ContactId>,
) -> Result<Vec<Leaving>> {
    let rows = sqlx::query!(
        r#"select c.id as "id!", c.first_name as "first_name!", c.last_name as "last_name!" from out_of_touch($1, $2) c
           where $3::uuid is null or c.id > $3 order by c.id limit $4"#,
        organization_id.0,
        cutoff,
        page.after.map(|id| id.0),
        page.limit
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    let leaving = rows.into_iter();
    Ok(leaving
        .map(|row| Leaving { id: ContactId(row.id), first_name: row.first_name, last_name: row.last_name })
        .collect())
}
