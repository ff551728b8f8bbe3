//! Access requests (rule R8): everything that is held of one contact, as one file.
//!
//! A request is an export of a kind of its own: work, file, links, age and end are the export's
//! (`trust::exports`). The records are those of the registry (`sections`), all of one instant.

mod sections;
mod words;

use futures::TryStreamExt as _;
use muster_domain::{
    ids::{ContactId, ExportId, MemberId, OrganizationId},
    people::{e164::E164, phone_hash::PhoneHashes},
    trust::export::{ExportFormat, ExportKind},
};
use serde_json::json;
use sqlx::AssertSqlSafe;
use tokio::sync::mpsc;
use uuid::Uuid;

pub(crate) use self::sections::tells;
pub use self::sections::{Section, of_files, sections};
use crate::{
    Page, Result, Tx,
    trust::exports::{self, Export, NewExport},
};

/// The kinds of exports that are access requests.
const KINDS: &[ExportKind] = &[ExportKind::AccessRequest];

/// A contact as a preview names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The contact.
    pub id: ContactId,
    /// Their number; none once they are redacted.
    pub number: Option<String>,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
}

/// Returns the contact of an organization with this id, or with this number.
pub async fn find(
    tx: &mut Tx,
    organization_id: OrganizationId,
    id: Option<ContactId>,
    number: Option<&E164>,
) -> Result<Option<Found>> {
    let row = sqlx::query!(
        "select id, e164, first_name, last_name from contact
         where organization_id = $1 and (id = $2 or e164 = $3) and ($2::uuid is null or $3::text is null)",
        organization_id.0,
        id.map(|id| id.0),
        number.map(E164::as_str),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Found {
        id: ContactId(row.id),
        number: row.e164,
        first_name: row.first_name,
        last_name: row.last_name,
    }))
}

/// A request to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewRequest<'a> {
    /// The tenant.
    pub organization_id: OrganizationId,
    /// The admin that asks.
    pub created_by: MemberId,
    /// The contact.
    pub contact_id: ContactId,
    /// The reason.
    pub reason: &'a str,
}

