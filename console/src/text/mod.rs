//! `/text`: the screens of agents, for a phone first.
//!
//! `to_do` is the work, `batch` sends first texts and reminders one contact after the other,
//! `replies` hands out conversations that wait, `conversation` shows one, `acts` has an agent's
//! acts in it, `conversations` lists and searches the agent's own,
//! `scripts` has their own answers.

mod acts;
mod batch;
mod conversation;
mod conversations;
mod events;
mod home;
mod opt_out;
mod profile;
mod replies;
mod scripts;
mod thread;
mod to_do;

use axum::{
    Router,
    routing::{get, post},
};
use serde::Deserialize;

use crate::{
    Console,
    client::{Problem, operations::sign_in as operations},
    visit::{Visit, nothing},
};

/// Returns the routes.
pub(crate) fn routes() -> Router<Console> {
    let conversation = Router::new()
        .route("/", get(conversation::show))
        .route("/reply", post(acts::reply))
        .route("/answer", post(acts::answer))
        .route("/done", post(acts::done))
        .route("/release", post(acts::release))
        .route("/extend", post(acts::extend))
        .route("/hand-on", post(acts::hand_on))
        .route("/contact", post(profile::edit))
        .route("/tags", post(profile::tag))
        .route("/untag", post(profile::untag))
        .route("/opt-out", get(opt_out::show).post(opt_out::record))
        .route("/opt-out/undo", post(opt_out::undo));
    Router::new()
        .route("/", get(to_do::show))
        .route("/events", get(events::follow))
        .route("/goals/{goal_id}/{workflow}", get(batch::show).post(batch::claim))
        .route("/batches/{batch_id}/contacts/{contact_id}/send", post(batch::send))
        .route("/batches/{batch_id}/skip", post(batch::skip))
        .route("/batches/{batch_id}/preview", post(batch::preview))
        .route("/batches/{batch_id}/return", post(batch::give_back))
        .route("/groups/{group_id}/replies", post(replies::claim))
        .route("/replies", get(replies::next))
        .route("/conversations", get(conversations::list))
        .route("/scripts", get(scripts::list).post(scripts::add))
        .route("/scripts/{script_id}", get(scripts::show).post(scripts::edit))
        .route("/scripts/{script_id}/delete", post(scripts::delete))
        .nest("/conversations/{thread_id}", conversation)
        .fallback(nothing)
}

/// The agent that has signed in.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Agent {
    pub(crate) member_id: String,
}

impl Agent {
    async fn of(visit: &Visit) -> Result<Self, Problem> {
        visit.call(&operations::ACCOUNT, []).read().await
    }
}
