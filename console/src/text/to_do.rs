//! `GET /text`: the work that an agent can do now: how much, until when, or why not.

use askama::Template;
use axum::response::Response;
use futures::try_join;

use crate::{
    client::{Problem, operations::agent as operations},
    language::Language,
    page::{Page, html},
    text::{Agent, home::Home},
    visit::Visit,
};

#[derive(Template)]
#[template(path = "text/to_do.html")]
struct ToDo {
    page: Page,
    work: Work,
}

/// The live part of the page.
#[derive(Template)]
#[template(path = "text/work.html")]
pub(crate) struct Work {
    pub(crate) lang: Language,
    pub(crate) home: Home,
}

pub(crate) async fn show(visit: Visit) -> Result<Response, Problem> {
    let (agent, home) = try_join!(Agent::of(&visit), visit.call(&operations::HOME, []).read())?;
    let page = visit.page(visit.lang.to_do(), "to-do").of(&agent.member_id).live("/text/events");
    Ok(html(&ToDo { work: Work { lang: page.lang, home }, page }))
}
