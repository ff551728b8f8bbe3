//! The sign-in of an operator: their token in a cookie that the console alone reads.
//!
//! The api takes no operator's token from a cookie. The console's pages under `/operator` put it
//! into the header of their requests to the api, and no other page does. This is as safe as the
//! session's cookie of members: no script sees it (`HttpOnly`), it goes over TLS to this origin
//! alone (`__Host-`, `Secure`), a browser sends it with no request that another site's page makes
//! (`SameSite=Strict`), each change must come from a page of this origin (`security`), and the
//! token's end counts with the next request, because the api looks it up each time. It is
//! forgotten after [`AGE`] seconds, and with the browser's data.

use askama::Template;
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header::SET_COOKIE},
    response::Response,
};
use serde::Deserialize;

use crate::{
    client::{Problem, operations::operator as operations},
    flash::Flash,
    form::{Fields, Query},
    next,
    page::{Page, html, html_with, see},
    visit::{Visit, cookie},
};

const NAME: &str = "__Host-muster-operator";
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Strict";
/// Seconds: a shift.
const AGE: u32 = 12 * 60 * 60;
/// How operators' tokens begin.
const TOKEN: &str = "muster_operator_";
const TOKEN_LIMIT: usize = 200;

/// The operator with the request's token.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Me {
    /// Their name.
    pub(crate) name: String,
    /// `read` or `act`.
    pub(crate) rights: String,
}

impl Me {
    /// Returns whether they may change anything.
    pub(crate) fn may_act(&self) -> bool {
        self.rights == "act"
    }
}

#[derive(Template)]
#[template(path = "operator/sign_in.html")]
struct SignIn {
    page: Page,
    next: String,
}

/// Returns the header for the api, of the operator that has signed in.
pub(crate) fn token(headers: &HeaderMap) -> Option<HeaderValue> {
    header(cookie(headers, NAME)?)
}

fn header(token: &str) -> Option<HeaderValue> {
    if !is_token(token) {
        return None;
    }
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn is_token(text: &str) -> bool {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    text.starts_with(TOKEN) && text.len() <= TOKEN_LIMIT && plain
}

/// `GET /operator/sign-in`.
pub(crate) async fn show(visit: Visit, Query(query): Query) -> Response {
    let page = visit.page("Operators: sign in", "");
    html(&SignIn { page, next: next::own(query.get("next")).unwrap_or_default().to_owned() })
}

/// `POST /operator/sign-in`: tries the token, and keeps it in this browser if it is in force.
pub(crate) async fn enter(visit: Visit, fields: Fields) -> Result<Response, Problem> {
    let (token, next) = (fields.get("token"), next::own(fields.get("next")).unwrap_or("/operator"));
    let Some(tried) = header(token) else { return Ok(refused(&visit, next)) };
    match visit.clone().with_operator(tried).call(&operations::ME, []).done().await {
        Ok(()) => {
            let mut response = see(next);
            if let Ok(cookie) = HeaderValue::try_from(format!("{NAME}={token}; Max-Age={AGE}; {ATTRIBUTES}")) {
                response.headers_mut().append(SET_COOKIE, cookie);
            }
            Ok(response)
        }
        Err(problem) if matches!(problem.status, 401 | 403) => Ok(refused(&visit, next)),
        Err(problem) => Err(problem),
    }
}

fn refused(visit: &Visit, next: &str) -> Response {
    let mut page = visit.page("Operators: sign in", "");
    page.flash = Some(Flash::bad("This is not the token of an operator, or it has ended."));
    html_with(StatusCode::FORBIDDEN, &SignIn { page, next: next.to_owned() })
}

/// `POST /operator/sign-out`: forgets the token in this browser. It stays in force elsewhere.
pub(crate) async fn leave(_: Visit) -> Response {
    let mut response = see("/operator/sign-in");
    let cookie =
        HeaderValue::from_static("__Host-muster-operator=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict");
    response.headers_mut().append(SET_COOKIE, cookie);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_an_operators_token_goes_into_a_header() {
        assert!(is_token("muster_operator_0aZ"));
        for other in
            ["", "muster_0a", "muster_session_0a", "muster_operator_a b", "muster_operator_a\r\nb", "muster_operator_;"]
        {
            assert!(!is_token(other), "{other}");
        }
        assert!(!is_token(&format!("{TOKEN}{}", "a".repeat(TOKEN_LIMIT))));
    }
}
