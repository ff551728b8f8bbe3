//! Opt-outs that the organizations of an account hear from each other (rules I3, I3a and S9).
//!
//! `account_word` has a row for each number with a word in such an account. A word locks that row,
//! then its own contact, and is written to the number's contacts in all organizations within one
//! transaction: the look before a carrier call stays a look at one contact. A statement that makes
//! contacts locks their numbers' rows too, so that it waits for a word on its way or is seen by it.
//!
//! Locks are taken in one order: goals, the words of numbers in the order of the numbers, contacts.

mod catch_up;
mod staged;

pub use catch_up::{Place, catch_up, first_place};
pub(crate) use staged::{hear_staged, lock_staged};

use crate::{Result, Tx};
use muster_domain::{
    conversations::word::Standing,
    ids::{AccountId, ContactId, OrganizationId, ThreadId},
    people::{e164::E164, phone_hash::PhoneHashes},
};

/// The reason of an opt-out that another organization of the account has heard.
const REASON: &str = "opted out of another organization of the account";

/// The words of some numbers in an account with organizations that hear each other, locked.
#[derive(Debug, Clone)]
pub struct Words {
    account_id: AccountId,
    numbers: Vec<String>,
}

/// Returns the account of an organization where its organizations hear each other's opt-outs. It
/// stays so until this transaction ends.
pub async fn sharing(tx: &mut Tx, organization_id: OrganizationId) -> Result<Option<AccountId>> {
    let account = sqlx::query_scalar!("select sharing_account($1)", organization_id.0).fetch_one(tx.conn()).await?;
    Ok(account.map(AccountId))
}

