//! New contacts beside imports (rules C1, C9, C13 and C16): a number is one contact of the
//! organization, so that saving it again updates the contact, and in another group adds the
//! membership.

use muster_domain::{
    ids::{AccountId, ContactId, GroupId, MemberId, OrganizationId},
    people::{
        bulk::BulkOutcome,
        contact::{ContactSource, SaveOutcome},
        e164::E164,
        phone_hash::PhoneHashes,
    },
};
use uuid::Uuid;

use crate::{
    Result, Tx,
    goals::reassign,
    imports::admit,
    people::{
        account_words, contacts,
        edit::{self, ContactEdit, Hearers},
        memberships::{self, Assigned, Fresh},
        phone_keys, redactions,
    },
};

/// A contact to be saved.
#[derive(Debug)]
pub struct NewContact<'a> {
    /// The customer.
    pub account_id: AccountId,
    /// The tenant.
    pub organization_id: OrganizationId,
    /// The groups of an admin of groups: other groups learn nothing (rule A5).
    pub readers: Option<&'a [GroupId]>,
    /// The group that the contact joins.
    pub group_id: GroupId,
    /// The number.
    pub number: &'a E164,
    /// Its keyed hashes.
    pub hashes: &'a PhoneHashes,
    /// Values; none is taken away.
    pub values: &'a ContactEdit,
    /// Tags.
    pub tags: &'a [String],
    /// The contact's agent in the group.
    pub agent_id: Option<MemberId>,
    /// Where the contact comes from.
    pub source: ContactSource,
    /// The consent that was given.
    pub consent_text: Option<&'a str>,
    /// Contacts that the group may have, and an agent in it (rule A2).
    pub limits: Limits,
}

/// Limits of rule A2.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Contacts in a group.
    pub group: i32,
    /// Contacts of an agent in a group.
    pub agent: i32,
}

/// A saved contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saved {
    /// The contact.
    pub id: ContactId,
    /// The outcome.
    pub outcome: SaveOutcome,
}

/// Why a contact is not saved. Nothing of the transaction may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSaved {
    /// A redaction of the number is under way (rule R3).
    BeingRedacted,
    /// The group has as many contacts as it may (rule A2).
    GroupFull,
    /// The agent has as many contacts in the group as they may (rule A2).
    AgentFull,
    /// The agent texts in the group no more.
    NoAgent,
}

/// Saves a contact in a group.
pub async fn save(tx: &mut Tx, new: &NewContact<'_>) -> Result<std::result::Result<Saved, NotSaved>> {
    if redactions::is_pending(tx, new.organization_id, new.number).await? {
        return Ok(Err(NotSaved::BeingRedacted));
    }
    if new.agent_id.is_some() {
        // Goals come before contacts.
        reassign::lock_goals(tx, new.group_id).await?;
    }
    let Found { id, made } = find_or_make(tx, new).await?;
    let hearers = Hearers { learn: Some(&[new.group_id]), alone: new.readers.is_some() };
    let there = is_member(tx, new.group_id, id).await?;
    let before = contacts::get(&mut *tx, new.organization_id, new.readers, id).await?;
    if !made {
        edit::edit(tx, hearers, id, new.values).await?;
    }
    if !there {
        // An admin of groups that brings a known number brings their own values alone.
        let knows = (!made && new.readers.is_some()).then(|| new.values.told());
        let fresh = Fresh {
            id: id.0,
            knows: knows.map(|mut told| {
                told["tags"] = serde_json::json!([]);
                told
            }),
            source: Some(new.source),
            consent_text: new.consent_text.map(ToOwned::to_owned),
        };
        let joined = memberships::join(tx, new.group_id, new.limits.group, vec![fresh]).await?;
        if !joined.full.is_empty() {
            return Ok(Err(NotSaved::GroupFull));
        }
    }
    admit::create_names(tx, new.organization_id, new.tags, &field_names(new.values)).await?;
    for name in new.tags {
        let tag_id = edit::tag(tx, new.organization_id, name).await?;
        edit::add_tag(tx, new.organization_id, hearers, &[id], tag_id).await?;
    }
    if let Some(refused) = assign(tx, new, id).await? {
        return Ok(Err(refused));
    }
    let outcome = if made || (!there && new.readers.is_some()) {
        SaveOutcome::Created
    } else if !there {
        SaveOutcome::Joined
    } else if contacts::get(&mut *tx, new.organization_id, new.readers, id).await? == before {
        SaveOutcome::Unchanged
    } else {
        SaveOutcome::Updated
    };
    Ok(Ok(Saved { id, outcome }))
}