/// Creates a request, and the export of the same id.
pub async fn create(tx: &mut Tx, id: ExportId, new: &NewRequest<'_>) -> Result<()> {
    let export = NewExport {
        organization_id: new.organization_id,
        created_by: new.created_by,
        kind: ExportKind::AccessRequest,
        format: ExportFormat::Html,
        gzip: false,
        columns: &[],
        filter: &json!({}),
        readers: None,
    };
    exports::create(tx, id, &export).await?;
    sqlx::query!(
        "insert into access_request (id, contact_id, reason) values ($1, $2, $3)",
        id.0,
        new.contact_id.0,
        new.reason,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its work and its file.
    pub export: Export,
    /// The contact.
    pub contact_id: ContactId,
    /// The reason; none once the person was redacted.
    pub reason: Option<String>,
}

/// Returns a page of an organization's requests, the youngest first, or this one alone.
pub async fn page(
    tx: &mut Tx,
    organization_id: OrganizationId,
    id: Option<ExportId>,
    page: Page<ExportId>,
) -> Result<Vec<Request>> {
    let filter = exports::Filter { id, kinds: Some(KINDS), ..exports::Filter::default() };
    let found = exports::page(&mut *tx, organization_id, filter, page).await?;
    let ids: Vec<_> = found.iter().map(|export| export.id.0).collect();
    let rows = sqlx::query!("select id, contact_id, reason from access_request where id = any($1)", &ids)
        .fetch_all(tx.conn())
        .await?;
    let request = |export: Export| {
        let row = rows.iter().find(|row| row.id == export.id.0)?;
        Some(Request { contact_id: ContactId(row.contact_id), reason: row.reason.clone(), export })
    };
    Ok(found.into_iter().filter_map(request).collect())
}

/// The person that a request is about, as their rows are found.
#[derive(Debug, Clone)]
pub struct Subject {
    contact_id: Uuid,
    organization_id: Uuid,
    account_id: Uuid,
    number: Option<String>,
    hashes: Vec<Vec<u8>>,
}

/// Has a transaction that has just begun read as of one instant, with instants in UTC.
pub async fn as_of_one_instant(tx: &mut Tx) -> Result<()> {
    sqlx::query!("set transaction isolation level repeatable read read only").execute(tx.conn()).await?;
    sqlx::query!("set local time zone 'UTC'").execute(tx.conn()).await?;
    Ok(())
}

impl Subject {
    /// Returns their number; none once they are redacted.
    pub fn number(&self) -> Option<&str> {
        self.number.as_deref()
    }
}

/// Returns the contact that a request is about.
pub async fn contact_of(tx: &mut Tx, id: ExportId) -> Result<Option<ContactId>> {
    let found = sqlx::query_scalar!("select contact_id from access_request where id = $1", id.0);
    Ok(found.fetch_optional(tx.conn()).await?.map(ContactId))
}

/// Returns a contact of an organization as the subject of a request; none where there is no such
/// contact. `hash` gives the keyed hashes of the number.
pub async fn subject(
    tx: &mut Tx,
    organization_id: OrganizationId,
    contact_id: ContactId,
    hash: impl Fn(&E164) -> PhoneHashes,
) -> Result<Option<Subject>> {
    let row = sqlx::query!(
        "select c.e164, o.account_id from contact c join organization o on o.id = c.organization_id
         where c.id = $1 and c.organization_id = $2",
        contact_id.0,
        organization_id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let number = row.e164.as_deref().map(E164::parse).transpose()?;
    let hashes = number.as_ref().map(hash);
    let hashes = hashes.into_iter().flat_map(|all| std::iter::once(all.current).chain(all.previous));
    Ok(Some(Subject {
        contact_id: contact_id.0,
        organization_id: organization_id.0,
        account_id: row.account_id,
        number: number.map(|number| number.as_str().to_owned()),
        hashes: hashes.map(|hash| hash.to_vec()).collect(),
    }))
}

/// Returns how many records each of these sections has of a person.
pub async fn counts(tx: &mut Tx, sections: &[Section], subject: &Subject) -> Result<Vec<i64>> {
    let mut counts = Vec::with_capacity(sections.len());
    for section in sections {
        // Made of names in the source alone.
        let sql = format!("select count(*) from ({}) counted", section.sql);
        let count = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(subject.contact_id)
            .bind(subject.organization_id)
            .bind(subject.account_id)
            .bind(subject.number.as_deref())
            .bind(&subject.hashes)
            .fetch_one(tx.conn())
            .await?;
        counts.push(count);
    }
    Ok(counts)
}

/// A part of a file's records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The records of the section of this number begin.
    Section(usize),
    /// A record, a JSON object.
    Record(String),
    /// The section's records are whole.
    SectionEnd,
    /// All sections are whole.
    End,
}

/// Sends the records of all sections as they are received, section by section, without the end
/// behind them. Ends when the receiver has gone.
pub async fn send(tx: &mut Tx, sections: &[Section], subject: &Subject, to: &mpsc::Sender<Part>) -> Result<()> {
    for (nth, section) in sections.iter().enumerate() {
        if to.send(Part::Section(nth)).await.is_err() {
            return Ok(());
        }
        let mut records = sqlx::query_scalar::<_, String>(AssertSqlSafe(section.sql.clone()))
            .bind(subject.contact_id)
            .bind(subject.organization_id)
            .bind(subject.account_id)
            .bind(subject.number.as_deref())
            .bind(&subject.hashes)
            .fetch(tx.conn());
        while let Some(record) = records.try_next().await? {
            if to.send(Part::Record(record)).await.is_err() {
                return Ok(());
            }
        }
        drop(records);
        if to.send(Part::SectionEnd).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}
