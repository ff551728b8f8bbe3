//! `GET /v1/organizations/{organization_id}/imports/{import_id}/events`: an import's progress as it goes, by server-sent events.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    response::{
        Sse,
        sse::{Event, KeepAlive},
    },
};
use futures::{Stream, stream};
use muster_domain::ids::ImportId;
use uuid::Uuid;

use super::import::{body, find};
use crate::{auth::Admin, extract::Path, problem::Problem, state::Api};

/// How often the import is looked at.
const EVERY: Duration = Duration::from_millis(500);

/// Follows an import: an event `progress` with the import as `GET …/imports/{import_id}` answers it whenever it has changed, and `end` with the
/// same when it is over. Then the stream ends.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/imports/{import_id}/events", tag = "imports")]
pub(crate) async fn follow(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ImportId)>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    find(&api, &admin, id).await?;
    let events = stream::unfold(Some((api, admin, None::<String>)), move |state| async move {
        let (api, admin, mut last) = state?;
        loop {
            if last.is_some() {
                tokio::time::sleep(EVERY).await;
            }
            let (told, over) = match look(&api, &admin, id).await {
                Ok(seen) => seen,
                // The stream has begun, so that the answer's status cannot say it any more.
                Err(problem) => {
                    let event =
                        Event::default().event("problem").data(serde_json::to_string(&problem).unwrap_or_default());
                    return Some((Ok(event), None));
                }
            };
            if over {
                return Some((Ok(Event::default().event("end").data(told)), None));
            }
            if last.as_ref() != Some(&told) {
                last = Some(told.clone());
                return Some((Ok(Event::default().event("progress").data(told)), Some((api, admin, last))));
            }
        }
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

/// The import as it is told, and whether it is over.
async fn look(api: &Api, admin: &Admin, id: ImportId) -> Result<(String, bool), Problem> {
    let import = find(api, admin, id).await?;
    let over = import.finished_at.is_some();
    let body = body(api, import).await?;
    Ok((serde_json::to_string(&body).unwrap_or_default(), over))
}