/// Locks the words of these numbers, before any of their contacts is locked. `None` where
/// organizations do not hear each other.
pub async fn lock_numbers(tx: &mut Tx, organization_id: OrganizationId, numbers: &[String]) -> Result<Option<Words>> {
    let Some(account_id) = sharing(tx, organization_id).await? else { return Ok(None) };
    let numbers = sqlx::query_scalar!(
        "insert into account_word (account_id, e164)
         select $1, number from (select distinct unnest($2::text[]) as number order by 1) numbers
         on conflict (account_id, e164) do update set e164 = excluded.e164
         returning e164",
        account_id.0,
        numbers,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(Some(Words { account_id, numbers }))
}

/// Locks the words of these contacts' numbers, as [`lock_numbers`] does.
pub async fn lock(tx: &mut Tx, organization_id: OrganizationId, ids: &[ContactId]) -> Result<Option<Words>> {
    if sharing(tx, organization_id).await?.is_none() {
        return Ok(None);
    }
    let numbers = sqlx::query_scalar!(
        r#"select e164 as "e164!" from contact where id = any($1) and organization_id = $2 and e164 is not null"#,
        &ids.iter().map(|id| id.0).collect::<Vec<_>>(),
        organization_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    lock_numbers(tx, organization_id, &numbers).await
}

/// Locks the word of the number of a conversation's contact.
pub async fn lock_thread(tx: &mut Tx, organization_id: OrganizationId, id: ThreadId) -> Result<Option<Words>> {
    let contact = sqlx::query_scalar!(
        "select contact_id from thread where id = $1 and organization_id = $2",
        id.0,
        organization_id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    lock(tx, organization_id, &contact.map(ContactId).into_iter().collect::<Vec<_>>()).await
}

/// Writes the standing of these contacts, of one organization, to the account, and to the
/// contacts of their numbers in its other organizations.
pub async fn spread(tx: &mut Tx, words: &Words, ids: &[ContactId]) -> Result<()> {
    let numbers = sqlx::query_scalar!(
        "update account_word w
         set opted_out_at = case when c.opted_out_at is not null then coalesce(w.opted_out_at, c.opted_out_at) end,
             last_word = c.last_word
         from contact c
         where c.id = any($2) and w.account_id = $1 and w.e164 = c.e164 and (w.last_word is null or w.last_word <= c.last_word)
         returning w.e164",
        words.account_id.0,
        &ids.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .fetch_all(tx.conn())
    .await?;
    tell(tx, words.account_id, &numbers).await?;
    // A contact that was redacted while this transaction waited has no number any more.
    forget_silent(tx, words).await
}

/// Brings the contacts of these numbers to the account's word, where no later one counts.
async fn tell(tx: &mut Tx, account_id: AccountId, numbers: &[String]) -> Result<()> {
    if numbers.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "with behind as (
             select c.id, w.opted_out_at, w.last_word
             from account_word w
             join organization o on o.account_id = w.account_id
             join contact c on c.organization_id = o.id and c.e164 = w.e164
             where w.account_id = $1 and w.e164 = any($2) and w.last_word is not null
               and (c.last_word is null or c.last_word < w.last_word
                    or (c.last_word = w.last_word and (c.opted_out_at is null) <> (w.opted_out_at is null)))
             order by c.id for no key update of c
         ), told as (
             update contact c set
                 opted_out_at = case when b.opted_out_at is not null then coalesce(c.opted_out_at, b.opted_out_at) end,
                 opt_out_reason = case when b.opted_out_at is not null then case when c.opted_out_at is null then $3 else c.opt_out_reason end end,
                 opt_out_origin = case when b.opted_out_at is not null then case when c.opted_out_at is null then 'account' else c.opt_out_origin end end,
                 last_word = b.last_word, updated_at = now()
             from behind b where c.id = b.id
             returning c.id, c.opted_out_at is not null as opted_out
         ), final as (
             -- An agent's own opt-out is not undone any more (rule W9).
             delete from agent_opt_out a using told t where a.contact_id = t.id
         )
         -- The threads leave the agents' unread lists (rule I3).
         update thread th set unread_since = null, held_by = null, held_until = null
         from told t where t.opted_out and th.contact_id = t.id",
        account_id.0,
        numbers,
        REASON,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes away rows that were made for their lock alone.
pub async fn forget_silent(tx: &mut Tx, words: &Words) -> Result<()> {
    sqlx::query!(
        "delete from account_word where account_id = $1 and e164 = any($2) and last_word is null and opted_out_at is null",
        words.account_id.0,
        &words.numbers,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Opts a contact that this transaction has made out by the account's word, or by the remainder of
/// a person that another organization knew before a redaction (rule R4).
pub async fn hear(tx: &mut Tx, words: &Words, organization_id: OrganizationId, hashes: &PhoneHashes) -> Result<()> {
    sqlx::query!(
        "with heard as (
             select n.e164, case when w.last_word is not null then w.opted_out_at when s.remains then clock_timestamp() end as out_since,
                 coalesce(w.last_word, case when s.remains then 0 end) as word
             from unnest($3::text[]) as n (e164)
             left join account_word w on w.account_id = $1 and w.e164 = n.e164
             cross join lateral (
                 select exists (select from suppression where account_id = $1 and phone_hash = any($4) and opted_out) as remains) s
         )
         update contact c set opted_out_at = h.out_since, opt_out_reason = case when h.out_since is not null then $5 end,
             opt_out_origin = case when h.out_since is not null then 'account' end, last_word = h.word
         from heard h
         where c.organization_id = $2 and c.e164 = h.e164 and c.opted_out_at is null and h.word is not null",
        words.account_id.0,
        organization_id.0,
        &words.numbers,
        &hashes.all(),
        REASON,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes back an agent's opt-out where it was told to other organizations, as the agent's own
/// organization does: their contacts stand by the word of before.
pub async fn unsay(tx: &mut Tx, words: &Words, said: i64, after: Standing) -> Result<()> {
    sqlx::query!(
        "update account_word set opted_out_at = null, last_word = $4 where account_id = $1 and e164 = any($2) and last_word = $3",
        words.account_id.0,
        &words.numbers,
        said,
        after.last_word,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "with told as (
             select c.id from organization o join contact c on c.organization_id = o.id
             where o.account_id = $1 and c.e164 = any($2) and c.last_word = $3 and c.opt_out_origin = 'account'
             order by c.id for no key update of c
         )
         update contact c set opted_out_at = null, opt_out_reason = null, opt_out_origin = null, last_word = $4, updated_at = now()
         from told t where c.id = t.id",
        words.account_id.0,
        &words.numbers,
        said,
        after.last_word,
    )
    .execute(tx.conn())
    .await?;
    forget_silent(tx, words).await
}

/// Returns the contacts that hear this contact's words, the contact among them: those of its number
/// in the account where organizations hear each other.
pub async fn hearing(tx: &mut Tx, organization_id: OrganizationId, id: ContactId) -> Result<Vec<ContactId>> {
    let Some(account_id) = sharing(tx, organization_id).await? else { return Ok(vec![id]) };
    let others = sqlx::query_scalar!(
        "select s.id from contact c join organization o on o.account_id = $1
         join contact s on s.organization_id = o.id and s.e164 = c.e164
         where c.id = $2 and s.id <> c.id",
        account_id.0,
        id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(std::iter::once(id).chain(others.into_iter().map(ContactId)).collect())
}

/// Records the opt-out that a number says by the text of this number in the order in which texts
/// are received, to an organization that has no contact of it, where others of its account have one
/// and hear it. Returns their contacts.
pub async fn opt_out_elsewhere(
    tx: &mut Tx,
    organization_id: OrganizationId,
    number: &E164,
    received: i64,
) -> Result<Vec<ContactId>> {
    let Some(words) = lock_numbers(tx, organization_id, &[number.as_str().to_owned()]).await? else {
        return Ok(Vec::new());
    };
    let contacts = sqlx::query_scalar!(
        "select c.id from organization o join contact c on c.organization_id = o.id where o.account_id = $1 and c.e164 = $2",
        words.account_id.0,
        number.as_str(),
    )
    .fetch_all(tx.conn())
    .await?;
    if contacts.is_empty() {
        forget_silent(tx, &words).await?;
        return Ok(Vec::new());
    }
    let numbers = sqlx::query_scalar!(
        "update account_word w set opted_out_at = coalesce(w.opted_out_at, clock_timestamp()), last_word = $3
         where w.account_id = $1 and w.e164 = any($2) and (w.last_word is null or w.last_word <= $3)
         returning w.e164",
        words.account_id.0,
        &words.numbers,
        received,
    )
    .fetch_all(tx.conn())
    .await?;
    tell(tx, words.account_id, &numbers).await?;
    Ok(contacts.into_iter().map(ContactId).collect())
}

/// Forgets the word of a number that is redacted. Returns whether it said an opt-out.
pub(crate) async fn forget(tx: &mut Tx, account_id: AccountId, number: &E164) -> Result<bool> {
    let said = sqlx::query_scalar!(
        r#"delete from account_word where account_id = $1 and e164 = $2 returning opted_out_at is not null as "out!""#,
        account_id.0,
        number.as_str(),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(said.unwrap_or(false))
}

/// Forgets the word of a contact's number where organizations do not hear each other: its own word
/// counts for its organization alone, and must not be undone when they hear each other again.
pub(crate) async fn forget_unshared(tx: &mut Tx, id: ContactId) -> Result<()> {
    sqlx::query!(
        "delete from account_word w using contact c join organization o on o.id = c.organization_id
         where c.id = $1 and w.account_id = o.account_id and w.e164 = c.e164",
        id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
