//! Reading entries: pages for admins, and pages of a whole chain.

use chrono::{DateTime, Utc};
use muster_domain::trust::audit::{Act, Entry, Hash, Record};
use uuid::Uuid;

use crate::{
    Db, Error, Page, Result,
    db::error::{read_word, recognized},
};

/// Choice of entries; `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Within this organization.
    pub organization_id: Option<Uuid>,
    /// By this member.
    pub member_id: Option<Uuid>,
    /// By this operator.
    pub operator: Option<String>,
    /// This operation.
    pub operation: Option<String>,
    /// With a main record of this kind.
    pub record_kind: Option<String>,
    /// That names this record.
    pub record_id: Option<Uuid>,
    /// Not before this.
    pub from: Option<DateTime<Utc>>,
    /// Before this.
    pub to: Option<DateTime<Utc>>,
}

/// An entry with the words beside it, as far as they are kept.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The entry.
    pub entry: Entry,
    /// The client's address.
    pub address: Option<String>,
    /// The reason.
    pub reason: Option<String>,
    /// Whether the words are those of the entry's hashes.
    pub asides_hold: bool,
}

/// A row of either list.
struct Row {
    chain: Uuid,
    number: i64,
    at: DateTime<Utc>,
    organization_id: Option<Uuid>,
    principal: String,
    member_id: Option<Uuid>,
    role: Option<String>,
    operator: Option<String>,
    via: String,
    job_id: Option<Uuid>,
    operation: String,
    method: Option<String>,
    record_kinds: Vec<String>,
    record_ids: Vec<Uuid>,
    members: Vec<String>,
    trace_id: Option<String>,
    address_hash: Option<Vec<u8>>,
    reason_hash: Option<Vec<u8>>,
    hash: Vec<u8>,
    address: Option<String>,
    reason: Option<String>,
    asides_hold: bool,
}

/// Reads a hash that a row holds.
pub(super) fn read_hash(bytes: &[u8]) -> Result<Hash> {
    recognized("audit_entry", "a hash", Hash::of_bytes(bytes))
}

impl TryFrom<Row> for Listed {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let records = row.record_kinds.into_iter().zip(row.record_ids);
        let act = Act {
            organization_id: row.organization_id,
            principal: read_word("audit_entry", &row.principal)?,
            member_id: row.member_id,
            role: row.role,
            operator: row.operator,
            via: read_word("audit_entry", &row.via)?,
            job_id: row.job_id,
            operation: row.operation,
            method: row.method,
            records: records.map(|(kind, id)| Record { kind, id }).collect(),
            members: row.members,
            trace_id: row.trace_id,
        };
        let entry = Entry {
            chain: row.chain,
            number: row.number,
            at: row.at,
            act,
            address_hash: row.address_hash.as_deref().map(read_hash).transpose()?,
            reason_hash: row.reason_hash.as_deref().map(read_hash).transpose()?,
            hash: read_hash(&row.hash)?,
        };
        Ok(Self { entry, address: row.address, reason: row.reason, asides_hold: row.asides_hold })
    }
}

/// Returns a page of the entries of a chain that a filter means, the newest first.
pub async fn page<'a>(db: impl Into<Db<'a>>, chain: Uuid, filter: &Filter, page: Page<i64>) -> Result<Vec<Listed>> {
    let mut connection = db.into().connection().await?;
    let rows = sqlx::query_as!(
        Row,
        r#"select e.*, a.words as "address?", r.words as "reason?",
                  coalesce(sha256(a.salt || convert_to(a.words, 'UTF8')) = e.address_hash, a.words is null)
                  and coalesce(sha256(r.salt || convert_to(r.words, 'UTF8')) = e.reason_hash, r.words is null) as "asides_hold!"
           from (
               select * from audit_entry
               where chain = $1 and ($2::uuid is null or organization_id = $2) and ($3::uuid is null or member_id = $3)
                 and ($4::text is null or operator = $4) and ($5::text is null or operation = $5)
                 and ($6::text is null or record_kinds[1] = $6) and ($7::uuid is null or record_ids @> array[$7])
                 and ($8::timestamptz is null or at >= $8) and ($9::timestamptz is null or at < $9)
                 and ($10::bigint is null or number < $10)
               order by number desc limit $11
           ) e
           left join audit_aside a on a.chain = e.chain and a.number = e.number and a.kind = 'address'
           left join audit_aside r on r.chain = e.chain and r.number = e.number and r.kind = 'reason'
           order by e.number desc"#,
        chain,
        filter.organization_id,
        filter.member_id,
        filter.operator,
        filter.operation,
        filter.record_kind,
        filter.record_id,
        filter.from,
        filter.to,
        page.after,
        page.limit,
    )
    .fetch_all(&mut *connection)
    .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Returns the entries of a chain behind a number, in their order.
pub async fn after<'a>(db: impl Into<Db<'a>>, chain: Uuid, number: i64, limit: i64) -> Result<Vec<Listed>> {
    let mut connection = db.into().connection().await?;
    let rows = sqlx::query_as!(
        Row,
        r#"select e.*, a.words as "address?", r.words as "reason?",
                  coalesce(sha256(a.salt || convert_to(a.words, 'UTF8')) = e.address_hash, a.words is null)
                  and coalesce(sha256(r.salt || convert_to(r.words, 'UTF8')) = e.reason_hash, r.words is null) as "asides_hold!"
           from (select * from audit_entry where chain = $1 and number > $2 order by number limit $3) e
           left join audit_aside a on a.chain = e.chain and a.number = e.number and a.kind = 'address'
           left join audit_aside r on r.chain = e.chain and r.number = e.number and r.kind = 'reason'
           order by e.number"#,
        chain,
        number,
        limit,
    )
    .fetch_all(&mut *connection)
    .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}
