//! The operator's side, under `/_sim`: accepted and sent messages, and the behaviour from now on.
//!
//! It asks for no credentials: the simulator is a tool for the loopback interface.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Body,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use futures::stream;
use serde::{Deserialize, Serialize};

use crate::{
    behaviour::Behaviour,
    clock,
    message::{AcceptedMessage, InboundText, Stats},
    sim::Sim,
};

const DEFAULT_LIMIT: usize = 1_000;
const LARGEST_LIMIT: usize = 10_000;
/// How long `POST /_sim/inbound` waits for the webhook.
const INBOUND_WAIT: Duration = Duration::from_secs(30);

pub(crate) fn routes() -> Router<Arc<Sim>> {
    Router::new()
        .route("/_sim/health", get(async || StatusCode::OK))
        .route("/_sim/messages", get(messages))
        .route("/_sim/messages.ndjson", get(all_messages))
        .route("/_sim/stats", get(stats))
        .route("/_sim/inbound", get(inbound).post(send_inbound))
        .route("/_sim/behaviour", get(behaviour).put(set_behaviour))
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Window {
    after: u64,
    limit: usize,
}

impl Default for Window {
    fn default() -> Self {
        Self { after: 0, limit: DEFAULT_LIMIT }
    }
}

/// A part of the log of accepted messages.
#[derive(Debug, Serialize)]
struct Page {
    messages: Vec<AcceptedMessage>,
    /// Value to pass as `after` to go on. It is always there: at the end of the log the next page
    /// is empty.
    next: u64,
}

async fn messages(State(sim): State<Arc<Sim>>, Query(window): Query<Window>) -> Json<Page> {
    let messages = sim.accepted(window.after, window.limit.clamp(1, LARGEST_LIMIT));
    let next = messages.last().map_or(window.after, |message| message.seq);
    Json(Page { messages, next })
}

async fn all_messages(State(sim): State<Arc<Sim>>) -> Response {
    let lines = stream::try_unfold((sim, 0), async |(sim, after)| {
        let page = sim.accepted(after, DEFAULT_LIMIT);
        let Some(last) = page.last() else {
            return Ok(None);
        };
        let next = last.seq;
        let mut lines = Vec::new();
        for message in page {
            serde_json::to_writer(&mut lines, &message)?;
            lines.push(b'\n');
        }
        Ok::<_, serde_json::Error>(Some((lines, (sim, next))))
    });
    let headers = [(header::CONTENT_TYPE, "application/x-ndjson")];
    (headers, Body::from_stream(lines)).into_response()
}

async fn stats(State(sim): State<Arc<Sim>>) -> Json<Stats> {
    Json(sim.book().stats().clone())
}

async fn inbound(State(sim): State<Arc<Sim>>) -> Json<Vec<InboundText>> {
    Json(sim.book().inbound().to_vec())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewText {
    from: String,
    to: String,
    body: String,
}

/// Sends a text and answers with it once the webhook has taken it. After a 504 it is still being
/// tried.
async fn send_inbound(State(sim): State<Arc<Sim>>, Json(new): Json<NewText>) -> Response {
    if sim.config.inbound_url.is_none() {
        return (StatusCode::CONFLICT, "there is no inbound_url to post to").into_response();
    }
    let text = sim.text(&new.from, &new.to, &new.body, None);
    let seq = text.seq;
    let courier = Arc::clone(&sim);
    let task = sim.couriers.spawn(async move { courier.deliver(&text).await });
    // Whether it was delivered is in the book, also when the wait ends early.
    let _ = tokio::time::timeout(INBOUND_WAIT, task).await;
    match sim.book().inbound_text(seq) {
        Some(text) if text.first_delivered_at.is_some() => Json(text).into_response(),
        Some(_) | None => StatusCode::GATEWAY_TIMEOUT.into_response(),
    }
}

async fn behaviour(State(sim): State<Arc<Sim>>) -> Json<Behaviour> {
    Json(sim.behaviour().as_ref().clone())
}

async fn set_behaviour(State(sim): State<Arc<Sim>>, Json(behaviour): Json<Behaviour>) -> Response {
    match sim.set_behaviour(behaviour) {
        Ok(()) => Json(sim.behaviour().as_ref()).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}

impl Sim {
    /// Returns the messages that follow the one at `after` in the log.
    pub(crate) fn accepted(&self, after: u64, limit: usize) -> Vec<AcceptedMessage> {
        let now = clock::now();
        let start = usize::try_from(after).unwrap_or(usize::MAX);
        let book = self.book();
        let rest = book.messages().get(start..).unwrap_or_default();
        rest.iter().take(limit).map(|message| message.view(now)).collect()
    }
}
