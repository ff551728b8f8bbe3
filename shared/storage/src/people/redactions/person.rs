//! The rows of one person: contacts of the number, and their dependent rows.
//!
//! Contacts are locked first, in the order of their ids, so that claims, sends and answers wait or
//! see them redacted. A hand-over locks its messages before their contacts: messages that are
//! locked are left to it, which cancels them, and to the job, which looks once more.

use std::collections::BTreeSet;

use muster_domain::{
    ids::{AccountId, ContactId, RedactionId},
    people::{e164::E164, phone_hash::PhoneHashes, traces::Traces},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Result, Tx,
    people::redactions::{
        Redaction,
        run::{self, Erased},
    },
    trust::{
        exports,
        treatment::{Part, Treatment, Which},
    },
};

/// The overwritten rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overwritten {
    /// Contacts.
    pub contacts: Vec<ContactId>,
    /// Messages.
    pub messages: u64,
}

/// How much is looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Rows that indexes lead to: those that decide whether the person is texted, and those that
    /// show them.
    AtOnce,
    /// Tables that are read from end to end as well.
    Everything,
}

/// Overwrites the contacts that have the number now, and the rest of those that had it. Their names
/// are kept in the ledger until the redaction is done.
pub(super) async fn overwrite(
    tx: &mut Tx,
    id: RedactionId,
    redaction: &Redaction,
    depth: Depth,
) -> Result<Overwritten> {
    let mut erased = Erased::default();
    if depth == Depth::Everything {
        // First: a text that is being handled may make a contact of the number, which is found
        // below. Its handler too locks the text before the contact.
        clear_texts_that_came(tx, id, redaction, &mut erased).await?;
    }
    let found = sqlx::query!(
        "select c.id, c.first_name, c.last_name, c.email, c.external_id from contact c join organization o on o.id = c.organization_id
         where o.account_id = $1 and c.e164 = $2 order by c.id for update of c",
        redaction.account_id.0,
        redaction.number.as_str(),
    )
    .fetch_all(tx.conn())
    .await?;
    let mut traces = redaction.traces.clone();
    for row in &found {
        traces.add_name(&row.first_name, &row.last_name);
        row.email.iter().chain(&row.external_id).for_each(|word| traces.add_word(word));
    }
    let fresh: Vec<Uuid> = found.iter().map(|row| row.id).collect();
    let known = sqlx::query_scalar!(
        r#"select knows as "knows!" from membership where contact_id = any($1) and knows is not null"#,
        &fresh
    )
    .fetch_all(tx.conn())
    .await?;
    for told in &known {
        add_told(&mut traces, told);
    }
    let all: BTreeSet<Uuid> = redaction.contacts.iter().chain(&fresh).copied().collect();
    let all: Vec<Uuid> = all.into_iter().collect();
    if depth == Depth::Everything {
        traces.add(earlier(tx, &all).await?);
        // Imports' changes of them, and their former agents there.
        run::own(tx, redaction.treatment.of_contacts(Which::Later, Part::Profile), &all, &mut erased).await?;
        run::tests(tx, redaction.treatment.overwrite_tests(), redaction.account_id, id, &mut erased).await?;
    }
    keep_opt_outs(tx, redaction, &fresh).await?;
    run::own(tx, redaction.treatment.of_contacts(Which::AtOnce, Part::Profile), &fresh, &mut erased).await?;
    let messages = clear_conversations(tx, redaction.treatment, Which::AtOnce, &all, &mut erased).await?;
    run::record(tx, id, &erased).await?;
    sqlx::query!(
        "update redaction set traces = $2, contact_ids = $3, contacts = coalesce(contacts, 0) + $4, messages = coalesce(messages, 0) + $5
         where id = $1",
        id.0,
        serde_json::to_value(&traces)?,
        &all,
        i32::try_from(fresh.len()).unwrap_or(i32::MAX),
        i64::try_from(messages).unwrap_or(i64::MAX),
    )
    .execute(tx.conn())
    .await?;
    Ok(Overwritten { contacts: fresh.into_iter().map(ContactId).collect(), messages })
}

/// Overwrites these contacts, which the caller has locked, in each table that ages with them, and
/// nothing of the same people elsewhere (rule R7). Their opt-outs stay under the keyed hashes that
/// `hash` gives.
pub async fn retire(
    tx: &mut Tx,
    account_id: AccountId,
    contacts: &[ContactId],
    treatment: Treatment,
    hash: impl Fn(&E164) -> PhoneHashes,
) -> Result<()> {
    let ids: Vec<Uuid> = contacts.iter().map(|id| id.0).collect();
    let found = sqlx::query!(
        r#"select id, e164 as "e164!" from contact where id = any($1) and redacted_at is null order by id"#,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    for row in &found {
        let number = E164::parse(&row.e164)?;
        let hashes = hash(&number);
        let one = Redaction { account_id, number, hashes, traces: Traces::default(), contacts: Vec::new(), treatment };
        keep_opt_outs(tx, &one, &[row.id]).await?;
    }
    let mut erased = Erased::default();
    run::own(tx, treatment.of_contacts(Which::Aged, Part::Profile), &ids, &mut erased).await?;
    clear_conversations(tx, treatment, Which::Aged, &ids, &mut erased).await?;
    exports::end_for_contacts(tx, &ids).await
}

