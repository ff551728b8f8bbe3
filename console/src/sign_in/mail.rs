//! `/sign-in`: asks for an address, and has a code sent to it.

use askama::Template;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::{
    client::{Problem, operations::sign_in as operations},
    form::{Fields, Query},
    next,
    page::{Page, html, html_with, see},
    visit::Visit,
};

#[derive(Debug, Deserialize)]
struct Begun {
    sign_in_id: Uuid,
}

#[derive(Template)]
#[template(path = "sign_in/mail.html")]
pub(super) struct Mail {
    pub(super) page: Page,
    next: String,
    email: String,
    /// The account with the identity provider at which its admins sign in.
    account_id: Option<Uuid>,
}

/// Returns the page with the fields that came.
pub(super) fn page(visit: &Visit, fields: &Fields) -> Mail {
    Mail {
        page: visit.page(visit.lang.sign_in(), ""),
        next: next::own(fields.get("next")).unwrap_or_default().to_owned(),
        email: fields.get("email").to_owned(),
        account_id: fields.get("account").parse().ok(),
    }
}

/// `GET /sign-in`. `account` in the address names an account with an identity provider, of which
/// the page has a button then.
pub(crate) async fn show(visit: Visit, Query(query): Query) -> Response {
    html(&page(&visit, &query))
}

/// `POST /sign-in`: has a code sent, and asks for it.
pub(crate) async fn send(visit: Visit, fields: Fields) -> Result<Response, Problem> {
    let body = json!({ "email": fields.get("email"), "language": visit.lang.tag(), "cookie": true });
    match visit.call(&operations::SIGN_IN, []).json(&body).answer::<Begun>().await {
        Ok(answer) => {
            let mut to = format!("/sign-in/code?id={}", answer.body.sign_in_id);
            if let Some(next) = next::own(fields.get("next")) {
                to.push('&');
                to.push_str(&serde_urlencoded::to_string([("next", next)]).unwrap_or_default());
            }
            Ok(answer.cookies_on(see(&to)))
        }
        Err(problem) if problem.is_of_the_input() => {
            let mut shown = page(&visit, &fields);
            shown.page = shown.page.refused(&problem);
            Ok(html_with(problem.status(), &shown))
        }
        Err(problem) => Err(problem),
    }
}
