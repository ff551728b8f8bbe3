//! `GET /text/conversations`: the agent's own conversations, with search.

use askama::Template;
use axum::response::Response;
use futures::join;

use crate::{
    client::{List, Problem, operations::agent as operations},
    form::Query,
    page::{Page, html},
    text::{Agent, thread::Thread},
    visit::Visit,
};

const ITEMS: u32 = 25;

/// The filters of the list, as the API names them.
const STATES: [&str; 4] = ["all", "unresponded", "held", "done"];

#[derive(Template)]
#[template(path = "text/conversations.html")]
struct Conversations {
    page: Page,
    threads: List<Thread>,
    state: &'static str,
    search: String,
    /// The page's address with its filters, for the next page.
    address: String,
    refusal: Option<String>,
}

pub(crate) async fn list(visit: Visit, Query(query): Query) -> Result<Response, Problem> {
    let state = STATES.into_iter().find(|state| *state == query.get("state")).unwrap_or(STATES[0]);
    let search = query.get("search").to_owned();
    let call = visit
        .call(&operations::THREADS, [])
        .query("state", state)
        .query_some("search", query.some("search"))
        .query_some("cursor", query.some("cursor"))
        .query("limit", ITEMS);
    let (agent, found) = join!(Agent::of(&visit), call.read());
    let (threads, refusal) = match found {
        Ok(threads) => (threads, None),
        Err(problem) if problem.is_of_the_input() => {
            (List { items: Vec::new(), next: None }, Some(problem.sentence(visit.lang)))
        }
        Err(problem) => return Err(problem),
    };
    let filters = serde_urlencoded::to_string([("state", state), ("search", &search)]).unwrap_or_default();
    let page = visit.page(visit.lang.conversations(), "conversations").of(&agent?.member_id);
    let address = format!("/text/conversations?{filters}&");
    Ok(html(&Conversations { page, threads, state, search, address, refusal }))
}
