//! Pages of requests that have failed.

use askama::Template;
use axum::{http::StatusCode, response::Response};

use crate::{
    client::Problem,
    language::Language,
    page::{Page, html_with},
    visit::{Part, Visit},
};

#[derive(Template)]
#[template(path = "failure.html")]
struct Failure {
    page: Page,
    sentence: String,
    /// Where to go from here.
    home: &'static str,
}

/// Returns the page of a failure.
pub(crate) fn page(visit: &Visit, problem: &Problem) -> Response {
    let (status, lang) = (problem.status(), visit.lang);
    let mut page = visit.page(title(status, lang), "");
    page.flash = None;
    let home = match visit.part {
        Part::Operator => "/operator",
        Part::Docs => "/docs",
        Part::SignIn | Part::Text | Part::App => "/",
    };
    html_with(status, &Failure { page, sentence: problem.sentence(lang), home })
}

fn title(status: StatusCode, lang: Language) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => lang.signed_out_title(),
        StatusCode::FORBIDDEN => lang.forbidden_title(),
        StatusCode::NOT_FOUND => lang.not_found_title(),
        status if status.is_server_error() => lang.our_fault_title(),
        _ => lang.did_not_work_title(),
    }
}
