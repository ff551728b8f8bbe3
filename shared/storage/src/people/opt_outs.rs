//! Opt-outs as admins look them up and list them (rules I3, R2 and R4).

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{AccountId, ContactId, GroupId, OrganizationId},
    people::{contact::OptOutOrigin, e164::E164, phone_hash::PhoneHashes},
};

use crate::{Db, Result, Tx, db::error::read_word, people::account_words};

/// An opt-out that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptOut {
    /// The contact; none where only the remainder of a redacted person says so.
    pub contact_id: Option<ContactId>,
    /// The number; none in the answer to a look-up, which has it.
    pub e164: Option<String>,
    /// Since when; none for a remainder, which does not tell.
    pub since: Option<DateTime<Utc>>,
    /// The way by which it was recorded, if that is known.
    pub origin: Option<OptOutOrigin>,
    /// The reason that was given, as far as the reader may know it.
    pub reason: Option<String>,
}

/// Returns the opt-out of a number in an organization, if there is one: the contact's, or the one
/// that remains of a redacted person. With a reader's groups, contact and reason are those of their
/// own contacts alone (rule A5).
pub async fn of_number(
    tx: &mut Tx,
    account_id: AccountId,
    organization_id: OrganizationId,
    readers: Option<&[GroupId]>,
    number: &E164,
    hashes: &PhoneHashes,
) -> Result<Option<OptOut>> {
    let readers: Option<Vec<_>> = readers.map(|groups| groups.iter().map(|id| id.0).collect());
    let contact = sqlx::query!(
        r#"select c.id, c.opted_out_at, c.opt_out_origin, c.opt_out_reason,
                  $3::uuid[] is null or exists (select from membership m where m.contact_id = c.id and m.group_id = any($3)) as "seen!",
                  $3::uuid[] is null or (
                      exists (select from membership m where m.contact_id = c.id and m.group_id = any($3) and m.knows is null)
                      and not exists (select from membership m where m.contact_id = c.id and m.group_id <> all($3))) as "whole!"
           from contact c where c.organization_id = $1 and c.e164 = $2"#,
        organization_id.0,
        number.as_str(),
        readers.as_deref(),
    )
    .fetch_optional(tx.conn())
    .await?;
    if let Some(row) = contact {
        let origin = origin(row.opt_out_origin.as_deref(), readers.is_some())?;
        let whole = row.whole && !is_the_accounts(row.opt_out_origin.as_deref(), readers.is_some());
        return Ok(row.opted_out_at.map(|since| OptOut {
            contact_id: row.seen.then_some(ContactId(row.id)),
            e164: None,
            since: Some(since),
            origin,
            reason: row.opt_out_reason.filter(|_| whole),
        }));
    }
    let remains = sqlx::query_scalar!(
        r#"select exists (
               select from suppression
               where account_id = $1 and organization_id = $2 and phone_hash = any($3) and opted_out) as "remains!""#,
        account_id.0,
        organization_id.0,
        &hashes.all(),
    )
    .fetch_one(tx.conn())
    .await?;
    if !remains {
        return of_account(tx, organization_id, readers.is_some(), number, hashes).await;
    }
    Ok(Some(OptOut { contact_id: None, e164: None, since: None, origin: Some(OptOutOrigin::Redacted), reason: None }))
}

/// Returns the opt-out of a number that other organizations of the account have heard of, where
/// their opt-outs count here.
async fn of_account(
    tx: &mut Tx,
    organization_id: OrganizationId,
    of_groups: bool,
    number: &E164,
    hashes: &PhoneHashes,
) -> Result<Option<OptOut>> {
    let Some(account_id) = account_words::sharing(tx, organization_id).await? else { return Ok(None) };
    let row = sqlx::query!(
        r#"select w.opted_out_at as "since?",
               w.opted_out_at is not null or (w.last_word is null and (
                   exists (select from suppression s where s.account_id = a.id and s.phone_hash = any($3) and s.opted_out)
                   or exists (
                       select from organization o join contact c on c.organization_id = o.id
                       where o.account_id = a.id and c.e164 = $2 and c.opted_out_at is not null))) as "out!"
           from account a left join account_word w on w.account_id = a.id and w.e164 = $2
           where a.id = $1"#,
        account_id.0,
        number.as_str(),
        &hashes.all(),
    )
    .fetch_one(tx.conn())
    .await?;
    let known = !of_groups;
    Ok(row.out.then_some(OptOut {
        contact_id: None,
        e164: None,
        since: row.since.filter(|_| known),
        origin: known.then_some(OptOutOrigin::Account),
        reason: None,
    }))
}

/// Returns whether an opt-out is another organization's, to a reader of groups: such a reader
/// learns nothing of other organizations.
fn is_the_accounts(origin: Option<&str>, of_groups: bool) -> bool {
    of_groups && origin == Some(OptOutOrigin::Account.as_str())
}

/// Returns the origin as its reader may know it.
fn origin(stored: Option<&str>, of_groups: bool) -> Result<Option<OptOutOrigin>> {
    let told = stored.filter(|_| !is_the_accounts(stored, of_groups));
    told.map(|word| read_word("contact", word)).transpose()
}

/// A place in the list of opt-outs: the instant of one, and its contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Since when.
    pub since: DateTime<Utc>,
    /// The contact.
    pub contact_id: ContactId,
}

/// A part of the list of opt-outs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Only those of this origin.
    pub origin: Option<OptOutOrigin>,
    /// Behind this place; none for the beginning.
    pub after: Option<Place>,
    /// Opt-outs at most.
    pub limit: i64,
}

/// Returns a part of an organization's opt-outs, the latest first. With a reader's groups, those of
/// contacts of these groups.
pub async fn part(
    db: impl Into<Db<'_>>,
    organization_id: OrganizationId,
    readers: Option<&[GroupId]>,
    part: Part,
) -> Result<Vec<OptOut>> {
    let readers: Option<Vec<_>> = readers.map(|groups| groups.iter().map(|id| id.0).collect());
    let rows = sqlx::query!(
        r#"select c.id, c.e164, c.opted_out_at, c.opt_out_origin, c.opt_out_reason,
                  $6::uuid[] is null or (
                      exists (select from membership m where m.contact_id = c.id and m.group_id = any($6) and m.knows is null)
                      and not exists (select from membership m where m.contact_id = c.id and m.group_id <> all($6))) as "whole!"
           from contact c
           where c.organization_id = $1 and c.opted_out_at is not null and c.redacted_at is null
             and ($2::text is null or (c.opt_out_origin = $2 and ($6::uuid[] is null or $2 <> 'account')))
             and ($3::timestamptz is null or (c.opted_out_at, c.id) < ($3, $4::uuid))
             and ($6::uuid[] is null or exists (
                 select from membership m where m.contact_id = c.id and m.group_id = any($6)))
           order by c.opted_out_at desc, c.id desc limit $5"#,
        organization_id.0,
        part.origin.map(OptOutOrigin::as_str),
        part.after.map(|place| place.since),
        part.after.map(|place| place.contact_id.0),
        part.limit,
        readers.as_deref(),
    )
    .fetch_all(&mut *db.into().connection().await?)
    .await?;
    rows.into_iter()
        .map(|row| {
            let whole = row.whole && !is_the_accounts(row.opt_out_origin.as_deref(), readers.is_some());
            Ok(OptOut {
                contact_id: Some(ContactId(row.id)),
                e164: row.e164,
                since: row.opted_out_at,
                origin: origin(row.opt_out_origin.as_deref(), readers.is_some())?,
                reason: row.opt_out_reason.filter(|_| whole),
            })
        })
        .collect()
}
