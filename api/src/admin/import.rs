//! `/v1/organizations/{organization_id}/imports/{import_id}`: progress, rejects and cancelling (rules C7 and C12).

use std::collections::BTreeMap;

use axum::{
    Json as Answer,
    body::{Body, Bytes},
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use futures::stream;
use muster_domain::ids::{GroupId, ImportId};
use muster_storage::imports::{self, Import, Reject};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{auth::Admin, extract::Path, problem::Problem, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct ImportBody {
    #[schema(value_type = Uuid)]
    id: ImportId,
    #[schema(value_type = Uuid)]
    group_id: GroupId,
    file_name: String,
    dry_run: bool,
    /// `waiting`, `running`, `succeeded`, `failed` or `cancelled`.
    state: String,
    /// Why the file as a whole was refused.
    failure: Option<String>,
    size_bytes: i64,
    bytes_read: i64,
    rows_read: i64,
    created: i64,
    updated: i64,
    unchanged: i64,
    merged: i64,
    rejected: i64,
    /// Rejected rows by reason.
    reject_reasons: BTreeMap<String, i64>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

async fn find(api: &Api, admin: &Admin, id: ImportId) -> Result<Import, Problem> {
    let import = imports::get(&api.pool, admin.organization_id, id).await?.ok_or_else(|| Problem::no("import"))?;
    admin.group(import.group_id).map_err(|_| Problem::no("import"))?;
    Ok(import)
}

/// Reads an import's progress or report. The counters add up to the rows read once it is over.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/imports/{import_id}", tag = "imports", params(("organization_id" = Uuid, Path), ("import_id" = Uuid, Path)), responses((status = 200, body = ImportBody), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn get(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ImportId)>,
) -> Result<Answer<ImportBody>, Problem> {
    let import = find(&api, &admin, id).await?;
    let reject_reasons = imports::reject_reasons(&api.pool, id).await?;
    Ok(Answer(ImportBody {
        id,
        group_id: import.group_id,
        file_name: import.file_name,
        dry_run: import.dry_run,
        state: import.state,
        failure: import.failure,
        size_bytes: import.size_bytes,
        bytes_read: import.bytes_read,
        rows_read: import.counters.rows_read,
        created: import.counters.created,
        updated: import.counters.updated,
        unchanged: import.counters.unchanged,
        merged: import.counters.merged,
        rejected: import.counters.rejected,
        reject_reasons,
        created_at: import.created_at,
        finished_at: import.finished_at,
    }))
}

/// Cancels an import that is not over; nothing of it is applied.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/imports/{import_id}/cancel", tag = "imports", params(("organization_id" = Uuid, Path), ("import_id" = Uuid, Path)), responses((status = 202), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn cancel(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ImportId)>,
) -> Result<StatusCode, Problem> {
    find(&api, &admin, id).await?;
    let mut tx = api.pool.begin().await?;
    if !imports::request_cancel(&mut tx, admin.organization_id, id).await? {
        return Err(Problem::conflict("the import is over"));
    }
    tx.commit().await?;
    Ok(StatusCode::ACCEPTED)
}

/// Rejected rows in one page of the download.
const PAGE: i64 = 1_000;

/// Downloads the rejected rows as CSV: line, reason, column and the raw row.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/imports/{import_id}/rejects.csv", tag = "imports", params(("organization_id" = Uuid, Path), ("import_id" = Uuid, Path)), responses((status = 200, content_type = "text/csv", body = String), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn rejects(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ImportId)>,
) -> Result<Response, Problem> {
    find(&api, &admin, id).await?;
    let header = Bytes::from_static(b"line,reason,column,row\r\n");
    let pages = stream::try_unfold(Some(0), move |after| {
        let pool = api.pool.clone();
        async move {
            let Some(after) = after else { return Ok::<_, muster_storage::Error>(None) };
            let page = imports::rejects(&pool, id, after, PAGE).await?;
            let next = page.last().map(|reject| reject.line);
            Ok(next.map(|next| (Bytes::from(page.iter().map(line).collect::<String>()), Some(next))))
        }
    });
    let body = futures::StreamExt::chain(stream::once(async { Ok(header) }), pages);
    Ok(([(CONTENT_TYPE, "text/csv; charset=utf-8")], Body::from_stream(body)).into_response())
}

fn line(reject: &Reject) -> String {
    let column = reject.column.as_deref().unwrap_or_default();
    format!("{},{},{},{}\r\n", reject.line, cell(&reject.reason), cell(column), cell(&reject.raw))
}

/// A CSV cell. One that a spreadsheet would take for a formula is escaped with an apostrophe.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn cells_that_look_like_formulas_are_escaped() {
        assert_eq!(cell("=cmd()"), "\"'=cmd()\"");
        assert_eq!(cell("say \"hi\""), "\"say \"\"hi\"\"\"");
    }
}
