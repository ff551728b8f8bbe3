//! `GET /v1/organizations/{organization_id}/imports/{import_id}/rejects.csv`: the rejected rows
//! (rule C7).

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    extract::State,
};
use futures::stream;
use muster_domain::{csv, ids::ImportId};
use muster_storage::{
    Page,
    db::room::{self, Asker},
    imports::{self, Reject},
};
use uuid::Uuid;

use crate::{admin::imports::body::find, auth::Admin, document::Csv, extract::Path, problem::Problem, state::Api};

/// Rejected rows in one page of the download.
const PAGE_SIZE: i64 = 1_000;
/// How often a page is asked for for which there is no connection, and how long after the time
/// before.
const RETRY_LIMIT: u32 = 30;
const RETRY_INTERVAL: Duration = Duration::from_millis(500);

/// Downloads the rejected rows that are kept as CSV: line, reason, column and the raw row, which
/// ends in `…` where it was cut after 4 KiB. Text that a spreadsheet would take for a formula, also
/// in a cell of the row, begins with an apostrophe.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/imports/{import_id}/rejects.csv", tag = "imports")]
pub(crate) async fn rejects(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ImportId)>,
) -> Result<Csv, Problem> {
    let import = find(&api, &admin, id).await?;
    // A file with rejects was cut, and so has a delimiter.
    let delimiter = import.delimiter.unwrap_or(',');
    let tenant = Asker::Tenant(admin.organization_id.0);
    let header = Bytes::from_static(b"line,reason,column,row\r\n");
    let pages = stream::try_unfold(Some(Page::first(PAGE_SIZE)), move |asked| {
        let pool = api.pool.clone();
        async move {
            let Some(asked) = asked else { return Ok::<_, muster_storage::Error>(None) };
            let mut tries = 0;
            let page = loop {
                // A slow reader holds no connection meanwhile.
                match room::alone(tenant, imports::rejects(&pool, id, asked)).await {
                    // The download has begun: it is too late to say that the client should come
                    // again.
                    Err(muster_storage::Error::Busy { .. }) if tries < RETRY_LIMIT => {
                        tries += 1;
                        tokio::time::sleep(RETRY_INTERVAL).await;
                    }
                    page => break page?,
                }
            };
            let next = page.last().map(|reject| Page { after: Some(reject.line), ..asked });
            let lines = page.iter().map(|reject| line(reject, delimiter)).collect::<String>();
            Ok(next.map(|next| (Bytes::from(lines), Some(next))))
        }
    });
    let body = futures::StreamExt::chain(stream::once(async { Ok(header) }), pages);
    Ok(Csv(Body::from_stream(body)))
}

fn line(reject: &Reject, delimiter: char) -> String {
    let Reject { line, reason, column, raw } = reject;
    let column = csv::cell(column.as_deref().unwrap_or_default());
    format!("{line},{},{column},{}\r\n", csv::cell(reason.as_str()), csv::row(raw, delimiter))
}
