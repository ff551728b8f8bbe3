//! `GET /text/events`: the agent's home as it changes, as parts of the page.

use askama::Template as _;
use axum::response::Response;

use crate::{
    client::operations::agent as operations,
    events::{Told, relay},
    text::{home::Home, to_do::Work},
    visit::Visit,
};

pub(crate) async fn follow(visit: Visit) -> Response {
    let lang = visit.lang;
    let stream = visit.call(&operations::EVENTS, []).stream().await;
    relay(stream, move |event, data| match (event, serde_json::from_str::<Home>(data)) {
        ("home", Ok(home)) => Work { lang, home }.render().map_or(Told::Nothing, Told::Parts),
        ("problem", _) => Told::End,
        _ => Told::Nothing,
    })
}
