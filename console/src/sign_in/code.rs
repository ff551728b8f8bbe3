//! `/sign-in/code`: takes the code that was sent, and asks a person that is several members which
//! one to be.

use askama::Template;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use crate::{
    client::{Problem, operations::sign_in as operations},
    form::{Fields, Query},
    next,
    page::{Page, html, html_with, see},
    sign_in::ASKING_COOKIE,
    visit::Visit,
};

#[derive(Debug, Deserialize)]
struct SignedIn {
    choices: Vec<Choice>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    member_id: String,
    account: String,
    organization: Option<String>,
    role: String,
}

impl Choice {
    fn place(&self) -> String {
        match &self.organization {
            Some(organization) => format!("{organization} ({})", self.account),
            None => self.account.clone(),
        }
    }
}

#[derive(Template)]
#[template(path = "sign_in/code.html")]
struct Code {
    page: Page,
    id: String,
    next: String,
}

#[derive(Template)]
#[template(path = "sign_in/choose.html")]
struct Choose {
    page: Page,
    id: String,
    next: String,
    code: String,
    choices: Vec<Choice>,
}

fn page(visit: &Visit, fields: &Fields) -> Code {
    Code {
        page: visit.page(visit.lang.code_title(), ""),
        id: fields.get("id").to_owned(),
        next: next::own(fields.get("next")).unwrap_or_default().to_owned(),
    }
}

/// `GET /sign-in/code`.
pub(crate) async fn show(visit: Visit, Query(query): Query) -> Response {
    html(&page(&visit, &query))
}

/// `POST /sign-in/code`: begins the session.
pub(crate) async fn enter(visit: Visit, fields: Fields) -> Result<Response, Problem> {
    let mut body = json!({
        "sign_in_id": fields.get("id"),
        // The browser that asked for the code has it.
        "client_secret": visit.cookie(ASKING_COOKIE).unwrap_or("none"),
        "code": fields.get("code"),
        "cookie": true,
    });
    if let Some(member) = fields.some("member_id") {
        body["member_id"] = member.into();
    }
    match visit.call(&operations::SIGN_IN_CONFIRM, []).json(&body).answer::<SignedIn>().await {
        Ok(answer) if answer.body.choices.is_empty() => {
            Ok(answer.cookies_on(see(next::own(fields.get("next")).unwrap_or("/"))))
        }
        Ok(answer) => {
            let Code { id, next, .. } = page(&visit, &fields);
            let choices = answer.body.choices;
            let page = visit.page(visit.lang.choose_member(), "");
            Ok(html(&Choose { page, id, next, code: fields.get("code").to_owned(), choices }))
        }
        Err(problem) if problem.is_of_the_input() => {
            let mut shown = page(&visit, &fields);
            shown.page = shown.page.refused(&problem);
            Ok(html_with(problem.status(), &shown))
        }
        Err(problem) => Err(problem),
    }
}
