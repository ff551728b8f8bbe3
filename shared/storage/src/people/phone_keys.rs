//! Which keys this database's phones were hashed under (rule R4), and rotating them.
//!
//! A hash stands beside the check value of its key. A redacted number cannot be found out from its
//! hash, so that the hash stays under the old key until the person is seen again.

use std::time::Duration;

use muster_domain::{
    ids::AccountId,
    people::phone_hash::{KeyId, PhoneHashKeys, PhoneHashes},
};

use crate::{Pool, Result, Tx};

/// How long the database may take to answer.
const LONGEST_ANSWER: Duration = Duration::from_secs(10);
/// Between two tries.
const RETRY_INTERVAL: Duration = Duration::from_millis(500);

/// Why a process may not work with its keys: it would not find the opt-outs of redacted people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongKeys {
    /// The database knows other keys, and neither of these.
    #[error(
        "phone_hash_key is not the key of this database ({found} is configured, {known} is known): the opt-outs of redacted people would be lost; \
         to rotate the key, add the one before to phone_hash_key_previous"
    )]
    Unknown {
        /// The check value of the configured key.
        found: String,
        /// The keys that the database knows.
        known: String,
    },
    /// Hashes are under a key that is none of them.
    #[error(
        "{count} hashes of redacted people are under the key {key}, which is neither phone_hash_key nor in phone_hash_key_previous: their opt-outs \
         would be lost"
    )]
    Missing {
        /// How many.
        count: i64,
        /// The key's check value.
        key: String,
    },
}

/// Returns the beginning of a check value, for people.
fn hex(id: &[u8]) -> String {
    let digits = id.iter().take(4).fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"));
    digits + "…"
}

/// Checks a process's keys against those that the database knows, and writes down the current one
/// when it is used for the first time: in a database that knows none, or when the other one is
/// known, which begins a rotation.
pub async fn verify(pool: &Pool, keys: &PhoneHashKeys) -> Result<Result<(), WrongKeys>> {
    let mut tx = pool.begin().await?;
    // Processes that start together agree on the first key.
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('phone_hash_key', 0))").execute(tx.conn()).await?;
    let judged = judge(&mut tx, keys).await?;
    if judged.is_ok() {
        sqlx::query!("insert into phone_hash_key (key_id) values ($1) on conflict do nothing", &keys.current_id()[..])
            .execute(tx.conn())
            .await?;
        tx.commit().await?;
    } else {
        tx.rollback().await?;
    }
    Ok(judged)
}

/// Waits until the database answers whether these are its keys. A process that begins before its
/// database waits like this, and is told why.
pub async fn verified(pool: &Pool, keys: &PhoneHashKeys, waits: impl Fn(String)) -> Result<(), WrongKeys> {
    loop {
        match tokio::time::timeout(LONGEST_ANSWER, verify(pool, keys)).await {
            Ok(Ok(judged)) => return judged,
            Ok(Err(error)) => waits(error.to_string()),
            Err(_) => waits(format!("no answer within {LONGEST_ANSWER:?}")),
        }
        tokio::time::sleep(RETRY_INTERVAL).await;
    }
}

/// The state of the keys of a database.
#[derive(Debug)]
pub struct KeyInspection {
    /// Whether these are its keys.
    pub judged: Result<(), WrongKeys>,
    /// Hashes that are left under another key than the current one.
    pub left: i64,
}

/// The same without writing anything, for operators.
pub async fn inspect(pool: &Pool, keys: &PhoneHashKeys) -> Result<KeyInspection> {
    let mut tx = pool.begin().await?;
    let judged = judge(&mut tx, keys).await?;
    let left = sqlx::query_scalar!(
        r#"select count(*) as "left!" from suppression where key_id <> $1"#,
        &keys.current_id()[..]
    )
    .fetch_one(tx.conn())
    .await?;
    tx.rollback().await?;
    Ok(KeyInspection { judged, left })
}

async fn judge(tx: &mut Tx, keys: &PhoneHashKeys) -> Result<Result<(), WrongKeys>> {
    let (current, previous) = (keys.current_id(), keys.previous_ids());
    let is_ours = |id: &[u8]| id == current || previous.iter().any(|previous| id == previous);
    let known =
        sqlx::query_scalar!("select key_id from phone_hash_key order by first_used_at").fetch_all(tx.conn()).await?;
    if !known.is_empty() && !known.iter().any(|id| is_ours(id)) {
        let known: Vec<_> = known.iter().map(|id| hex(id)).collect();
        return Ok(Err(WrongKeys::Unknown { found: hex(&current), known: known.join(", ") }));
    }
    let used = sqlx::query!(r#"select key_id, count(*) as "hashes!" from suppression group by key_id"#)
        .fetch_all(tx.conn())
        .await?;
    let missing = used.iter().find(|used| !is_ours(&used.key_id));
    Ok(missing.map_or(Ok(()), |used| Err(WrongKeys::Missing { count: used.hashes, key: hex(&used.key_id) })))
}

/// Puts the rows that are kept of a number under the current key: a process that has seen the
/// person knows the number.
pub(crate) async fn rehash(tx: &mut Tx, account_id: AccountId, hashes: &PhoneHashes) -> Result<()> {
    if hashes.previous.is_empty() {
        return Ok(());
    }
    let previous: Vec<_> = hashes.previous.iter().map(|hash| hash.to_vec()).collect();
    sqlx::query!(
        "with moved as (
             delete from suppression where account_id = $1 and phone_hash = any($2) returning organization_id, opted_out
         )
         insert into suppression (account_id, phone_hash, key_id, organization_id, opted_out)
         select $1, $3, $4, organization_id, bool_or(opted_out) from moved group by organization_id
         on conflict (account_id, phone_hash, organization_id) do update set opted_out = suppression.opted_out or excluded.opted_out",
        account_id.0,
        &previous,
        &hashes.current[..],
        &hashes.key_id[..],
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The same for all rows of an import that are being applied.
pub(crate) async fn rehash_staged(tx: &mut Tx, account_id: AccountId, key: &KeyId) -> Result<()> {
    sqlx::query!(
        "with moved as (
             delete from suppression s using import_row r
             where r.phone_hashes_previous is not null and s.account_id = $1 and s.phone_hash = any(r.phone_hashes_previous)
             returning r.phone_hash, s.organization_id, s.opted_out
         )
         insert into suppression (account_id, phone_hash, key_id, organization_id, opted_out)
         select $1, phone_hash, $2, organization_id, bool_or(opted_out) from moved group by phone_hash, organization_id
         on conflict (account_id, phone_hash, organization_id) do update set opted_out = suppression.opted_out or excluded.opted_out",
        account_id.0,
        &key[..],
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
