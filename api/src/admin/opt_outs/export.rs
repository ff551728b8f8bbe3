//! `GET /v1/organizations/{organization_id}/opt-outs.csv`: all opt-outs in force, as a stream.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    extract::State,
};
use futures::stream;
use muster_domain::{csv, ids::GroupId, people::contact::OptOutOrigin, trust::export::ExportKind};
use muster_storage::{
    db::room::{self, Asker},
    people::opt_outs::{self, OptOut, Part},
};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    admin::opt_outs::body::place, auth::Admin, document::Csv, extract::Query, problem::Problem, shapes, state::Api,
};

/// Opt-outs in one page of the download.
const PAGE_SIZE: i64 = 1_000;
/// How often a page is asked for for which there is no connection, and how long after the time
/// before.
const RETRY_LIMIT: u32 = 30;
const RETRY_INTERVAL: Duration = Duration::from_millis(500);

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// Only those that were recorded like this.
    #[param(inline, value_type = Option<shapes::OptOutOrigin>)]
    origin: Option<OptOutOrigin>,
}

/// Downloads the opt-outs in force as CSV, the latest first: contact, phone, time, origin and
/// reason. Text that a spreadsheet would take for a formula begins with an apostrophe. For a group
/// admin it has their groups' contacts.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/opt-outs.csv", tag = "contacts")]
pub(crate) async fn export(
    State(api): State<Api>,
    admin: Admin,
    Query(query): Query<ExportQuery>,
) -> Result<Csv, Problem> {
    let organization = admin.organization_id;
    let readers: Option<Vec<GroupId>> = admin.groups().map(<[GroupId]>::to_vec);
    let tenant = Asker::Tenant(organization.0);
    let columns: Vec<_> = ExportKind::OptOuts.columns().iter().map(|column| column.name).collect();
    let header = Bytes::from(format!("{}\r\n", columns.join(",")));
    let first = Part { origin: query.origin, after: None, limit: PAGE_SIZE };
    let pages = stream::try_unfold(Some(first), move |asked| {
        let (pool, readers) = (api.pool.clone(), readers.clone());
        async move {
            let Some(asked) = asked else { return Ok::<_, muster_storage::Error>(None) };
            let mut tries = 0;
            let page = loop {
                // A slow reader holds no connection meanwhile.
                match room::alone(tenant, opt_outs::part(&pool, organization, readers.as_deref(), asked)).await {
                    Err(muster_storage::Error::Busy { .. }) if tries < RETRY_LIMIT => {
                        tries += 1;
                        tokio::time::sleep(RETRY_INTERVAL).await;
                    }
                    page => break page?,
                }
            };
            let full = i64::try_from(page.len()) == Ok(PAGE_SIZE);
            let next = page.last().filter(|_| full).and_then(place).map(|place| Part { after: Some(place), ..asked });
            let lines = page.iter().filter_map(line).collect::<String>();
            Ok(Some((Bytes::from(lines), next)))
        }
    });
    let body = futures::StreamExt::chain(stream::once(async { Ok(header) }), pages);
    Ok(Csv(Body::from_stream(body)))
}

fn line(found: &OptOut) -> Option<String> {
    let contact = found.contact_id?;
    let since = found.since?.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let origin = found.origin.map_or("", OptOutOrigin::as_str);
    let reason = csv::cell(found.reason.as_deref().unwrap_or_default());
    Some(format!("{contact},{},{since},{origin},{reason}\r\n", found.e164.as_deref()?))
}