fn field_names(values: &ContactEdit) -> Vec<String> {
    values.fields.keys().cloned().collect()
}

/// A contact by number.
struct Found {
    id: ContactId,
    made: bool,
}

/// Finds or makes the contact of the number, and locks it. A redacted number comes back as a new
/// contact that keeps its opt-out (rule C9).
async fn find_or_make(tx: &mut Tx, new: &NewContact<'_>) -> Result<Found> {
    let words = account_words::lock_numbers(tx, new.organization_id, &[new.number.as_str().to_owned()]).await?;
    phone_keys::rehash(tx, new.account_id, new.hashes).await?;
    let told = new.values.told();
    let made = sqlx::query_scalar!(
        "insert into contact (id, organization_id, e164, first_name, last_name, email, postal_code, notes, external_id, fields,
             source, consent_text, opted_out_at, opt_out_reason, opt_out_origin)
         select $1, $2, $3, coalesce(t.told ->> 'first_name', ''), coalesce(t.told ->> 'last_name', ''), t.told ->> 'email',
             t.told ->> 'postal_code', t.told ->> 'notes', t.told ->> 'external_id', t.told -> 'fields', $5, $6,
             case when s.opted_out then now() end, case when s.opted_out then 'opted out before redaction' end,
             case when s.opted_out then 'redacted' end
         from (select $4::jsonb as told) t
         left join suppression s on s.account_id = $7 and s.organization_id = $2 and s.phone_hash = $8
         on conflict (organization_id, e164) do nothing
         returning id",
        ContactId::new().0,
        new.organization_id.0,
        new.number.as_str(),
        told,
        new.source.as_str(),
        new.consent_text,
        new.account_id.0,
        &new.hashes.current[..],
    )
    .fetch_optional(tx.conn())
    .await?;
    if let Some(words) = &words {
        if made.is_some() {
            account_words::hear(tx, words, new.organization_id, new.hashes).await?;
        }
        account_words::forget_silent(tx, words).await?;
    }
    let id: Uuid = match made {
        Some(id) => id,
        None => {
            sqlx::query_scalar!(
                "select id from contact where organization_id = $1 and e164 = $2 for no key update",
                new.organization_id.0,
                new.number.as_str(),
            )
            .fetch_one(tx.conn())
            .await?
        }
    };
    Ok(Found { id: ContactId(id), made: made.is_some() })
}

async fn is_member(tx: &mut Tx, group_id: GroupId, id: ContactId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from membership where group_id = $1 and contact_id = $2) as "there!""#,
        group_id.0,
        id.0,
    )
    .fetch_one(tx.conn())
    .await?)
}

async fn assign(tx: &mut Tx, new: &NewContact<'_>, id: ContactId) -> Result<Option<NotSaved>> {
    let Some(agent) = new.agent_id else { return Ok(None) };
    let assigned = memberships::assign(tx, new.group_id, &[id], Some(agent), new.limits.agent).await?;
    Ok(match assigned {
        Assigned::NoAgent => Some(NotSaved::NoAgent),
        Assigned::Done(outcomes) if outcomes.get(&id) == Some(&BulkOutcome::AgentFull) => Some(NotSaved::AgentFull),
        Assigned::Done(_) => None,
    })
}
