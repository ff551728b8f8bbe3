//! `GET /v1/agent/events`: an agent's home as it changes, by server-sent events.

use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::State,
    response::{
        Sse,
        sse::{Event, KeepAlive},
    },
};
use futures::{Stream, stream};
use muster_storage::db::room::{self, Asker};

use crate::{
    agent::home::{
        body::{Home, HomeBody},
        watch::{HomeListener, LOOK_INTERVAL, LeftCounts, look},
    },
    auth::{Agent, TokenHash},
    looks::Listener,
    problem::Problem,
    state::Api,
};

/// Follows the agent's home: an event `home` with it as `GET /v1/agent/home` answers it, at once
/// and at each change: of a goal's status, a step or an obstacle, contacts left, the batch in hand,
/// replies that wait. The stream ends when the api stops (follow again then), and, after an event
/// `problem`, when the agent's token is revoked or the agent suspended or removed.
#[utoipa::path(get, path = "/v1/agent/events", tag = "agent")]
pub(crate) async fn follow(
    State(api): State<Api>,
    agent: Agent,
    TokenHash(token): TokenHash,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    // The first look is this request's own, so that it comes at once.
    let seen = look(&api, std::slice::from_ref(&agent.member), &mut LeftCounts::default()).await?;
    let last = seen.homes.get(&agent.member.id).cloned();
    let first = last.as_ref().map(|home| home.told(seen.at));
    let listener = api.listeners.listen(token);
    let shared = api.homes.listen(&agent.member);
    let follower = Follower { api, agent, listener, shared, first, last };
    let events = stream::unfold(Some(follower), async |follower| {
        let mut follower = follower?;
        let stop = follower.api.stop.clone();
        let (kind, text, next) = match stop.run_until_cancelled(follower.next()).await? {
            Ok(home) => ("home", serde_json::to_string(&home), Some(follower)),
            // The stream has begun, so that the answer's status cannot say it any more.
            Err(problem) => ("problem", serde_json::to_string(&problem), None),
        };
        Some((Ok(Event::default().event(kind).data(text.unwrap_or_default())), next))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

/// A follower of an agent's home.
struct Follower {
    api: Api,
    agent: Agent,
    listener: Listener,
    shared: HomeListener,
    first: Option<HomeBody>,
    last: Option<Arc<Home>>,
}

impl Follower {
    /// Returns the home when it has changed.
    async fn next(&mut self) -> Result<HomeBody, Problem> {
        if let Some(first) = self.first.take() {
            return Ok(first);
        }
        loop {
            tokio::time::sleep(LOOK_INTERVAL).await;
            if let Some(home) = room::alone(Asker::Ours, self.look()).await? {
                return Ok(home);
            }
        }
    }

    /// Looks at the home, as long as the agent may; returns it if it has changed.
    async fn look(&mut self) -> Result<Option<HomeBody>, Problem> {
        let member = self.listener.member(&self.api, &self.agent.member).await?;
        let member = member.ok_or_else(|| Problem::invalid_token("the token is not in force any more"))?;
        self.agent = Agent::of(member)?;
        let seen = self.shared.seen(&self.api, &self.agent.member).await?;
        // A look that was made before the stream began has no home of it.
        let Some(home) = seen.homes.get(&self.agent.member.id) else { return Ok(None) };
        if self.last.as_ref() == Some(home) {
            return Ok(None);
        }
        self.last = Some(Arc::clone(home));
        Ok(Some(home.told(seen.at)))
    }
}
