//! The contact of a conversation: their profile and their tags.

use axum::{extract::Path, response::Response};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    client::{Problem, operations::agent as operations},
    form::Fields,
    text::acts::{after, place},
    visit::Visit,
};

/// `POST …/contact`: edits the profile. A blank value takes the value away.
pub(crate) async fn edit(visit: Visit, Path(id): Path<Uuid>, fields: Fields) -> Result<Response, Problem> {
    let value = |text: &str| if text.is_empty() { Value::Null } else { text.into() };
    let custom: Map<String, Value> =
        fields.under("field.").map(|(name, text)| (name.to_owned(), value(text))).collect();
    let body = json!({
        "first_name": fields.get("first_name"),
        "last_name": fields.get("last_name"),
        "email": value(fields.get("email")),
        "postal_code": value(fields.get("postal_code")),
        "fields": custom,
    });
    let done = visit.call(&operations::PROFILE, [&id.to_string()]).json(&body).done().await;
    after(&visit, id, done, &place(id), visit.lang.profile_saved())
}

/// `POST …/tags`: gives a tag.
pub(crate) async fn tag(visit: Visit, Path(id): Path<Uuid>, fields: Fields) -> Result<Response, Problem> {
    let done = visit.call(&operations::TAG, [&id.to_string(), fields.get("tag_id")]).done().await;
    after(&visit, id, done, &place(id), visit.lang.tag_given())
}

/// `POST …/untag`: takes a tag.
pub(crate) async fn untag(visit: Visit, Path(id): Path<Uuid>, fields: Fields) -> Result<Response, Problem> {
    let done = visit.call(&operations::UNTAG, [&id.to_string(), fields.get("tag_id")]).done().await;
    after(&visit, id, done, &place(id), visit.lang.tag_taken())
}
