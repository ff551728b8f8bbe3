//! Entries of the audit as answers tell them.

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::MemberId,
    trust::audit::{PrincipalKind, Via},
};
use muster_storage::{
    Page,
    trust::audit::{Filter, Listed},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{bounds, list::page_limit, problem::Problem, shapes};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Only acts of this member.
    #[param(value_type = Option<Uuid>)]
    member_id: Option<MemberId>,
    /// Only acts of the operator of this name.
    #[param(inline, value_type = Option<bounds::OperatorName>)]
    operator: Option<String>,
    /// Only this operation, such as `patch_contact`.
    #[param(inline, value_type = Option<bounds::AuditWord>)]
    operation: Option<String>,
    /// Only acts with a main record of this kind, such as `contact`.
    #[param(inline, value_type = Option<bounds::AuditWord>)]
    record_kind: Option<String>,
    /// Only acts that name this record.
    record_id: Option<Uuid>,
    /// Only acts at this instant or later.
    from: Option<DateTime<Utc>>,
    /// Only acts before this instant.
    to: Option<DateTime<Utc>>,
    /// The `next` of the page before.
    #[param(inline, value_type = Option<bounds::AuditNumber>)]
    cursor: Option<i64>,
    /// Items at most; 100 unless told.
    #[param(inline, value_type = Option<bounds::PageLimit>)]
    limit: Option<i64>,
}

/// Reads a query.
pub(crate) fn read(query: AuditQuery) -> Result<(Filter, Page<i64>), Problem> {
    if let Some(operator) = &query.operator {
        bounds::OperatorName::read("operator", operator).map_err(Problem::of_a_parameter)?;
    }
    for word in [&query.operation, &query.record_kind].into_iter().flatten() {
        bounds::AuditWord::read(word).map_err(Problem::of_a_parameter)?;
    }
    let after = query.cursor.map(|number| bounds::AuditNumber::read("cursor", number)).transpose();
    let page = Page { after: after.map_err(Problem::of_a_parameter)?, limit: page_limit(query.limit)? };
    let filter = Filter {
        organization_id: None,
        member_id: query.member_id.map(|id| id.0),
        operator: query.operator,
        operation: query.operation,
        record_kind: query.record_kind,
        record_id: query.record_id,
        from: query.from,
        to: query.to,
    };
    Ok((filter, page))
}

/// A page of acts.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditPage {
    items: Vec<AuditEntry>,
    /// The cursor of the next page; null on the last.
    next: Option<i64>,
}

impl AuditPage {
    /// Returns the page of these entries.
    pub(crate) fn of(page: &Page<i64>, found: Vec<Listed>) -> Self {
        let next = page.next(&found, |listed| listed.entry.number);
        Self { items: found.into_iter().map(AuditEntry::of).collect(), next }
    }
}

/// An act: an operation, its records, its party and their address.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditEntry {
    /// Its place in the account's chain.
    number: i64,
    at: DateTime<Utc>,
    /// Null for acts on the account itself.
    organization_id: Option<Uuid>,
    #[schema(value_type = shapes::PrincipalKind)]
    principal: PrincipalKind,
    member_id: Option<Uuid>,
    /// The member's role at that time.
    role: Option<String>,
    /// The operator's name.
    operator: Option<String>,
    #[schema(value_type = shapes::AuditVia)]
    via: Via,
    job_id: Option<Uuid>,
    operation: String,
    /// The request's method.
    method: Option<String>,
    /// The main record first.
    records: Vec<AuditRecord>,
    /// Names of the members that the request had.
    members: Vec<String>,
    trace_id: Option<String>,
    /// The client's address, as long as it is kept.
    address: Option<String>,
    /// The reason that was given.
    reason: Option<String>,
    /// The entry's hash, which covers all entries before it.
    #[schema(value_type = bounds::Sha256)]
    hash: String,
}

/// A record that an act names.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditRecord {
    kind: String,
    id: Uuid,
}

impl AuditEntry {
    fn of(listed: Listed) -> Self {
        let Listed { entry, address, reason, .. } = listed;
        let act = entry.act;
        Self {
            number: entry.number,
            at: entry.at,
            organization_id: act.organization_id,
            principal: act.principal,
            member_id: act.member_id,
            role: act.role,
            operator: act.operator,
            via: act.via,
            job_id: act.job_id,
            operation: act.operation,
            method: act.method,
            records: act.records.into_iter().map(|record| AuditRecord { kind: record.kind, id: record.id }).collect(),
            members: act.members,
            trace_id: act.trace_id,
            address,
            reason,
            hash: entry.hash.to_string(),
        }
    }
}
