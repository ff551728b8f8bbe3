//! Contacts as they are read, and their opt-outs (rules C1, C16, R1, R2). Edits are in `edit`, new
//! contacts in `save`, memberships in `memberships`.

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{ContactId, GroupId, ImportId, MemberId, OrganizationId},
    people::{
        contact::{ContactSource, OptOutOrigin},
        filter::ContactFilter,
        knowledge::{Knowledge, Values},
        line::LineType,
    },
};
use serde::Deserialize;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Db, Page, Result, Tx,
    db::error::read_word,
    people::{
        account_words,
        find::{self, Wanted},
    },
};

/// A contact as an admin sees it. For an admin of groups that know the contact partly, the contact
/// came when the first of them had it.
#[derive(Debug, Clone, PartialEq)]
pub struct Contact {
    /// The contact.
    pub id: ContactId,
    /// The number, none once redacted.
    pub e164: Option<String>,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Notes for agents.
    pub notes: Option<String>,
    /// The caller's own id of the person.
    pub external_id: Option<String>,
    /// Custom fields.
    pub fields: Value,
    /// Tags by name.
    pub tags: Vec<String>,
    /// The type of its line (rules C5 and S7).
    pub line_type: LineType,
    /// The carrier that serves the number, if that is known (rule S10).
    pub carrier: Option<String>,
    /// Since when they have opted out.
    pub opted_out_at: Option<DateTime<Utc>>,
    /// Reason: `stated in the file of import …`, `opted out at the carrier`, or the reason that was
    /// given; none once redacted.
    pub opt_out_reason: Option<String>,
    /// Since when they are redacted.
    pub redacted_at: Option<DateTime<Utc>>,
    /// Memberships of groups, of other readers' groups too.
    pub memberships: Vec<ContactMembership>,
    /// Where they come from (rule C13).
    pub source: ContactSource,
    /// The import that made them.
    pub source_import_id: Option<ImportId>,
    /// The group of that import.
    pub source_group_id: Option<GroupId>,
    /// The consent under which they came, none once redacted.
    pub consent_text: Option<String>,
    /// Since when they are known.
    pub created_at: DateTime<Utc>,
}

/// A contact's membership of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct ContactMembership {
    /// The group.
    pub group_id: GroupId,
    /// Since when the contact is deactivated there (rule R1).
    pub deactivated_at: Option<DateTime<Utc>>,
    /// The contact's agent there.
    pub assigned_agent_id: Option<MemberId>,
    /// Since when the contact is in it.
    pub added_at: DateTime<Utc>,
}

/// Returns a contact of an organization, for its reader as [`page`] does.
pub async fn get(
    db: impl Into<Db<'_>>,
    organization_id: OrganizationId,
    readers: Option<&[GroupId]>,
    id: ContactId,
) -> Result<Option<Contact>> {
    let readers = stored(readers);
    let mut connection = db.into().connection().await?;
    Ok(of_ids(&mut connection, organization_id, readers.as_deref(), &[id.0]).await?.pop())
}

/// Returns a page of an organization's contacts that match a filter, the youngest first. With a
/// reader's groups, the contacts of those groups as those know them (rule A5).
pub async fn page(
    db: impl Into<Db<'_>>,
    organization_id: OrganizationId,
    readers: Option<&[GroupId]>,
    filter: &ContactFilter,
    page: Page<ContactId>,
) -> Result<Vec<Contact>> {
    let readers = stored(readers);
    let readers = readers.as_deref();
    let mut connection = db.into().connection().await?;
    let ids = find::ids(&mut connection, Wanted { organization_id, readers, filter, page }).await?;
    of_ids(&mut connection, organization_id, readers, &ids).await
}

fn stored(readers: Option<&[GroupId]>) -> Option<Vec<Uuid>> {
    readers.map(|groups| groups.iter().map(|id| id.0).collect())
}

