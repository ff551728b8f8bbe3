//! Bulk changes (rule C16): one action on all contacts that match a filter.
//!
//! The set is frozen once, by the first job: the contacts that match at that instant, as the admin
//! that asked sees them. A job takes the set in slices. A slice's effects, its counts and its end
//! in the set commit together, under a lock of the bulk change, so that a job that dies or runs
//! twice does each contact once.

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{BulkChangeId, ContactId, GroupId, MemberId, OrganizationId},
    people::{
        bulk::{BulkAction, BulkCommand, BulkFailure, BulkOutcome, BulkOutcomes, BulkState},
        filter::ContactFilter,
    },
};
use serde_json::Value;
use uuid::Uuid;

use crate::{Db, Page, Result, Tx, db::error::read_word, people::memberships::Outcomes, trust::audit::Draft};

/// A bulk change to be made.
#[derive(Debug)]
pub struct NewBulkChange<'a> {
    /// The tenant.
    pub organization_id: OrganizationId,
    /// The admin that asks.
    pub created_by: MemberId,
    /// Its contacts.
    pub filter: &'a ContactFilter,
    /// The action.
    pub action: &'a BulkAction,
    /// The tag that the action names.
    pub tag_id: Option<Uuid>,
    /// The groups of an admin of groups.
    pub readers: Option<&'a [GroupId]>,
}

/// A bulk change.
#[derive(Debug, Clone)]
pub struct BulkChange {
    /// The change.
    pub id: BulkChangeId,
    /// The admin that asked.
    pub created_by: MemberId,
    /// Its contacts, as a redaction may have left it.
    pub filter: Value,
    /// The action, as a redaction may have left it.
    pub action: Value,
    /// The tag that the action names.
    pub tag_id: Option<Uuid>,
    /// The groups of the admin of groups that asked.
    pub readers: Option<Vec<GroupId>>,
    /// How far it is.
    pub state: BulkState,
    /// Why it could not go on.
    pub failure: Option<BulkFailure>,
    /// The size of its set; none until that is frozen.
    pub contacts: Option<i64>,
    /// Of them, those that are accounted for.
    pub done: i64,
    /// The same by outcome.
    pub outcomes: BulkOutcomes,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When its set was frozen.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was over.
    pub finished_at: Option<DateTime<Utc>>,
}

impl BulkChange {
    /// Returns the action as it was asked for.
    pub fn read_action(&self) -> Result<BulkAction> {
        Ok(serde_json::from_value(self.action.clone())?)
    }
}

/// Returns how many contacts match a filter, as the reader's groups see them. Redacted ones are in
/// no bulk change.
pub async fn count(
    tx: &mut Tx,
    organization_id: OrganizationId,
    readers: Option<&[GroupId]>,
    filter: &ContactFilter,
) -> Result<i64> {
    let readers = stored(readers);
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "contacts!" from matching_contacts($1, $2, $3) c where c.redacted_at is null"#,
        organization_id.0,
        readers.as_deref(),
        serde_json::to_value(filter)?,
    )
    .fetch_one(tx.conn())
    .await?)
}

fn stored(readers: Option<&[GroupId]>) -> Option<Vec<Uuid>> {
    readers.map(|groups| groups.iter().map(|id| id.0).collect())
}

/// Returns how many bulk changes of an organization are not over. Requests at the same time
/// wait for one another.
pub async fn open(tx: &mut Tx, organization_id: OrganizationId) -> Result<i64> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", format!("bulk changes {organization_id}"))
        .execute(tx.conn())
        .await?;
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "open!" from bulk_change where organization_id = $1 and state in ('waiting', 'running')"#,
        organization_id.0,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Creates a bulk change.
pub async fn create(tx: &mut Tx, id: BulkChangeId, new: &NewBulkChange<'_>) -> Result<()> {
    let readers = stored(new.readers);
    sqlx::query!(
        "insert into bulk_change (id, organization_id, created_by, filter, action, tag_id, readers) values ($1, $2, $3, $4, $5, $6, $7)",
        id.0,
        new.organization_id.0,
        new.created_by.0,
        serde_json::to_value(new.filter)?,
        serde_json::to_value(new.action)?,
        new.tag_id,
        readers.as_deref(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Bulk changes that a list has; each member narrows it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Asked for by this admin.
    pub created_by: Option<MemberId>,
    /// This one alone.
    pub id: Option<BulkChangeId>,
}

/// Returns a page of an organization's bulk changes, the youngest first.
pub async fn page(
    db: impl Into<Db<'_>>,
    organization_id: OrganizationId,
    filter: Filter,
    page: Page<BulkChangeId>,
) -> Result<Vec<BulkChange>> {
    let rows = sqlx::query!(
        "select * from bulk_change
         where organization_id = $1 and ($2::uuid is null or created_by = $2) and ($3::uuid is null or id = $3)
           and ($4::uuid is null or id < $4)
         order by id desc limit $5",
        organization_id.0,
        filter.created_by.map(|id| id.0),
        filter.id.map(|id| id.0),
        page.after.map(|id| id.0),
        page.limit,
    )
    .fetch_all(&mut *db.into().connection().await?)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(BulkChange {
                id: BulkChangeId(row.id),
                created_by: MemberId(row.created_by),
                filter: row.filter,
                action: row.action,
                tag_id: row.tag_id,
                readers: row.readers.map(|groups| groups.into_iter().map(GroupId).collect()),
                state: read_word("bulk_change", &row.state)?,
                failure: row.failure.map(|word| read_word("bulk_change", &word)).transpose()?,
                contacts: row.contacts,
                done: row.done,
                outcomes: serde_json::from_value(row.outcomes)?,
                created_at: row.created_at,
                started_at: row.started_at,
                finished_at: row.finished_at,
            })
        })
        .collect()
}

