//! Exports as answers tell them.

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{ExportId, MemberId},
    tenancy::role::Role,
    trust::export::{Chosen, ExportFailure, ExportFormat, ExportKind, ExportState, FileEnd},
};
use muster_storage::{
    Page, Tx,
    trust::exports::{self, Export, Filter},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{auth::Admin, list::Item, problem::Problem, shapes};

#[derive(Serialize, ToSchema)]
pub(crate) struct ExportBody {
    #[schema(value_type = uuid::Uuid)]
    id: ExportId,
    /// The admin that asked.
    #[schema(value_type = uuid::Uuid)]
    created_by: MemberId,
    #[schema(value_type = shapes::ExportKind)]
    kind: ExportKind,
    #[schema(value_type = shapes::ExportFormat)]
    format: ExportFormat,
    /// The file is packed by gzip.
    gzip: bool,
    /// The columns of the file, in their order.
    columns: Vec<String>,
    /// The conditions of the records.
    #[schema(value_type = shapes::ExportFilter)]
    filter: Value,
    /// `waiting`, then `running`; at last `succeeded`, `failed` or `cancelled`.
    #[schema(value_type = shapes::ExportState)]
    state: ExportState,
    /// Why it could not go on.
    #[schema(value_type = Option<shapes::ExportFailure>)]
    failure: Option<ExportFailure>,
    /// About how many records there will be, once a worker has begun.
    rows_expected: Option<i64>,
    /// Records so far.
    rows: i64,
    /// Bytes so far, before they are packed; of the file once it is whole.
    bytes: i64,
    created_at: DateTime<Utc>,
    /// When its worker began: its records are those of an instant after it.
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    /// How long the file is kept.
    file_until: Option<DateTime<Utc>>,
    /// Since when there is no file any more.
    file_ended_at: Option<DateTime<Utc>>,
    /// Why: `aged`, or `redaction`, because somebody of the account was redacted after it was
    /// written.
    #[schema(value_type = Option<shapes::FileEnd>)]
    file_end: Option<FileEnd>,
}

impl Item for ExportBody {
    type Id = ExportId;

    const PAGE: &'static str = "ExportPage";
}

/// Returns an export as it is told.
pub(crate) fn body(export: Export) -> ExportBody {
    ExportBody {
        id: export.id,
        created_by: export.created_by,
        kind: export.kind,
        format: export.format,
        gzip: export.gzip,
        columns: export.chosen().iter().map(Chosen::name).collect(),
        filter: export.filter,
        state: export.state,
        failure: export.failure,
        rows_expected: export.rows_expected,
        rows: export.rows,
        bytes: export.bytes,
        created_at: export.created_at,
        started_at: export.started_at,
        finished_at: export.finished_at,
        file_until: export.file_until,
        file_ended_at: export.file_ended_at,
        file_end: export.file_end,
    }
}

/// Returns the exports that an admin sees: a group admin their own, because a file has the
/// knowledge of groups. Acts of the whole account are for account admins, and access requests are
/// no exports.
pub(crate) fn seen(admin: &Admin) -> Filter {
    let of_groups = admin.at_least(Role::OrganizationAdmin).is_err();
    let kinds: &'static [ExportKind] = if of_groups { &ExportKind::OF_GROUPS } else { &ExportKind::OFFERED };
    Filter {
        created_by: of_groups.then_some(admin.member.id),
        id: None,
        kinds: Some(kinds),
        without_account_acts: admin.at_least(Role::AccountAdmin).is_err(),
    }
}

/// Returns an export that an admin sees.
pub(crate) async fn find(tx: &mut Tx, admin: &Admin, id: ExportId) -> Result<Export, Problem> {
    let filter = Filter { id: Some(id), ..seen(admin) };
    let found = exports::page(tx, admin.organization_id, filter, Page::first(1)).await?.pop();
    found.ok_or_else(|| Problem::no("export"))
}
