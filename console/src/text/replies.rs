//! Conversations that wait for an answer: claiming them, and the way from one to the next.

use axum::{extract::Path, response::Response};
use futures::try_join;
use serde::de::IgnoredAny;

use crate::{
    client::{List, Problem, operations::agent as operations},
    flash::Flash,
    form::Query,
    page::see,
    text::{Agent, thread::Thread},
    visit::Visit,
};

/// Conversations in hand that are looked at; an agent has ten that wait.
const LOOK: u32 = 100;

/// `POST /text/groups/{group_id}/replies`: claims up to ten.
pub(crate) async fn claim(visit: Visit, Path(group_id): Path<String>) -> Result<Response, Problem> {
    match visit.call(&operations::CLAIM_REPLIES, [&group_id]).read::<Vec<IgnoredAny>>().await {
        Ok(_) => Ok(see("/text/replies")),
        Err(problem) if problem.status == 409 => Ok(Flash::bad(problem.sentence(visit.lang)).on(see("/text"))),
        Err(problem) => Err(problem),
    }
}

/// Returns the conversations in the agent's hand that wait for an answer, the oldest reply first.
pub(crate) async fn waiting(visit: &Visit) -> Result<(Agent, Vec<Thread>), Problem> {
    let held = visit.call(&operations::THREADS, []).query("state", "held").query("limit", LOOK);
    let (agent, held) = try_join!(Agent::of(visit), held.read::<List<Thread>>())?;
    let is_mine = |thread: &Thread| thread.is_held_by(&agent.member_id) && thread.unread_since.is_some();
    let mut waiting: Vec<Thread> = held.items.into_iter().filter(is_mine).collect();
    waiting.sort_by(|one, other| (&one.unread_since, &one.id).cmp(&(&other.unread_since, &other.id)));
    Ok((agent, waiting))
}

/// Returns the conversation that comes after one, the first one after the last; none where no other
/// waits. `answered` waits no more.
pub(crate) fn after<'t>(waiting: &'t [Thread], id: &str, answered: Option<&str>) -> Option<&'t Thread> {
    let place = waiting.iter().position(|thread| thread.id == id).map_or(0, |place| place + 1);
    let round = waiting[place..].iter().chain(&waiting[..place]);
    round.into_iter().find(|thread| thread.id != id && Some(thread.id.as_str()) != answered)
}

/// `GET /text/replies`: leads to the next conversation in hand; `after` names the one before.
pub(crate) async fn next(visit: Visit, Query(query): Query) -> Result<Response, Problem> {
    let (_, waiting) = waiting(&visit).await?;
    let next = query.some("after").and_then(|id| after(&waiting, id, None)).or_else(|| waiting.first());
    let to = next.map(|thread| see(&format!("/text/conversations/{}", thread.id)));
    // The sentence about the conversation before is still to be said.
    let said = visit.flash.clone();
    Ok(match (to, said) {
        (Some(to), Some(said)) => said.on(to),
        (Some(to), None) => to,
        (None, _) => Flash::good(visit.lang.all_answered()).on(see("/text")),
    })
}
