//! `/operator/unknown-texts`: texts of which nobody knows whether the carrier has them, and the way
//! to settle one by the carrier's word.

use askama::Template;
use axum::{extract::Path, response::Response};
use serde::Deserialize;
use serde_json::json;

use crate::{
    client::{List, Problem, operations::operator as operations},
    form::{Fields, Query},
    operator::{looks::Look, session::Me},
    page::{Page, html},
    words::operator as words,
};

#[derive(Debug, Deserialize)]
struct Unknown {
    id: String,
    organization_id: String,
    kind: String,
    segments: i32,
    send_job_id: Option<String>,
    handed_over_at: Option<String>,
    asked: bool,
}

impl Unknown {
    fn kind_name(&self) -> &'static str {
        words::text_kind(&self.kind)
    }
}

#[derive(Template)]
#[template(path = "operator/unknown_texts.html")]
struct UnknownPage {
    page: Page,
    me: Me,
    texts: List<Unknown>,
}

pub(crate) async fn show(look: Look, Query(query): Query) -> Result<Response, Problem> {
    let cursor = query.some("cursor").map(|cursor| ("cursor", cursor.to_owned()));
    let texts = look.read(&operations::UNKNOWN_TEXTS, &[], cursor.as_slice()).await?;
    let page = look.page("Texts of unknown outcome", "unknown");
    Ok(html(&UnknownPage { page, me: look.me, texts }))
}

pub(crate) async fn settle(look: Look, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let mut body = json!({ "reason": fields.get("reason") });
    if let Some(sid) = fields.some("carrier_sid") {
        body["carrier_sid"] = json!(sid);
    }
    if let Some(code) = fields.some("error_code") {
        // A text that is no number is refused with the api's own words.
        body["error_code"] = code.parse::<i64>().map_or_else(|_| json!(code), |code| json!(code));
    }
    let done = "Settled by the carrier's word. It is not sent again.";
    look.act_and_see(&operations::SETTLE, &[&id], &body, done, "/operator/unknown-texts").await
}
