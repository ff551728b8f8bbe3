//! Imports that a redaction waits for, and files that may hold the person.

use std::time::Duration;

use chrono::{DateTime, Utc};
use muster_domain::ids::{AccountId, ImportId, OrganizationId, RedactionId};
use uuid::Uuid;

use crate::{
    Pool, Result, Tx,
    imports::{self, End},
    people::redactions::Redaction,
};

/// Looks for the imports of the account that are under way, once, and writes them down. Their files
/// may hold the person. A later import reads the ledger and takes no row of the number, so that
/// nothing else is waited for.
pub async fn look(tx: &mut Tx, id: RedactionId) -> Result<()> {
    sqlx::query!(
        "update redaction r
         set looked_at = clock_timestamp(), waits_for = array(
             select i.id from import i join organization o on o.id = i.organization_id
             where o.account_id = r.account_id and i.state in ('waiting', 'running') order by i.id)
         where r.id = $1 and r.waits_for is null",
        id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Imports that a redaction waits for.
#[derive(Debug, Clone)]
pub struct UnderWay {
    /// Imports that are not over.
    pub imports: Vec<(OrganizationId, ImportId)>,
    /// How long the redaction has waited for them.
    pub waited: Duration,
}

/// Returns the imports that a redaction waits for.
pub async fn under_way(tx: &mut Tx, id: RedactionId) -> Result<UnderWay> {
    let rows = sqlx::query!(
        r#"select i.organization_id, i.id, extract(epoch from clock_timestamp() - r.looked_at)::float8 as "waited!"
           from redaction r join import i on i.id = any(r.waits_for)
           where r.id = $1 and i.state in ('waiting', 'running') order by i.id"#,
        id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    let waited = rows.first().map_or(Duration::ZERO, |row| Duration::from_secs_f64(row.waited.max(0.0)));
    let imports = rows.into_iter().map(|row| (OrganizationId(row.organization_id), ImportId(row.id)));
    Ok(UnderWay { imports: imports.collect(), waited })
}

/// Ends imports that a redaction has waited for too long. Its receipt names them.
pub async fn end_imports(tx: &mut Tx, id: RedactionId, imports: &[(OrganizationId, ImportId)]) -> Result<()> {
    sqlx::query!(
        "update redaction set ended_imports = ended_imports || $2 where id = $1",
        id.0,
        &imports.iter().map(|(_, import)| import.0).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    for (_, import) in imports {
        let why = "it was still under way a day after somebody of the account was redacted; upload the file again";
        imports::finish(tx, *import, End::Failed(why)).await?;
    }
    Ok(())
}

/// Returns the organizations of an account.
pub async fn organizations(tx: &mut Tx, account_id: AccountId) -> Result<Vec<OrganizationId>> {
    let ids = sqlx::query_scalar!("select id from organization where account_id = $1 order by id", account_id.0)
        .fetch_all(tx.conn())
        .await?;
    Ok(ids.into_iter().map(OrganizationId).collect())
}

/// Objects that an import which is over may have in the object store.
#[derive(Debug, Clone)]
pub struct Files {
    /// Its tenant.
    pub organization_id: OrganizationId,
    /// The import.
    pub import_id: ImportId,
    /// The key of the uploaded file.
    pub object_key: String,
}

/// The files that a redaction deletes.
#[derive(Debug, Clone)]
pub struct OldFiles {
    /// The files.
    pub files: Vec<Files>,
    /// When the redaction looked.
    pub looked_at: DateTime<Utc>,
}

/// Returns the files of imports that were there when the redaction looked and are over: they hold
/// rows as they were and are not needed any more. Imports with files that an earlier redaction has
/// deleted are left out; a worker at an import's last step then has had a day to end.
pub async fn files(tx: &mut Tx, id: RedactionId, redaction: &Redaction) -> Result<OldFiles> {
    let looked_at =
        sqlx::query_scalar!(r#"select coalesce(looked_at, created_at) as "at!" from redaction where id = $1"#, id.0)
            .fetch_one(tx.conn())
            .await?;
    let rows = sqlx::query!(
        "select i.id, i.organization_id, i.object_key from import i join organization o on o.id = i.organization_id
         where o.account_id = $1 and i.state not in ('waiting', 'running') and i.created_at <= $2
           and coalesce(i.finished_at, 'infinity') > coalesce(
               (select max(looked_at) from redaction where account_id = $1 and finished_at is not null), '-infinity') - interval '1 day'",
        redaction.account_id.0,
        looked_at,
    )
    .fetch_all(tx.conn())
    .await?;
    let files = rows.into_iter().map(|row| Files {
        organization_id: OrganizationId(row.organization_id),
        import_id: ImportId(row.id),
        object_key: row.object_key,
    });
    Ok(OldFiles { files: files.collect(), looked_at })
}

/// A redaction that is not done, for operators.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The redaction.
    pub id: RedactionId,
    /// Seconds since it was asked for.
    pub seconds: i64,
    /// The imports that it waits for.
    pub imports: Vec<Uuid>,
}

/// Redactions that are not done, the oldest first, at most a hundred.
pub async fn waiting(pool: &Pool) -> Result<Vec<Waiting>> {
    let rows = sqlx::query!(
        r#"select r.id, extract(epoch from clock_timestamp() - r.created_at)::bigint as "seconds!",
                  array(select i.id from import i where i.id = any(r.waits_for) and i.state in ('waiting', 'running') order by i.id) as "imports!"
           from redaction r where r.finished_at is null order by r.created_at limit 100"#
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    let waiting = rows.into_iter();
    Ok(waiting.map(|row| Waiting { id: RedactionId(row.id), seconds: row.seconds, imports: row.imports }).collect())
}
