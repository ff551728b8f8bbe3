//! The web console: `/text` for agents, `/app` for admins, `/operator` for operators, sign-in, and
//! `/docs`, the API's documents.
//!
//! It can do nothing that `/openapi.json` does not list: each page asks the api's own routes within
//! the process, with the session's cookie of its request. Pages are HTML made on the server
//! (`templates`), each sentence for people is in `words`, and each operation of the api that it
//! uses in `client::operations`. `security` has the rules that every request and answer keeps.

mod app;
mod assets;
mod client;
mod docs;
mod events;
mod failure;
mod flash;
mod form;
mod language;
mod next;
mod operator;
mod page;
pub mod pictures;
mod security;
mod sign_in;
mod text;
mod visit;
mod words;

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use axum::{
    Router,
    http::{Extensions, HeaderMap},
    middleware,
    routing::get,
};

pub use client::operations::listed as operations;
pub use words::states;

/// The api as the console knows it.
#[derive(Clone)]
pub struct Door {
    /// The api's routes.
    pub api: Router,
    /// Returns the api's document, as `/openapi.json` has it.
    pub document: fn() -> String,
    /// Returns whether a request comes from a page of this origin, by the rule of the api itself.
    pub from_own_page: Arc<dyn Fn(&HeaderMap) -> bool + Send + Sync>,
    /// Carries from a browser's request into the console's the facts that the api wants to know,
    /// such as the other end of the connection.
    pub carry: fn(&Extensions, &mut Extensions),
}

impl fmt::Debug for Door {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Door")
    }
}

/// The state of all pages.
#[derive(Debug, Clone)]
pub(crate) struct Console(Arc<Door>, Arc<OnceLock<docs::Book>>);

impl Console {
    /// Returns the api's document, which is read at the first look.
    fn book(&self) -> &docs::Book {
        self.1.get_or_init(|| docs::Book::read(&(self.0.document)()))
    }
}

/// Returns the routes of the console.
pub fn router(door: Door) -> Router {
    let console = Console(Arc::new(door), Arc::default());
    Router::new()
        .route("/", get(sign_in::home))
        .merge(sign_in::routes())
        .route("/language", axum::routing::post(language::choose))
        .route(assets::ROUTE, get(assets::get))
        .nest("/text", text::routes())
        .nest("/app", app::routes())
        .nest("/operator", operator::routes())
        .nest("/docs", docs::routes())
        .layer(middleware::from_fn_with_state(console.clone(), security::keep))
        .with_state(console)
}
