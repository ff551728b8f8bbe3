//! The audit: an entry for each change that somebody asks for, written by the transaction of the
//! change (rule R9).
//!
//! A process names the operation of a request or a command once ([`Acting`], [`scope`]). Each
//! transaction that begins within it ends with an entry as its last statement, if it commits. So
//! no operation writes entries by itself, and the lock of a chain's head, which is taken last and
//! held until the commit alone, waits for nothing and is waited for by writers of entries alone.

mod acting;
mod heads;
mod read;

use std::collections::BTreeMap;

use muster_domain::trust::audit::{Act, INSTALLATION, PrincipalKind, Record, Via};
use sqlx::PgConnection;
use uuid::Uuid;

pub(crate) use self::acting::present;
pub use self::{
    acting::{Acting, Writes, acting_as, because, changes, changes_nothing, concerns, made, made_here, scope},
    heads::{heads, note_published, published, unpublished, verify},
    read::{Filter, Listed, after, page},
};
use crate::{Result, Tx};

/// A party that does something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The kind of party.
    pub kind: PrincipalKind,
    /// The account in which it acts; none for operators, until their act concerns one.
    pub account_id: Option<Uuid>,
    /// The organization that it belongs to.
    pub organization_id: Option<Uuid>,
    /// The member.
    pub member_id: Option<Uuid>,
    /// The member's role.
    pub role: Option<String>,
    /// The operator's name.
    pub operator: Option<String>,
}

impl Principal {
    /// Returns a member that signs in or opens a link: neither shows the role.
    pub const fn member(account_id: Uuid, member_id: Uuid) -> Self {
        let (kind, account_id, member_id) = (PrincipalKind::Member, Some(account_id), Some(member_id));
        Self { kind, account_id, organization_id: None, member_id, role: None, operator: None }
    }

    /// Returns an operator of this name.
    pub const fn operator(name: String) -> Self {
        let kind = PrincipalKind::Operator;
        Self { kind, account_id: None, organization_id: None, member_id: None, role: None, operator: Some(name) }
    }

    /// Returns a visitor of an organization's form.
    pub const fn visitor(account_id: Uuid, organization_id: Uuid) -> Self {
        let (kind, account_id, organization_id) = (PrincipalKind::Visitor, Some(account_id), Some(organization_id));
        Self { kind, account_id, organization_id, member_id: None, role: None, operator: None }
    }
}

/// An entry that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The account of which the chain gets it; without, the organization's, and without that the
    /// installation.
    pub account_id: Option<Uuid>,
    /// Its contents.
    pub act: Act,
    /// The client's address.
    pub address: Option<String>,
    /// The reason, in somebody's words.
    pub reason: Option<String>,
}

impl Draft {
    /// Returns a draft of an operation by nobody yet.
    pub fn of(operation: impl Into<String>, via: Via) -> Self {
        let act = Act {
            organization_id: None,
            principal: PrincipalKind::Member,
            member_id: None,
            role: None,
            operator: None,
            via,
            job_id: None,
            operation: operation.into(),
            method: None,
            records: Vec::new(),
            members: Vec::new(),
            trace_id: None,
        };
        Self { account_id: None, act, address: None, reason: None }
    }

    /// Returns a draft of a job's act on a record, for the member that had asked for it.
    pub fn of_job(operation: &str, member_id: Uuid, (kind, id): (&str, Uuid)) -> Self {
        let mut draft = Self::of(operation, Via::Job);
        draft.act.member_id = Some(member_id);
        draft.act.records.push(Record { kind: kind.to_owned(), id });
        draft
    }

    /// Returns the draft of an act in an account.
    #[must_use]
    pub const fn in_account(mut self, account_id: Uuid) -> Self {
        self.account_id = Some(account_id);
        self
    }

    /// Returns the draft of an act in an organization.
    #[must_use]
    pub const fn in_organization(mut self, organization_id: Uuid) -> Self {
        self.act.organization_id = Some(organization_id);
        self
    }
}

/// Writes the entries of a transaction. Chains are locked in the order of their ids, so that no two
/// transactions wait for one another.
pub(crate) async fn append_all(connection: &mut PgConnection, mut drafts: Vec<Draft>) -> Result<()> {
    if drafts.len() > 1 {
        let organizations: Vec<Uuid> = drafts.iter().filter_map(|draft| draft.act.organization_id).collect();
        let found = sqlx::query!("select id, account_id from organization where id = any($1)", &organizations)
            .fetch_all(&mut *connection)
            .await?;
        let accounts: BTreeMap<Uuid, Uuid> = found.into_iter().map(|row| (row.id, row.account_id)).collect();
        for draft in drafts.iter_mut().filter(|draft| draft.account_id.is_none()) {
            draft.account_id = draft.act.organization_id.and_then(|id| accounts.get(&id).copied());
        }
        drafts.sort_by_key(|draft| draft.account_id.unwrap_or(INSTALLATION));
    }
    for draft in &drafts {
        append(connection, draft).await?;
    }
    Ok(())
}

/// Writes an entry.
async fn append(connection: &mut PgConnection, draft: &Draft) -> Result<i64> {
    let act = &draft.act;
    let kinds: Vec<String> = act.records.iter().map(|record| record.kind.clone()).collect();
    let ids: Vec<Uuid> = act.records.iter().map(|record| record.id).collect();
    let number = sqlx::query_scalar!(
        r#"select audit_append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) as "number!""#,
        draft.account_id,
        act.organization_id,
        act.principal.as_str(),
        act.member_id,
        act.role,
        act.operator,
        act.via.as_str(),
        act.job_id,
        act.operation,
        act.method,
        &kinds,
        &ids,
        &act.members,
        act.trace_id,
        draft.address,
        draft.reason,
        &act.content().0[..],
    )
    .fetch_one(connection)
    .await?;
    Ok(number)
}

/// Writes the entry of a request that revealed much and changed nothing.
pub async fn write_read(tx: &mut Tx, acting: &Acting) -> Result<()> {
    if let Some(draft) = acting.entry() {
        append(tx.conn(), &draft).await?;
    }
    Ok(())
}

/// Forgets addresses of clients that are older than this many days, the oldest, at most `step`;
/// returns how many.
pub async fn forget_addresses(tx: &mut Tx, days: i32, step: i32) -> Result<i64> {
    let gone = sqlx::query_scalar!(
        r#"select audit_forget_addresses(clock_timestamp() - make_interval(days => $1), $2) as "gone!""#,
        days,
        step,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(gone)
}

/// Forgets a person's words beside an account's chain: reasons of acts on these contacts or in
/// which one of the patterns is found, and addresses from which visitors of forms became these
/// contacts.
pub async fn forget_person(tx: &mut Tx, account_id: Uuid, contacts: &[Uuid], sure: &str, alone: &str) -> Result<i64> {
    let gone = sqlx::query_scalar!(
        r#"select audit_forget_person($1, $2, $3, $4) as "gone!""#,
        account_id,
        contacts,
        sure,
        alone
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(gone)
}
