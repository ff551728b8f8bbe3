//! The ends of exports' files: by age, and by redactions (rule R3).

use std::time::Duration;

use muster_domain::ids::{AccountId, ExportId, OrganizationId, RedactionId};
use uuid::Uuid;

use crate::{Result, Tx};

/// An export with something in the object store that is wanted no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leftover {
    /// Its tenant.
    pub organization_id: OrganizationId,
    /// The export.
    pub id: ExportId,
}

/// Ends the files of an account's exports, because somebody of the account is being redacted and
/// may be in them. Exports that are not over begin again. With a redaction, only exports that began
/// before its job first looked: the person's rows are gone since.
pub async fn end_for_redaction(tx: &mut Tx, account_id: AccountId, redaction: Option<RedactionId>) -> Result<u64> {
    // Waiting ones too: one that a worker begins at this moment is locked by it, and looked at
    // again behind its commit.
    Ok(sqlx::query!(
        "update export e
         set attempt = e.attempt + 1,
             file_end = case when e.state = 'succeeded' then 'redaction' end,
             file_ended_at = case when e.state = 'succeeded' then clock_timestamp() end
         from organization o
         where o.id = e.organization_id and o.account_id = $1 and e.file_end is null
           and e.state in ('waiting', 'running', 'succeeded')
           and ($2::uuid is null or e.started_at <= (select coalesce(r.looked_at, r.created_at) from redaction r where r.id = $2))",
        account_id.0,
        redaction.map(|id| id.0),
    )
    .execute(tx.conn())
    .await?
    .rows_affected())
}

/// Ends the files of access requests of contacts that are redacted by a time of retention
/// (rule R7); files that are being written are begun again. Files with other people as well leave
/// by their own age.
pub async fn end_for_contacts(tx: &mut Tx, contacts: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "update export e
         set attempt = e.attempt + 1,
             file_end = case when e.state = 'succeeded' then 'redaction' end,
             file_ended_at = case when e.state = 'succeeded' then clock_timestamp() end
         from access_request a
         where a.id = e.id and a.contact_id = any($1) and e.file_end is null and e.state in ('waiting', 'running', 'succeeded')",
        contacts,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends the files that were kept as long as files are.
pub async fn age(tx: &mut Tx) -> Result<u64> {
    Ok(sqlx::query!(
        "update export set file_end = 'aged', file_ended_at = clock_timestamp()
         where objects_removed_at is null and file_end is null and file_until < clock_timestamp()"
    )
    .execute(tx.conn())
    .await?
    .rows_affected())
}

/// Ends exports of which the engine has given up the work.
pub async fn end_abandoned(tx: &mut Tx) -> Result<u64> {
    Ok(sqlx::query!(
        "update export e set state = 'failed', failure = 'given_up', finished_at = clock_timestamp()
         where e.state in ('waiting', 'running') and e.created_at < now() - interval '1 minute'
           and not exists (
               select from job j
               where j.state in ('pending', 'published', 'running') and j.kind = 'export' and j.payload ->> 'export_id' = e.id::text)"
    )
    .execute(tx.conn())
    .await?
    .rows_affected())
}

/// Returns exports that are over and have no file any more, with something in the object store,
/// that were over for so long: a worker may still end its writing.
pub async fn leftovers(tx: &mut Tx, over_for: Duration, limit: i64) -> Result<Vec<Leftover>> {
    let rows = sqlx::query!(
        "select organization_id, id from export
         where objects_removed_at is null and (file_end is not null or state in ('failed', 'cancelled'))
           and coalesce(file_ended_at, finished_at) <= clock_timestamp() - make_interval(secs => $1)
         order by id limit $2",
        over_for.as_secs_f64(),
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    let leftovers = rows.into_iter();
    Ok(leftovers
        .map(|row| Leftover { organization_id: OrganizationId(row.organization_id), id: ExportId(row.id) })
        .collect())
}

/// Notes that nothing of an export is left in the object store.
pub async fn removed(tx: &mut Tx, id: ExportId) -> Result<()> {
    sqlx::query!("update export set objects_removed_at = clock_timestamp() where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}