/// Returns those of these contacts that the reader sees, the youngest first.
async fn of_ids(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    readers: Option<&[Uuid]>,
    ids: &[Uuid],
) -> Result<Vec<Contact>> {
    let rows = sqlx::query_file!("src/people/contacts_page.sql", organization_id.0, readers, ids)
        .fetch_all(connection)
        .await?;
    rows.into_iter()
        .map(|row| {
            let knowledge = match readers {
                None => Knowledge::Everything,
                Some(_) => {
                    let each =
                        row.knows.into_iter().map(|knows| Knowledge::stored(Some(knows).filter(|one| !one.is_null())));
                    Knowledge::of_all(each.collect::<Result<Vec<_>, _>>()?)
                }
            };
            let whole = knowledge == Knowledge::Everything;
            let shown = knowledge.shows(Values {
                first_name: row.first_name,
                last_name: row.last_name,
                email: row.email,
                postal_code: row.postal_code,
                notes: row.notes,
                external_id: row.external_id,
                fields: row.fields,
            });
            let memberships: Vec<ContactMembership> = serde_json::from_value(row.memberships)?;
            // Others may have written it, and a file's reason names its import.
            let shared =
                readers.is_some_and(|readers| memberships.iter().any(|one| !readers.contains(&one.group_id.0)));
            // Another organization's opt-out is no business of theirs.
            let by_account = row.opt_out_origin.as_deref() == Some(OptOutOrigin::Account.as_str());
            Ok(Contact {
                id: ContactId(row.id),
                e164: row.e164,
                first_name: shown.first_name,
                last_name: shown.last_name,
                email: shown.email,
                postal_code: shown.postal_code,
                notes: shown.notes,
                external_id: shown.external_id,
                fields: shown.fields,
                tags: row.tags,
                line_type: read_word("contact", &row.line_type)?,
                carrier: row.carrier,
                opted_out_at: row.opted_out_at,
                opt_out_reason: row.opt_out_reason.filter(|_| whole && !shared && !(by_account && readers.is_some())),
                redacted_at: row.redacted_at,
                memberships,
                source: read_word("contact", if whole { &row.source } else { &row.joined_source })?,
                source_import_id: if whole { row.source_import_id } else { row.joined_import_id }.map(ImportId),
                source_group_id: if whole { row.source_group_id } else { row.joined_group_id }.map(GroupId),
                consent_text: if whole { row.consent_text } else { row.joined_consent_text },
                created_at: if whole { row.created_at } else { row.joined_at.unwrap_or(row.created_at) },
            })
        })
        .collect()
}