/// Returns the contacts' names from before imports changed them.
async fn earlier(tx: &mut Tx, contacts: &[Uuid]) -> Result<Traces> {
    let rows = sqlx::query!(
        r#"select before as "told!" from import_change where contact_id = any($1)
           union all select after from import_change where contact_id = any($1)
           union all select known_before from import_change where contact_id = any($1) and known_before is not null
           union all select known_after from import_change where contact_id = any($1) and known_after is not null"#,
        contacts,
    )
    .fetch_all(tx.conn())
    .await?;
    let mut traces = Traces::default();
    for row in &rows {
        add_told(&mut traces, &row.told);
    }
    Ok(traces)
}

/// Adds the names, the address and the id that a document of fields tells.
fn add_told(traces: &mut Traces, told: &Value) {
    let text = |name: &str| told.get(name).and_then(Value::as_str).unwrap_or_default();
    traces.add_name(text("first_name"), text("last_name"));
    traces.add_word(text("email"));
    traces.add_word(text("external_id"));
}

/// The remainder (rule R4): whether they had opted out, under the keyed hash.
async fn keep_opt_outs(tx: &mut Tx, redaction: &Redaction, contacts: &[Uuid]) -> Result<()> {
    crate::people::phone_keys::rehash(tx, redaction.account_id, &redaction.hashes).await?;
    sqlx::query!(
        "insert into suppression (account_id, phone_hash, key_id, organization_id, opted_out)
         select $1, $2, $4, organization_id, opted_out_at is not null from contact where id = any($3)
         on conflict (account_id, phone_hash, organization_id)
         do update set opted_out = suppression.opted_out or excluded.opted_out",
        redaction.account_id.0,
        &redaction.hashes.current[..],
        contacts,
        &redaction.hashes.key_id[..],
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The remainder of an opt-out that the account heard, also where no contact has it any more.
pub(super) async fn keep_word(tx: &mut Tx, redaction: &Redaction) -> Result<()> {
    sqlx::query!(
        "insert into suppression (account_id, phone_hash, key_id, organization_id, opted_out)
         select $1, $2, $3, id, true from organization where account_id = $1 order by id limit 1
         on conflict (account_id, phone_hash, organization_id) do update set opted_out = true",
        redaction.account_id.0,
        &redaction.hashes.current[..],
        &redaction.hashes.key_id[..],
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Threads first: an agent that answers has locked theirs, and the answer is seen once they are
/// through. Returns how many messages were overwritten.
async fn clear_conversations(
    tx: &mut Tx,
    treatment: Treatment,
    which: Which,
    contacts: &[Uuid],
    erased: &mut Erased,
) -> Result<u64> {
    sqlx::query!(
        "update thread set unread_since = null, held_by = null, held_until = null where contact_id = any($1)",
        contacts
    )
    .execute(tx.conn())
    .await?;
    let messages = run::own(tx, treatment.overwrite_messages(), contacts, erased).await?;
    // Agents write why they skip somebody; the engine's own words stay.
    run::own(tx, treatment.of_contacts(which, Part::Conversations), contacts, erased).await?;
    Ok(messages)
}

/// Texts that the account's numbers had got before the request, and that nobody has dealt with: the
/// person they are from is gone.
async fn clear_texts_that_came(tx: &mut Tx, id: RedactionId, redaction: &Redaction, erased: &mut Erased) -> Result<()> {
    if !redaction.treatment.has("webhook", "payload") {
        return Ok(());
    }
    let texts = sqlx::query!(
        "update webhook w set payload = null, processed_at = coalesce(processed_at, now())
         from redaction r
         where r.id = $1 and w.payload is not null and w.received_at <= r.created_at
           and right(digits_of(w.payload ->> 'From'), 10) = $2
           and not exists (
               select from sender_number n join organization o on o.id = n.organization_id
               where n.e164 = w.payload ->> 'To' and o.account_id <> $3)",
        id.0,
        redaction.number.national(),
        redaction.account_id.0,
    )
    .execute(tx.conn())
    .await?
    .rows_affected();
    erased.add_rows("webhook", texts);
    Ok(())
}
