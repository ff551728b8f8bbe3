//! An opt-out in a conversation, and its undo for half a minute.

use askama::Template;
use axum::{extract::Path, response::Response};
use serde_json::json;
use uuid::Uuid;

use crate::{
    client::{Problem, operations::agent as operations},
    flash::Flash,
    form::Fields,
    page::{Page, html, see},
    text::{Agent, acts::place},
    visit::Visit,
};

/// Seconds for which the API takes an opt-out back (docs/conversations.md).
const UNDO_SECONDS: i64 = 30;

#[derive(Template)]
#[template(path = "text/opted_out.html")]
struct OptedOutPage {
    page: Page,
    thread_id: Uuid,
    seconds: i64,
}

/// `POST …/opt-out`: records it, and leads to its page.
pub(crate) async fn record(visit: Visit, Path(id): Path<Uuid>, fields: Fields) -> Result<Response, Problem> {
    let body = match fields.some("reason_id") {
        Some(reason_id) => json!({ "reason_id": reason_id }),
        None => json!({}),
    };
    match visit.call(&operations::OPT_OUT, [&id.to_string()]).json(&body).done().await {
        Ok(()) => Ok(see(&format!("{}/opt-out", place(id)))),
        Err(problem) if problem.is_of_the_input() => Ok(Flash::bad(problem.sentence(visit.lang)).on(see(&place(id)))),
        Err(problem) => Err(problem),
    }
}

/// `GET …/opt-out`: says that it holds, and offers to take it back.
pub(crate) async fn show(visit: Visit, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    let agent = Agent::of(&visit).await?;
    Ok(html(&OptedOutPage {
        page: visit.page(visit.lang.opted_out_title(), "conversations").of(&agent.member_id),
        thread_id: id,
        seconds: UNDO_SECONDS,
    }))
}

/// `POST …/opt-out/undo`: takes it back.
pub(crate) async fn undo(visit: Visit, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    match visit.call(&operations::UNDO, [&id.to_string()]).done().await {
        Ok(()) => Ok(Flash::good(visit.lang.opt_out_undone()).on(see(&place(id)))),
        Err(problem) if problem.is_of_the_input() => Ok(Flash::bad(visit.lang.opt_out_stands()).on(see("/text"))),
        Err(problem) => Err(problem),
    }
}
