//! `POST /sign-in/provider`: the way to an account's identity provider.

use askama::Template;
use axum::{
    http::{HeaderName, HeaderValue},
    response::Response,
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    client::{Problem, operations::sign_in as operations},
    flash::Flash,
    form::Fields,
    page::{Page, html, html_with},
    sign_in::mail,
    visit::Visit,
};

#[derive(Debug, Deserialize)]
struct Begun {
    authorization_url: String,
}

#[derive(Template)]
#[template(path = "sign_in/provider.html")]
struct Provider {
    page: Page,
    url: String,
}

/// Begins a sign-in at the provider. The browser goes there by a page of its own: forms lead
/// nowhere but to this origin (`form-action`).
pub(crate) async fn begin(visit: Visit, fields: Fields) -> Result<Response, Problem> {
    let body = json!({ "account_id": fields.get("account"), "cookie": true });
    let answer = match visit.call(&operations::SIGN_IN_OIDC, []).json(&body).answer::<Begun>().await {
        Ok(answer) => answer,
        Err(problem) if problem.is_of_the_input() => {
            let mut shown = mail::page(&visit, &fields);
            shown.page.flash = Some(Flash::bad(format!("{} {}", visit.lang.provider_failed(), problem.detail)));
            return Ok(html_with(problem.status(), &shown));
        }
        Err(problem) => return Err(problem),
    };
    let url = answer.body.authorization_url.clone();
    if !(url.starts_with("https://") || url.starts_with("http://")) {
        return Err(Problem::nothing());
    }
    let refresh = HeaderValue::try_from(format!("0; url={url}"));
    let mut response = html(&Provider { page: visit.page(visit.lang.to_provider(), ""), url });
    if let Ok(refresh) = refresh {
        response.headers_mut().insert(HeaderName::from_static("refresh"), refresh);
    }
    Ok(answer.cookies_on(response))
}
