//! Opt-outs as admins look them up and list them (rules I3, R2 and R4).

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{AccountId, ContactId, GroupId, OrganizationId},
    people::{contact::OptOutOrigin, e164::E164, phone_hash::PhoneHashes},
};

use crate::{Db, Result, Tx, db::error::read_word};

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
        let origin = row.opt_out_origin.as_deref().map(|word| read_word("contact", word)).transpose()?;
        return Ok(row.opted_out_at.map(|since| OptOut {
            contact_id: row.seen.then_some(ContactId(row.id)),
            e164: None,
            since: Some(since),
            origin,
            reason: row.opt_out_reason.filter(|_| row.whole),
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
    Ok(remains.then_some(OptOut {
        contact_id: None,
        e164: None,
        since: None,
        origin: Some(OptOutOrigin::Redacted),
        reason: None,
    }))
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
             and ($2::text is null or c.opt_out_origin = $2)
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
            let origin = row.opt_out_origin.as_deref().map(|word| read_word("contact", word)).transpose()?;
            Ok(OptOut {
                contact_id: Some(ContactId(row.id)),
                e164: row.e164,
                since: row.opted_out_at,
                origin,
                reason: row.opt_out_reason.filter(|_| row.whole),
            })
        })
        .collect()
}
