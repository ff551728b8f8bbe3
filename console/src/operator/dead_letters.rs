//! `/operator/dead-letters`: messages of the broker that could not be decoded.

use askama::Template;
use axum::{extract::Path, response::Response};
use serde::Deserialize;
use serde_json::json;

use crate::{
    client::{List, Problem, operations::operator as operations},
    form::{Fields, Query},
    operator::{looks::Look, session::Me},
    page::{Page, html},
};

#[derive(Debug, Deserialize)]
struct Letter {
    id: String,
    queue: String,
    error: String,
    bytes: i32,
    received_at: String,
}

#[derive(Template)]
#[template(path = "operator/dead_letters.html")]
struct LettersPage {
    page: Page,
    me: Me,
    letters: List<Letter>,
}

pub(crate) async fn show(look: Look, Query(query): Query) -> Result<Response, Problem> {
    let cursor = query.some("cursor").map(|cursor| ("cursor", cursor.to_owned()));
    let letters = look.read(&operations::DEAD_LETTERS, &[], cursor.as_slice()).await?;
    Ok(html(&LettersPage { page: look.page("Dead letters", "dead-letters"), me: look.me, letters }))
}

pub(crate) async fn replay(look: Look, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let body = json!({ "reason": fields.get("reason") });
    let done = "It was read again, and its jobs go to the broker anew.";
    look.act_and_see(&operations::REPLAY, &[&id], &body, done, "/operator/dead-letters").await
}
