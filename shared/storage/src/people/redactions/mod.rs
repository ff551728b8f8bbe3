//! Redaction: a person is overwritten everywhere; counts and history stay (rules R3, R4 and R6).
//!
//! The request's own transaction writes the ledger and overwrites the person's rows ([`begin`]):
//! from its commit on, claims, sends and hand-overs see a redacted contact (rule S9), and imports
//! and texts that would bring the number back see the entry in the ledger. Files and free text are
//! a job's (`erase`). It waits for the imports that were under way when it first looked, and for no
//! other.

mod erase;
mod names;
mod person;
mod receipt;
mod run;
mod wait;

use muster_domain::{
    ids::{AccountId, MemberId, OrganizationId, RedactionId},
    people::{e164::E164, phone_hash::PhoneHashes, traces::Traces},
};

pub use erase::{Leftover, finish, free_text, overwrite_again, telling_names};
pub use person::{Overwritten, retire};
pub use receipt::{Receipt, receipt};
pub use run::{Erased, record};
pub use wait::{Files, OldFiles, UnderWay, Waiting, end_imports, files, look, organizations, under_way, waiting};

use crate::{
    Result, Tx,
    people::account_words,
    trust::{exports, treatment::Treatment},
};

/// Enters a redaction into the ledger and overwrites the person's rows in every organization of the
/// account. No queued text goes, and no exported file is served, from the commit on. `by` is the
/// member that asked for it; none when the engine repeats one, or keeps to a time of retention.
pub async fn begin(
    tx: &mut Tx,
    id: RedactionId,
    account_id: AccountId,
    by: Option<MemberId>,
    number: &E164,
    hashes: &PhoneHashes,
    treatment: Treatment,
) -> Result<Overwritten> {
    // Before the contacts, as all that says a word.
    let was_out = account_words::forget(tx, account_id, number).await?;
    sqlx::query!(
        "insert into redaction (id, account_id, requested_by, phone_hash, e164, key_id) values ($1, $2, $3, $4, $5, $6)",
        id.0,
        account_id.0,
        by.map(|by| by.0),
        &hashes.current[..],
        number.as_str(),
        &hashes.key_id[..],
    )
    .execute(tx.conn())
    .await?;
    let redaction = Redaction {
        account_id,
        number: number.clone(),
        hashes: hashes.clone(),
        traces: Traces::default(),
        contacts: Vec::new(),
        treatment,
    };
    exports::end_for_redaction(tx, account_id, None).await?;
    let overwritten = person::overwrite(tx, id, &redaction, person::Depth::AtOnce).await?;
    if was_out {
        person::keep_word(tx, &redaction).await?;
    }
    Ok(overwritten)
}

/// A redaction that is still to be done.
#[derive(Debug, Clone)]
pub struct Redaction {
    /// The account.
    pub account_id: AccountId,
    /// The number.
    pub number: E164,
    /// Its keyed hashes.
    pub hashes: PhoneHashes,
    /// The person's traces.
    pub traces: Traces,
    /// The contacts that were overwritten.
    pub contacts: Vec<uuid::Uuid>,
    /// The columns that it treats.
    pub treatment: Treatment,
}

/// Locks a redaction; `None` when it is done. `hash` gives the keyed hashes of its number.
pub async fn lock(tx: &mut Tx, id: RedactionId, hash: impl Fn(&E164) -> PhoneHashes) -> Result<Option<Redaction>> {
    let row = sqlx::query!(
        r#"select account_id, e164 as "e164!", traces, contact_ids from redaction where id = $1 and finished_at is null for update"#,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| {
        let number = E164::parse(&row.e164)?;
        Ok(Redaction {
            account_id: AccountId(row.account_id),
            hashes: hash(&number),
            number,
            traces: row.traces.map(serde_json::from_value).transpose()?.unwrap_or_default(),
            contacts: row.contact_ids,
            treatment: Treatment::whole(),
        })
    })
    .transpose()
}

/// Returns whether a redaction of this number is still to be done in the organization's account.
/// Then nobody is to make a contact of it.
pub async fn is_pending(tx: &mut Tx, organization_id: OrganizationId, number: &E164) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from redaction r join organization o on o.account_id = r.account_id
               where r.finished_at is null and r.e164 = $2 and o.id = $1) as "any!""#,
        organization_id.0,
        number.as_str(),
    )
    .fetch_one(tx.conn())
    .await?)
}
