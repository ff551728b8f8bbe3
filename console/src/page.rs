//! A page's frame: everything that the layouts show around a page's own content.

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header::LOCATION},
    response::{Html, IntoResponse, Response},
};

use crate::{assets::Asset, client::Problem, flash::Flash, language::Language, visit::Visit};

/// The frame of a page.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    /// The language.
    pub(crate) lang: Language,
    /// The title, which is the page's heading too.
    pub(crate) title: String,
    /// The item of the navigation that the page is under.
    pub(crate) nav: &'static str,
    /// Path and query of the page.
    pub(crate) here: String,
    /// A sentence on top.
    pub(crate) flash: Option<Flash>,
    /// The agent, on their screens: texts that wait in a tab are one member's.
    pub(crate) member: String,
    /// The address of the tab's one event stream, for a page with live parts.
    pub(crate) events: Option<&'static str>,
}

impl Page {
    pub(crate) fn new(visit: &Visit, title: String, nav: &'static str) -> Self {
        Self {
            lang: visit.lang,
            title,
            nav,
            here: visit.here.clone(),
            flash: visit.flash.clone(),
            member: String::new(),
            events: None,
        }
    }

    /// Lets the page's live parts follow an event stream.
    pub(crate) fn live(mut self, events: &'static str) -> Self {
        self.events = Some(events);
        self
    }

    /// Says which agent's page it is.
    pub(crate) fn of(mut self, member_id: &str) -> Self {
        member_id.clone_into(&mut self.member);
        self
    }

    /// Shows a refusal on top of the page.
    pub(crate) fn refused(mut self, problem: &Problem) -> Self {
        self.flash = Some(Flash::bad(problem.sentence(self.lang)));
        self
    }

    /// Returns `page` for the item of the navigation that the page is under.
    pub(crate) fn current(&self, nav: &str) -> &'static str {
        if self.nav == nav { "page" } else { "false" }
    }
}

/// Addresses of assets, as templates ask a page for them.
#[expect(clippy::unused_self, reason = "a template asks the page that it is given")]
impl Page {
    pub(crate) fn css(&self) -> &'static str {
        Asset::Css.url()
    }

    pub(crate) fn console_js(&self) -> &'static str {
        Asset::Console.url()
    }

    pub(crate) fn texting_js(&self) -> &'static str {
        Asset::Texting.url()
    }

    pub(crate) fn htmx_js(&self) -> &'static str {
        Asset::Htmx.url()
    }

    pub(crate) fn docs_js(&self) -> &'static str {
        Asset::Docs.url()
    }

    pub(crate) fn icon(&self) -> &'static str {
        Asset::Icon.url()
    }
}

/// Answers with a page or a part of one.
pub(crate) fn html(template: &impl Template) -> Response {
    html_with(StatusCode::OK, template)
}

/// Answers with a page and a status.
pub(crate) fn html_with(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Leads to another page, after a form.
pub(crate) fn see(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    match HeaderValue::try_from(path) {
        Ok(path) => {
            response.headers_mut().insert(LOCATION, path);
        }
        Err(_) => *response.status_mut() = StatusCode::BAD_REQUEST,
    }
    response
}