/// Locks those of these contacts that are this organization's and not redacted, in the order of
/// their ids, and returns them.
pub async fn lock(tx: &mut Tx, organization_id: OrganizationId, ids: &[ContactId]) -> Result<Vec<ContactId>> {
    let found = sqlx::query_scalar!(
        "select id from contact where organization_id = $1 and id = any($2) and redacted_at is null order by id for no key update",
        organization_id.0,
        &ids.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(found.into_iter().map(ContactId).collect())
}

/// Locks one contact for an edit; false where it is not there, or redacted.
pub async fn lock_one(tx: &mut Tx, organization_id: OrganizationId, id: ContactId) -> Result<bool> {
    Ok(!lock(tx, organization_id, &[id]).await?.is_empty())
}

/// Returns the groups a contact of this organization is in; `None` when there is no such contact.
pub async fn groups_of(tx: &mut Tx, organization_id: OrganizationId, id: ContactId) -> Result<Option<Vec<GroupId>>> {
    let groups = sqlx::query_scalar!(
        r#"select array(select m.group_id from membership m where m.contact_id = c.id) as "groups!"
           from contact c where c.id = $1 and c.organization_id = $2"#,
        id.0,
        organization_id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(groups.map(|groups| groups.into_iter().map(GroupId).collect()))
}

/// Records an opt-out that an admin says now (rule R2); true when the contact had not opted out
/// before. It takes effect on queued messages at once: the hand-over looks here.
pub async fn opt_out(tx: &mut Tx, organization_id: OrganizationId, id: ContactId, reason: &str) -> Result<bool> {
    opt_out_from(tx, organization_id, id, OptOutOrigin::Admin, reason, None).await
}

/// Records an opt-out by the text of this number, in the order in which texts are received, unless
/// a later word counts already (rule I3a). Without a number, it is said now.
pub async fn opt_out_by(
    tx: &mut Tx,
    organization_id: OrganizationId,
    id: ContactId,
    reason: &str,
    word: Option<i64>,
) -> Result<bool> {
    opt_out_from(tx, organization_id, id, OptOutOrigin::Text, reason, word).await
}

/// Records an opt-out of this origin, as [`opt_out_by`] does.
pub async fn opt_out_from(
    tx: &mut Tx,
    organization_id: OrganizationId,
    id: ContactId,
    origin: OptOutOrigin,
    reason: &str,
    word: Option<i64>,
) -> Result<bool> {
    let words = account_words::lock(tx, organization_id, &[id]).await?;
    let row = sqlx::query!(
        r#"update contact c set opted_out_at = coalesce(c.opted_out_at, clock_timestamp()),
             opt_out_reason = case when c.opted_out_at is null then $3 else c.opt_out_reason end,
             opt_out_origin = case when c.opted_out_at is null then $5 else c.opt_out_origin end,
             last_word = coalesce($4, nextval('receive_order')), updated_at = now()
         from (select id, opted_out_at from contact where id = $1 and organization_id = $2 for update) before
         where c.id = before.id and ($4::bigint is null or c.last_word is null or c.last_word <= $4)
         returning before.opted_out_at is null as "first!""#,
        id.0,
        organization_id.0,
        reason,
        word,
        origin.as_str(),
    )
    .fetch_optional(tx.conn())
    .await?;
    // Also where a later word counts: an agent's own is not undone any more (rule W9).
    sqlx::query!("delete from agent_opt_out where contact_id = $1", id.0).execute(tx.conn()).await?;
    if let Some(words) = &words {
        account_words::spread(tx, words, &[id]).await?;
    }
    let Some(row) = row else { return Ok(false) };
    // The thread leaves the agents' unread list (rule I3).
    sqlx::query!(
        "update thread set unread_since = null, held_by = null, held_until = null where contact_id = $1",
        id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(row.first)
}

/// Records an opt-out of many contacts that is said now, as [`opt_out`] does; returns those that
/// had not opted out before. Redacted ones are left out.
pub async fn opt_out_all(
    tx: &mut Tx,
    organization_id: OrganizationId,
    ids: &[ContactId],
    reason: &str,
) -> Result<Vec<ContactId>> {
    let words = account_words::lock(tx, organization_id, ids).await?;
    let first = sqlx::query_scalar!(
        r#"with before as (
             select id, opted_out_at from contact
             where organization_id = $1 and id = any($2) and redacted_at is null order by id for no key update
         ), told as (
             update contact c set opted_out_at = coalesce(c.opted_out_at, clock_timestamp()),
                 opt_out_reason = case when c.opted_out_at is null then $3 else c.opt_out_reason end,
                 opt_out_origin = case when c.opted_out_at is null then 'admin' else c.opt_out_origin end,
                 last_word = nextval('receive_order'), updated_at = now()
             from before where c.id = before.id
             returning c.id, before.opted_out_at is null as first
         ), final as (
             -- An agent's own is not undone any more (rule W9).
             delete from agent_opt_out a using told where a.contact_id = told.id
         ), hidden as (
             update thread t set unread_since = null, held_by = null, held_until = null from told where t.contact_id = told.id
         )
         select id as "id!" from told where first"#,
        organization_id.0,
        &ids.iter().map(|id| id.0).collect::<Vec<_>>(),
        reason,
    )
    .fetch_all(tx.conn())
    .await?;
    if let Some(words) = &words {
        account_words::spread(tx, words, ids).await?;
    }
    Ok(first.into_iter().map(ContactId).collect())
}

/// Undoes an opt-out now, as an account admin may.
pub async fn opt_in(tx: &mut Tx, organization_id: OrganizationId, id: ContactId) -> Result<bool> {
    opt_in_by(tx, organization_id, id, None).await
}

/// Opts a contact in by their own word of this number, unless a later word counts already
/// (rule I3a). Without a number, it is said now. Of a contact without an opt-out the word is kept
/// all the same: an older opt-out may still be on its way.
pub async fn opt_in_by(tx: &mut Tx, organization_id: OrganizationId, id: ContactId, word: Option<i64>) -> Result<bool> {
    let words = account_words::lock(tx, organization_id, &[id]).await?;
    if words.is_none() {
        account_words::forget_unshared(tx, id).await?;
    }
    let row = sqlx::query!(
        r#"update contact c set opted_out_at = null, opt_out_reason = null, opt_out_origin = null, last_word = coalesce($3, nextval('receive_order')),
             updated_at = now()
         from (select id, opted_out_at from contact where id = $1 and organization_id = $2 for update) before
         where c.id = before.id and ($3::bigint is null or c.last_word is null or c.last_word <= $3)
         returning before.opted_out_at is not null as "undone!""#,
        id.0,
        organization_id.0,
        word,
    )
    .fetch_optional(tx.conn())
    .await?;
    if let Some(words) = &words {
        account_words::spread(tx, words, &[id]).await?;
    }
    Ok(row.is_some_and(|row| row.undone))
}

/// Returns the names of an organization's custom fields.
pub async fn custom_fields(tx: &mut Tx, organization_id: OrganizationId) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "select name from custom_field where organization_id = $1 and switched_at is null",
        organization_id.0
    )
    .fetch_all(tx.conn())
    .await?)
}
