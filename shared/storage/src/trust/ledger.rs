//! The ledger of redactions and opt-outs as the database knows it (rule R6): where it stands, the
//! entries that are still to be written into it, and whether the database is older than it.
//!
//! `domain::trust::ledger` has the form in which it is kept in the object store.

use chrono::{DateTime, Utc};
use muster_domain::{
    people::{e164::E164, phone_hash::PhoneHashes},
    trust::ledger::{Entry, Head, MAX_ENTRIES, RestoredBy, is_older},
};
use uuid::Uuid;

use crate::{Pool, Result, Tx, db::error::read_word};

/// Where the ledger stands.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The last beat.
    pub beat: i64,
    /// When it was.
    pub beat_at: Option<DateTime<Utc>>,
    /// The last segment.
    pub segment: i64,
    /// Its SHA-256; empty for none.
    pub sha256: Vec<u8>,
    /// Whether the database came back from a backup, and nothing may be sent from it.
    pub restored: bool,
    /// The sign of it.
    pub restored_by: Option<RestoredBy>,
}

/// Returns where the ledger stands.
pub async fn standing(pool: &Pool) -> Result<Standing> {
    let row = sqlx::query!(
        r#"select beat, beat_at, segment, coalesce(sha256, '') as "sha256!", is_restored() as "restored!",
                  case when is_restored() then coalesce(restored_by, 'place') end as restored_by
           from ledger"#
    )
    .fetch_one(&mut *pool.connection().await?)
    .await?;
    Ok(Standing {
        beat: row.beat,
        beat_at: row.beat_at,
        segment: row.segment,
        sha256: row.sha256,
        restored: row.restored,
        restored_by: row.restored_by.as_deref().map(|word| read_word("ledger", word)).transpose()?,
    })
}

