//! Acts of an agent in a conversation.

use axum::{
    Json,
    extract::Path,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    client::{Problem, operations::agent as operations},
    flash::Flash,
    form::Fields,
    page::see,
    visit::Visit,
};

/// Returns the page of a conversation.
pub(crate) fn place(thread_id: Uuid) -> String {
    format!("/text/conversations/{thread_id}")
}

/// Answers after an act: leads to a page and says there how it went. A refusal stays in the
/// conversation.
pub(crate) fn after(
    visit: &Visit,
    thread_id: Uuid,
    done: Result<(), Problem>,
    to: &str,
    said: &str,
) -> Result<Response, Problem> {
    match done {
        Ok(()) => Ok(Flash::good(said).on(see(to))),
        Err(problem) if problem.is_of_the_input() => {
            Ok(Flash::bad(problem.sentence(visit.lang)).on(see(&place(thread_id))))
        }
        Err(problem) => Err(problem),
    }
}

fn to_the_next(thread_id: Uuid) -> String {
    format!("/text/replies?after={thread_id}")
}

/// `POST …/reply`: a text; for a script too, which repeats it with its key.
pub(crate) async fn reply(visit: Visit, Path(id): Path<Uuid>, fields: Fields) -> Result<Response, Problem> {
    let body = json!({ "text": fields.get("text") });
    let call = visit.call(&operations::REPLY, [&id.to_string()]).json(&body).key(fields.get("key"));
    let replied = call.read::<Value>().await;
    if visit.by_script {
        return replied.map(|answer| Json(answer).into_response());
    }
    after(&visit, id, replied.map(drop), &to_the_next(id), visit.lang.reply_goes())
}

/// `POST …/answer`: yes, no or maybe.
pub(crate) async fn answer(visit: Visit, Path(id): Path<Uuid>, fields: Fields) -> Result<Response, Problem> {
    let body = json!({ "answer": fields.get("answer") });
    let done = visit.call(&operations::ANSWER, [&id.to_string()]).json(&body).done().await;
    let said = match fields.get("answer") {
        "yes" => visit.lang.recorded_yes(),
        "no" => visit.lang.recorded_no(),
        _ => visit.lang.recorded_maybe(),
    };
    after(&visit, id, done, &place(id), said)
}

/// `POST …/done`: dealt with, without a text.
pub(crate) async fn done(visit: Visit, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    let done = visit.call(&operations::DONE, [&id.to_string()]).done().await;
    after(&visit, id, done, &to_the_next(id), visit.lang.marked_done())
}

/// `POST …/release`: gives it back for another agent.
pub(crate) async fn release(visit: Visit, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    let done = visit.call(&operations::RELEASE, [&id.to_string()]).done().await;
    after(&visit, id, done, &to_the_next(id), visit.lang.released())
}

/// `POST …/extend`: more time.
pub(crate) async fn extend(visit: Visit, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    let done = visit.call(&operations::EXTEND, [&id.to_string()]).done().await;
    after(&visit, id, done, &place(id), visit.lang.extended())
}

/// `POST …/hand-on`: to another agent of the group.
pub(crate) async fn hand_on(visit: Visit, Path(id): Path<Uuid>, fields: Fields) -> Result<Response, Problem> {
    let body = json!({ "agent_id": fields.get("agent_id") });
    let done = visit.call(&operations::HAND_ON, [&id.to_string()]).json(&body).done().await;
    after(&visit, id, done, &to_the_next(id), visit.lang.handed_on())
}
