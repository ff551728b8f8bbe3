//! Replaying redactions, opt-outs and opt-ins of the ledger into a restored database (rule R6).
//!
//! Entries know numbers by their keyed hashes alone. Numbers of the database's contacts are hashed
//! until they are found. An opt-out without a contact stays as a remainder, under which the number
//! comes back opted out (rules C9 and R4).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{AccountId, MemberId, RedactionId},
    people::{contact::OptOutOrigin, e164::E164, phone_hash::PhoneHashes},
};
use uuid::Uuid;

use crate::{Pool, Result, Tx, people::redactions, trust::treatment::Treatment};

/// Contacts that are read at a time.
const PAGE: i64 = 10_000;

/// A number's hash as the ledger has it, with the check value of its key.
pub type LedgerHash = (Vec<u8>, Vec<u8>);

/// Returns the numbers of contacts that have one of these hashes.
pub async fn find(
    pool: &Pool,
    wanted: &BTreeSet<Vec<u8>>,
    hash: impl Fn(&E164) -> PhoneHashes,
) -> Result<BTreeMap<Vec<u8>, E164>> {
    let mut found = BTreeMap::new();
    let mut after = Uuid::nil();
    if wanted.is_empty() {
        return Ok(found);
    }
    loop {
        let rows = sqlx::query!(
            r#"select id, e164 as "e164!" from contact where id > $1 and e164 is not null order by id limit $2"#,
            after,
            PAGE,
        )
        .fetch_all(&mut *pool.connection().await?)
        .await?;
        let Some(last) = rows.last() else { return Ok(found) };
        after = last.id;
        for row in rows {
            let number = E164::parse(&row.e164)?;
            for hash in hash(&number).all() {
                if wanted.contains(&hash) {
                    found.insert(hash, number.clone());
                }
            }
        }
    }
}

/// Of these redactions, those that the database does not have.
pub async fn lost_redactions(pool: &Pool, ids: &[Uuid]) -> Result<BTreeSet<Uuid>> {
    let lost = sqlx::query_scalar!(
        r#"select one.id as "id!" from unnest($1::uuid[]) as one (id) where not exists (select from redaction r where r.id = one.id)"#,
        ids,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    Ok(lost.into_iter().collect())
}

/// A redaction of the ledger.
#[derive(Debug, Clone)]
pub struct LedgerRedaction {
    /// The redaction.
    pub id: RedactionId,
    /// The account.
    pub account_id: AccountId,
    /// The member that asked for it.
    pub by: Option<MemberId>,
    /// The hash.
    pub hash: LedgerHash,
    /// When it was asked for.
    pub at: DateTime<Utc>,
    /// The organizations that had the person, with the opt-out there.
    pub organizations: Vec<(Uuid, bool)>,
}

/// Repeats a redaction. Returns whether there is work left for its job: the database has somebody
/// with the number.
pub async fn redact(tx: &mut Tx, redaction: &LedgerRedaction, number: Option<(&E164, &PhoneHashes)>) -> Result<bool> {
    let exists = sqlx::query_scalar!(
        r#"select exists (select from account where id = $1) as "exists!""#,
        redaction.account_id.0
    )
    .fetch_one(tx.conn())
    .await?;
    if !exists {
        return Ok(false);
    }
    // A member that came after the backup is not there.
    let by = sqlx::query_scalar!("select id from member where id = $1", redaction.by.map(|by| by.0))
        .fetch_optional(tx.conn())
        .await?;
    if let Some((number, hashes)) = number {
        let (id, account) = (redaction.id, redaction.account_id);
        redactions::begin(tx, id, account, by.map(MemberId), number, hashes, Treatment::whole()).await?;
    } else {
        sqlx::query!(
            "insert into redaction (id, account_id, requested_by, phone_hash, key_id, created_at, finished_at)
             values ($1, $2, $3, $4, $5, $6, clock_timestamp())",
            redaction.id.0,
            redaction.account_id.0,
            by,
            redaction.hash.0,
            redaction.hash.1,
            redaction.at,
        )
        .execute(tx.conn())
        .await?;
    }
    for (organization, opted_out) in &redaction.organizations {
        remember(tx, *organization, &redaction.hash, *opted_out).await?;
    }
    Ok(number.is_some())
}

/// Keeps the opt-out of a number without a contact.
async fn remember(tx: &mut Tx, organization: Uuid, hash: &LedgerHash, opted_out: bool) -> Result<()> {
    sqlx::query!(
        "insert into suppression (account_id, phone_hash, key_id, organization_id, opted_out)
         select account_id, $2, $3, id, $4 from organization where id = $1
         on conflict (account_id, phone_hash, organization_id) do update set opted_out = suppression.opted_out or excluded.opted_out",
        organization,
        hash.0,
        hash.1,
        opted_out,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The latest word of somebody in an organization.
#[derive(Debug, Clone)]
pub struct LedgerWord {
    /// The organization.
    pub organization: Uuid,
    /// The hash.
    pub hash: LedgerHash,
    /// Whether they are opted out since.
    pub opted_out: bool,
    /// The word's number.
    pub word: i64,
    /// The way by which an opt-out was recorded.
    pub origin: Option<OptOutOrigin>,
    /// When it was written down.
    pub at: DateTime<Utc>,
}

/// Repeats a word. Returns whether it changed something: the latest word stands (rule I3a).
pub async fn say(tx: &mut Tx, word: &LedgerWord, number: Option<&E164>) -> Result<bool> {
    let origin = word.origin.unwrap_or(OptOutOrigin::Text);
    let mut changed = false;
    if let Some(number) = number {
        let done = sqlx::query!(
            "update contact set opted_out_at = case when $3 then coalesce(opted_out_at, $5) end,
                 opt_out_reason = case when $3 then coalesce(opt_out_reason, 'before a restore') end,
                 opt_out_origin = case when $3 then coalesce(opt_out_origin, $6) end, last_word = $4, updated_at = now()
             where organization_id = $1 and e164 = $2 and coalesce(last_word, 0) < $4",
            word.organization,
            number.as_str(),
            word.opted_out,
            word.word,
            word.at,
            origin.as_str(),
        )
        .execute(tx.conn())
        .await?;
        changed = done.rows_affected() > 0;
    }
    let known = match number {
        Some(number) => {
            sqlx::query_scalar!(
                r#"select exists (select from contact where organization_id = $1 and e164 = $2) as "known!""#,
                word.organization,
                number.as_str(),
            )
            .fetch_one(tx.conn())
            .await?
        }
        None => false,
    };
    if !known && word.opted_out {
        remember(tx, word.organization, &word.hash, true).await?;
        changed = true;
    }
    Ok(changed)
}

/// Numbers of words go on behind those of the ledger.
pub async fn count_words_from(tx: &mut Tx, word: i64) -> Result<()> {
    sqlx::query!("select setval('receive_order', greatest(nextval('receive_order'), $1))", word)
        .fetch_one(tx.conn())
        .await?;
    Ok(())
}
