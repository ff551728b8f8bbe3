//! Heads of chains, their publication, and verifying a chain.

use chrono::{DateTime, Utc};
use muster_domain::trust::audit::{Head, Report, Verifier};
use uuid::Uuid;

use super::read::{after, read_hash};
use crate::{Db, Pool, Result, Tx};

/// Entries that are read at a time.
const PAGE_SIZE: i64 = 1_000;

fn head(chain: Uuid, number: i64, hash: &[u8], at: DateTime<Utc>) -> Result<Head> {
    Ok(Head { chain, number, hash: read_hash(hash)?, at })
}

/// Returns the heads of the chains behind `chain` by their ids, at most `limit`.
pub async fn heads<'a>(db: impl Into<Db<'a>>, chain: Option<Uuid>, limit: i64) -> Result<Vec<Head>> {
    let mut connection = db.into().connection().await?;
    let rows = sqlx::query!(
        "select chain, number, hash, at from audit_head where ($1::uuid is null or chain > $1) order by chain limit $2",
        chain,
        limit,
    )
    .fetch_all(&mut *connection)
    .await?;
    rows.into_iter().map(|row| head(row.chain, row.number, &row.hash, row.at)).collect()
}

/// Returns heads that have moved since they were published, of the chains behind `chain` by their
/// ids, at most `limit`.
pub async fn unpublished<'a>(db: impl Into<Db<'a>>, chain: Option<Uuid>, limit: i64) -> Result<Vec<Head>> {
    let mut connection = db.into().connection().await?;
    let rows = sqlx::query!(
        "select chain, number, hash, at from audit_head h
         where ($1::uuid is null or chain > $1) and number > 0
           and not exists (select from audit_published p where p.chain = h.chain and p.number >= h.number)
         order by chain limit $2",
        chain,
        limit,
    )
    .fetch_all(&mut *connection)
    .await?;
    rows.into_iter().map(|row| head(row.chain, row.number, &row.hash, row.at)).collect()
}

/// Notes that heads are in the object store.
pub async fn note_published(tx: &mut Tx, heads: &[Head]) -> Result<()> {
    let (chains, numbers): (Vec<Uuid>, Vec<i64>) = heads.iter().map(|head| (head.chain, head.number)).unzip();
    let (hashes, times): (Vec<Vec<u8>>, Vec<DateTime<Utc>>) =
        heads.iter().map(|head| (head.hash.0.to_vec(), head.at)).unzip();
    sqlx::query!(
        "insert into audit_published (chain, number, hash, at)
         select * from unnest($1::uuid[], $2::bigint[], $3::bytea[], $4::timestamptz[]) on conflict do nothing",
        &chains,
        &numbers,
        &hashes,
        &times,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Returns the heads of a chain that were published, as the database has them.
pub async fn published<'a>(db: impl Into<Db<'a>>, chain: Uuid) -> Result<Vec<Head>> {
    let mut connection = db.into().connection().await?;
    let rows = sqlx::query!("select number, hash, at from audit_published where chain = $1 order by number", chain)
        .fetch_all(&mut *connection)
        .await?;
    rows.into_iter().map(|row| head(chain, row.number, &row.hash, row.at)).collect()
}

/// Verifies a chain against its head and the heads that were published, in the memory of a page of
/// entries. Entries that come meanwhile are verified as well.
pub async fn verify(pool: &Pool, chain: Uuid, published: Vec<Head>) -> Result<Report> {
    let mut verifier = Verifier::new(chain, published);
    let mut last = 0;
    loop {
        let page = after(pool, chain, last, PAGE_SIZE).await?;
        for listed in &page {
            verifier.take(&listed.entry);
            if !listed.asides_hold {
                verifier.aside_altered(listed.entry.number);
            }
        }
        let Some(listed) = page.last() else { break };
        last = listed.entry.number;
    }
    let row = sqlx::query!("select number, hash, at from audit_head where chain = $1", chain)
        .fetch_optional(&mut *pool.connection().await?)
        .await?;
    let mut known = row.map(|row| head(chain, row.number, &row.hash, row.at)).transpose()?;
    // Entries have come between the last page and the head.
    while let Some(further) = known.filter(|head| head.number > last) {
        let page = after(pool, chain, last, PAGE_SIZE.min(further.number - last)).await?;
        for listed in &page {
            verifier.take(&listed.entry);
        }
        let Some(listed) = page.last() else { break };
        last = listed.entry.number;
    }
    // A chain with entries and without a head has lost it.
    if known.is_none() && last > 0 {
        known =
            Some(Head { chain, number: 0, hash: muster_domain::trust::audit::Hash::NONE, at: DateTime::UNIX_EPOCH });
    }
    Ok(verifier.end(known))
}