/// Returns whether the database came back from a backup.
pub async fn is_restored(pool: &Pool) -> Result<bool> {
    let restored = sqlx::query_scalar!(r#"select is_restored() as "restored!""#);
    Ok(restored.fetch_one(&mut *pool.connection().await?).await?)
}

/// Returns the database's clock at this moment; none when the database came back from a backup, so
/// that nothing may be handed over (rule R6).
pub async fn clock_unless_restored(tx: &mut Tx) -> Result<Option<DateTime<Utc>>> {
    // The same as `is_restored` and `database_place`, which would be planned anew each time.
    let row = sqlx::query!(
        r#"select clock_timestamp() as "now!", l.restored_at is not null or (l.place is not null and l.place <>
               (select system_identifier from pg_control_system()) || '/' ||
               (select oid from pg_database where datname = current_database())) as "restored!"
           from ledger l"#
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((!row.restored).then_some(row.now))
}

/// Marks the database as one that `muster restore` has made.
pub async fn mark_restored(pool: &Pool) -> Result<()> {
    sqlx::query!(
        "update ledger set restored_at = clock_timestamp(), restored_by = 'command' where restored_at is null"
    )
    .execute(&mut *pool.connection().await?)
    .await?;
    Ok(())
}

/// Compares the database with the ledger's head in the object store, as a process does when it
/// starts, and writes its finding down. Returns whether the database came back from a backup. The
/// first process of a new installation writes down which server and database this is.
pub async fn compare(pool: &Pool, head: Option<&Head>) -> Result<bool> {
    let mut tx = pool.begin().await?;
    let row =
        sqlx::query!(r#"select beat, place is null as "new!", is_restored() as "restored!" from ledger for update"#)
            .fetch_one(tx.conn())
            .await?;
    let older = head.is_some_and(|head| is_older(row.beat, head));
    if row.restored || older {
        sqlx::query!(
            "update ledger set restored_at = clock_timestamp(), restored_by = case when $1 then 'beat' else 'place' end where restored_at is null",
            older,
        )
        .execute(tx.conn())
        .await?;
    } else if row.new {
        sqlx::query!("update ledger set place = database_place()").execute(tx.conn()).await?;
    }
    tx.commit().await?;
    Ok(row.restored || older)
}

/// A beat that is being written into the object store.
#[derive(Debug, Clone)]
pub struct Beat {
    /// Its number.
    pub number: i64,
    /// When it was.
    pub at: DateTime<Utc>,
    /// The last segment before it, and its SHA-256.
    pub segment: i64,
    /// See `segment`.
    pub sha256: Vec<u8>,
    /// The entries of the next segment.
    pub entries: Vec<Entry>,
    /// There is a next segment. It may be without entries, when all are of people that were
    /// redacted meanwhile.
    pub has_segment: bool,
    /// There are more than fit into it.
    pub more: bool,
}

/// Begins a beat: takes the entries that are still to be written for the next segment. A beat that
/// a worker began and did not end is begun again, with the same segment.
pub async fn begin_beat(tx: &mut Tx, hash: impl Fn(&E164) -> PhoneHashes) -> Result<Beat> {
    let row = sqlx::query!(
        r#"update ledger set beat = beat + 1, beat_at = clock_timestamp()
           returning beat, beat_at as "at!", segment, coalesce(sha256, '') as "sha256!""#
    )
    .fetch_one(tx.conn())
    .await?;
    let next = row.segment + 1;
    // A segment that was begun is written with the same rows, because it may be there already.
    let begun = sqlx::query_scalar!(
        r#"select exists (select from redaction where ledger_segment = $1) or exists (select from ledger_word where segment = $1) as "begun!""#,
        next,
    )
    .fetch_one(tx.conn())
    .await?
    .then_some(next);
    let redactions = sqlx::query!(
        r#"update redaction r set ledger_segment = $1
           where r.id in (select id from redaction where ledger_segment = $3 or ($3::bigint is null and ledger_segment is null) order by id limit $2)
           returning r.id, r.account_id, r.requested_by, r.phone_hash, r.key_id, r.created_at,
               array(select s.organization_id from suppression s where s.account_id = r.account_id and s.phone_hash = r.phone_hash
                     order by s.organization_id) as "organizations!",
               array(select s.opted_out from suppression s where s.account_id = r.account_id and s.phone_hash = r.phone_hash
                     order by s.organization_id) as "opted_out!""#,
        next,
        MAX_ENTRIES,
        begun,
    )
    .fetch_all(tx.conn())
    .await?;
    let words = sqlx::query!(
        r#"with taken as (
               update ledger_word w set segment = $1
               where w.id in (select id from ledger_word where segment is not distinct from $3 order by id limit $2)
               returning w.organization_id, w.contact_id, w.opted_out, w.word, w.origin, w.at
           )
           select t.organization_id, t.opted_out, t.word, t.origin, t.at, c.e164 as "e164?"
           from taken t left join contact c on c.id = t.contact_id order by t.word"#,
        next,
        MAX_ENTRIES,
        begun,
    )
    .fetch_all(tx.conn())
    .await?;
    let more =
        begun.is_some() || [redactions.len(), words.len()].iter().any(|taken| i64::try_from(*taken) == Ok(MAX_ENTRIES));
    let has_segment = !redactions.is_empty() || !words.is_empty();
    let mut entries = Vec::with_capacity(redactions.len() + words.len());
    entries.extend(redactions.into_iter().map(|row| Entry::Redaction {
        id: row.id,
        account: row.account_id,
        by: row.requested_by,
        hash: row.phone_hash,
        key: row.key_id,
        at: row.created_at,
        organizations: row.organizations.into_iter().zip(row.opted_out).collect::<Vec<(Uuid, bool)>>(),
    }));
    for row in words {
        // Of a person that was redacted meanwhile the redaction tells the opt-out.
        let Some(number) = row.e164.as_deref().map(E164::parse).transpose()? else { continue };
        let hashes = hash(&number);
        entries.push(Entry::Word {
            organization: row.organization_id,
            hash: hashes.current.to_vec(),
            key: hashes.key_id.to_vec(),
            opted_out: row.opted_out,
            word: row.word,
            origin: row.origin.as_deref().map(|word| read_word("ledger_word", word)).transpose()?,
            at: row.at,
        });
    }
    Ok(Beat { number: row.beat, at: row.at, segment: row.segment, sha256: row.sha256, entries, has_segment, more })
}

/// Ends a beat once the object store has it, with the segment that was written.
pub async fn end_beat(tx: &mut Tx, segment: i64, sha256: &[u8]) -> Result<()> {
    sqlx::query!("update ledger set segment = $1, sha256 = $2 where segment < $1", segment, sha256)
        .execute(tx.conn())
        .await?;
    sqlx::query!("delete from ledger_word where segment <= $1", segment).execute(tx.conn()).await?;
    Ok(())
}

/// Ends a restore: the ledger and the carrier's list were replayed. The database is this place's
/// from now on, and goes on behind the head.
pub async fn end_restore(tx: &mut Tx, head: Option<&Head>) -> Result<()> {
    let (beat, segment) = head.map_or((0, 0), |head| (head.beat, head.segment));
    sqlx::query!(
        "update ledger set place = database_place(), restored_at = null, restored_by = null, beat = greatest(beat, $1) + 1,
             segment = greatest(segment, $2), sha256 = case when $2 >= segment and $2 > 0 then $3 else sha256 end,
             beat_at = clock_timestamp()",
        beat,
        segment,
        head.map(|head| head.sha256.clone()),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The counts of a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Replayed {
    /// Redactions.
    pub redactions: i32,
    /// Opt-outs.
    pub opt_outs: i32,
    /// Opt-ins.
    pub opt_ins: i32,
    /// Texts of the carrier's list that the database knew.
    pub texts_known: i32,
    /// Texts that it was told.
    pub texts_found: i32,
    /// Texts that it cannot tell: those that they may be are not sent.
    pub texts_open: i32,
}

/// Writes a replay down.
pub async fn record_replay(tx: &mut Tx, texts_since: DateTime<Utc>, replayed: Replayed) -> Result<()> {
    sqlx::query!(
        "insert into ledger_replay (texts_since, redactions, opt_outs, opt_ins, texts_known, texts_found, texts_open) values ($1, $2, $3, $4, $5, $6, $7)",
        texts_since,
        replayed.redactions,
        replayed.opt_outs,
        replayed.opt_ins,
        replayed.texts_known,
        replayed.texts_found,
        replayed.texts_open,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
