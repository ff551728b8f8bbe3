//! Access requests as answers tell them.

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{ContactId, ExportId, MemberId},
    trust::export::{ExportFailure, ExportState, FileEnd},
};
use muster_storage::{
    Page, Tx,
    trust::access::{self, Request},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{auth::Admin, list::Item, problem::Problem, shapes};

#[derive(Serialize, ToSchema)]
pub(crate) struct AccessRequestBody {
    #[schema(value_type = uuid::Uuid)]
    id: ExportId,
    /// The admin that asked.
    #[schema(value_type = uuid::Uuid)]
    created_by: MemberId,
    #[schema(value_type = uuid::Uuid)]
    contact_id: ContactId,
    /// Null once the person was redacted.
    reason: Option<String>,
    /// `waiting`, then `running`; at last `succeeded`, `failed` or `cancelled`.
    #[schema(value_type = shapes::ExportState)]
    state: ExportState,
    /// Why it could not go on.
    #[schema(value_type = Option<shapes::ExportFailure>)]
    failure: Option<ExportFailure>,
    /// How many records there will be, once a worker has begun.
    rows_expected: Option<i64>,
    /// Records so far.
    rows: i64,
    /// Bytes so far; of the file once it is whole.
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

impl Item for AccessRequestBody {
    type Id = ExportId;

    const PAGE: &'static str = "AccessRequestPage";
}

/// Returns a request as it is told.
pub(crate) fn body(request: Request) -> AccessRequestBody {
    let Request { export, contact_id, reason } = request;
    AccessRequestBody {
        id: export.id,
        created_by: export.created_by,
        contact_id,
        reason,
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

/// Returns a request of the admin's organization.
pub(crate) async fn find(tx: &mut Tx, admin: &Admin, id: ExportId) -> Result<Request, Problem> {
    let found = access::page(tx, admin.organization_id, Some(id), Page::first(1)).await?.pop();
    found.ok_or_else(|| Problem::no("access request"))
}
