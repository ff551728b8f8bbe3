//! `GET /v1/organizations/{organization_id}/imports/{import_id}/events`: an import's progress as it
//! goes, by server-sent events.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    response::{
        Sse,
        sse::{Event, KeepAlive},
    },
};
use futures::{Stream, stream};
use muster_domain::ids::{GroupId, ImportId, OrganizationId};
use muster_storage::{
    db::room::{self, Asker},
    imports,
};
use uuid::Uuid;

use crate::{
    admin::imports::body::{body, find},
    auth::{Admin, TokenHash},
    extract::Path,
    looks::{Listener, Look},
    problem::Problem,
    state::Api,
};

/// Interval of looks at the import, shared by all its followers.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// The look at an import that all its followers share.
#[derive(Debug, Clone)]
pub(crate) struct ImportSnapshot {
    /// The import as `GET …/imports/{import_id}` answers it.
    text: String,
    over: bool,
    group_id: Option<GroupId>,
}

/// Follows an import: an event `progress` with the import as `GET …/imports/{import_id}` answers it
/// whenever it has changed, and `end` with the same when it is over. Then the stream ends. It ends
/// earlier when the api stops (follow again then), and, after an event `problem`, when the import
/// is not the caller's to see any more, because their token was revoked or their role changed.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/imports/{import_id}/events", tag = "imports")]
pub(crate) async fn follow(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ImportId)>,
    TokenHash(token): TokenHash,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    find(&api, &admin, id).await?;
    let listener = api.listeners.listen(token);
    let look = api.imports.listen((admin.organization_id, id));
    let follower = Follower { api, admin, id, listener, look, last: None };
    let events = stream::unfold(Some(follower), async |follower| {
        let mut follower = follower?;
        let stop = follower.api.stop.clone();
        match stop.run_until_cancelled(follower.next()).await? {
            Ok((kind @ "progress", text)) => Some((Ok(Event::default().event(kind).data(text)), Some(follower))),
            Ok((kind, text)) => Some((Ok(Event::default().event(kind).data(text)), None)),
            // The stream has begun, so that the answer's status cannot say it any more.
            Err(problem) => {
                let text = serde_json::to_string(&problem).unwrap_or_default();
                Some((Ok(Event::default().event("problem").data(text)), None))
            }
        }
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

/// A follower of an import.
struct Follower {
    api: Api,
    admin: Admin,
    id: ImportId,
    listener: Listener,
    look: Look<ImportSnapshot>,
    last: Option<String>,
}

impl Follower {
    /// Returns the next event and its data.
    async fn next(&mut self) -> Result<(&'static str, String), Problem> {
        loop {
            if self.last.is_some() {
                tokio::time::sleep(LOOK_INTERVAL).await;
            }
            let told = room::alone(Asker::Ours, self.look()).await?;
            if told.over {
                return Ok(("end", told.text));
            }
            if self.last.as_ref() != Some(&told.text) {
                self.last = Some(told.text.clone());
                return Ok(("progress", told.text));
            }
        }
    }

    /// Returns the import as it is told, as long as it is the caller's to see.
    async fn look(&mut self) -> Result<ImportSnapshot, Problem> {
        let member = self.listener.member(&self.api, &self.admin.member).await?;
        let member = member.ok_or_else(|| Problem::invalid_token("the token was revoked"))?;
        self.admin = Admin::of(member, self.admin.organization_id)?;
        // A little less, so that the next follower does not find it just fresh enough.
        let asked = self.look.at(LOOK_INTERVAL * 9 / 10, look(&self.api, self.admin.organization_id, self.id)).await?;
        let (_, told) = asked;
        self.admin.group_or_all(told.group_id).map_err(|_| Problem::no("import"))?;
        Ok(told)
    }
}

async fn look(api: &Api, organization_id: OrganizationId, id: ImportId) -> Result<ImportSnapshot, Problem> {
    let import = imports::get(&api.pool, organization_id, id).await?.ok_or_else(|| Problem::no("import"))?;
    let (over, group_id) = (import.finished_at.is_some(), import.group_id);
    let body = body(api, import).await?;
    Ok(ImportSnapshot { text: serde_json::to_string(&body).unwrap_or_default(), over, group_id })
}