/// Locks a bulk change of an organization, and returns it.
pub async fn lock(tx: &mut Tx, organization_id: OrganizationId, id: BulkChangeId) -> Result<Option<BulkChange>> {
    sqlx::query!(
        "select from bulk_change where id = $1 and organization_id = $2 for no key update",
        id.0,
        organization_id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    let filter = Filter { id: Some(id), ..Filter::default() };
    Ok(page(tx, organization_id, filter, Page::first(1)).await?.pop())
}

/// Freezes the set of a locked bulk change: the contacts that match its filter now.
pub async fn freeze(tx: &mut Tx, organization_id: OrganizationId, change: &BulkChange) -> Result<()> {
    let readers = stored(change.readers.as_deref());
    let frozen = sqlx::query!(
        "insert into bulk_change_contact (bulk_change_id, contact_id)
         select $4, c.id from matching_contacts($1, $2, $3) c where c.redacted_at is null",
        organization_id.0,
        readers.as_deref(),
        change.filter,
        change.id.0,
    )
    .execute(tx.conn())
    .await?
    .rows_affected();
    let Some(state) = change.state.after(BulkCommand::Freeze) else { return Ok(()) };
    sqlx::query!(
        "update bulk_change set state = $2, contacts = $3, started_at = clock_timestamp() where id = $1",
        change.id.0,
        state.as_str(),
        i64::try_from(frozen).unwrap_or(i64::MAX),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The next contacts of a set.
#[derive(Debug)]
pub struct Slice {
    /// The action is for these.
    pub contacts: Vec<ContactId>,
    /// Contacts that have gone, or were redacted, since the set was frozen.
    pub left_out: Outcomes,
}

impl Slice {
    /// Returns whether the set has no more.
    pub fn is_empty(&self) -> bool {
        self.contacts.is_empty() && self.left_out.is_empty()
    }
}

/// Returns the next contacts of a locked bulk change, in the order in which contacts are locked.
pub async fn next(tx: &mut Tx, change: &BulkChange, limit: i64) -> Result<Slice> {
    let readers = stored(change.readers.as_deref());
    let rows = sqlx::query!(
        r#"with next as (
             select contact_id from bulk_change_contact where bulk_change_id = $1 order by contact_id limit $2
         )
         select n.contact_id as "id!",
                c.id is null or ($3::uuid[] is not null and not exists (
                    select from membership m where m.contact_id = n.contact_id and m.group_id = any($3))) as "gone!",
                coalesce(c.redacted_at is not null, false) as "redacted!"
         from next n left join contact c on c.id = n.contact_id order by n.contact_id"#,
        change.id.0,
        limit,
        readers.as_deref(),
    )
    .fetch_all(tx.conn())
    .await?;
    let mut slice = Slice { contacts: Vec::new(), left_out: Outcomes::new() };
    for row in rows {
        let id = ContactId(row.id);
        match (row.gone, row.redacted) {
            (true, _) => {
                slice.left_out.insert(id, BulkOutcome::Gone);
            }
            (false, true) => {
                slice.left_out.insert(id, BulkOutcome::Redacted);
            }
            (false, false) => slice.contacts.push(id),
        }
    }
    Ok(slice)
}

/// Accounts for contacts of a locked bulk change.
pub async fn record(tx: &mut Tx, change: &BulkChange, outcomes: &Outcomes) -> Result<()> {
    let mut counts = change.outcomes.clone();
    for outcome in outcomes.values() {
        *counts.entry(*outcome).or_default() += 1;
    }
    let ids: Vec<_> = outcomes.keys().map(|id| id.0).collect();
    sqlx::query!(
        "with accounted as (
             delete from bulk_change_contact where bulk_change_id = $1 and contact_id = any($2) returning contact_id
         )
         update bulk_change set outcomes = $3, done = done + (select count(*) from accounted) where id = $1",
        change.id.0,
        &ids,
        serde_json::to_value(&counts)?,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends a locked bulk change, and forgets the rest of its set; false when it is over already.
pub async fn end(tx: &mut Tx, change: &BulkChange, command: BulkCommand, failure: Option<BulkFailure>) -> Result<bool> {
    let Some(state) = change.state.after(command).filter(|state| state.is_over()) else { return Ok(false) };
    let organization_id = sqlx::query_scalar!(
        "update bulk_change set state = $2, failure = $3, finished_at = clock_timestamp() where id = $1 returning organization_id",
        change.id.0,
        state.as_str(),
        failure.map(BulkFailure::as_str),
    )
    .fetch_one(tx.conn())
    .await?;
    if command != BulkCommand::Cancel {
        let record = ("bulk_change", change.id.0);
        let done = Draft::of_job(&format!("bulk_change_{state}"), change.created_by.0, record);
        tx.record(done.in_organization(organization_id));
    }
    sqlx::query!("delete from bulk_change_contact where bulk_change_id = $1", change.id.0).execute(tx.conn()).await?;
    Ok(true)
}
