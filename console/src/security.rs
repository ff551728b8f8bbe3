//! Rules that every request to the console and every answer of it keeps.
//!
//! A request that changes something comes from a page of this origin. An answer allows no code and
//! no style but the console's own files, stands in no frame, tells other sites no address, and is
//! stored nowhere unless it is an asset. Answers that have failed become pages here.

use axum::{
    Json,
    extract::{OriginalUri, Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, RETRY_AFTER, SET_COOKIE,
            X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
        },
    },
    middleware::Next,
    response::{IntoResponse, Response},
};

use serde_json::json;

use crate::{
    Console,
    client::{Problem, problem::Failed},
    failure, flash,
    visit::{Part, Visit, is_part_of_a_page},
};

/// No code, no style, no picture and no connection but this origin's; nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const LABELS: [(HeaderName, &str); 7] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    // Addresses have ids and searches.
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=()"),
];

/// Where htmx looks for another page to go to.
const HX_REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");

/// Runs a request within the rules.
pub(crate) async fn keep(
    State(console): State<Console>,
    OriginalUri(uri): OriginalUri,
    request: Request,
    next: Next,
) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    let (parts, body) = request.into_parts();
    let visit = Visit::of(&console, &parts, &uri);
    let is_part = is_part_of_a_page(&parts.headers);
    let has_flash = visit.flash.is_some();
    let response = if changes && !(console.0.from_own_page)(&parts.headers) {
        let detail = "the request comes from another site's page".to_owned();
        Problem::own(StatusCode::FORBIDDEN, "cross-site", detail).into_response()
    } else {
        next.run(Request::from_parts(parts, body)).await
    };
    let mut response = as_page(&visit, &uri, response);
    if is_part {
        redirected_part(&mut response);
    } else if has_flash && response.status().is_success() && is_html(response.headers()) {
        response.headers_mut().append(SET_COOKIE, flash::forgotten());
    }
    label(response.headers_mut());
    response
}

fn label(headers: &mut HeaderMap) {
    for (name, value) in LABELS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let is_kept = headers.get(CACHE_CONTROL).is_some_and(|value| value.as_bytes().starts_with(b"public"));
    if !is_kept {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

fn is_html(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/html"))
}

/// Turns a failure into its page: an end of the session into sign-in, and anything else that is
/// wrong into a page that says so.
fn as_page(visit: &Visit, uri: &Uri, response: Response) -> Response {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || is_html(response.headers()) {
        return response;
    }
    let retry_after = response.headers().get(RETRY_AFTER).map(|after| (RETRY_AFTER, after.clone()));
    let problem = match response.extensions().get::<Failed>() {
        Some(Failed(problem)) => problem.clone(),
        None if is_asset(uri) => return response,
        None => Problem::own(status, "", String::new()),
    };
    if visit.by_script {
        let told = json!({ "word": problem.word(), "sentence": problem.sentence(visit.lang) });
        let mut response = (problem.status(), Json(told)).into_response();
        response.headers_mut().extend(retry_after);
        return response;
    }
    if problem.status == StatusCode::UNAUTHORIZED.as_u16() && visit.part != Part::SignIn {
        return visit.to_sign_in();
    }
    let mut page = failure::page(visit, &problem);
    page.headers_mut().extend(retry_after);
    page
}

fn is_asset(uri: &Uri) -> bool {
    uri.path().starts_with("/assets/")
}

/// Tells htmx of another page: it would put it into a part of this one.
fn redirected_part(response: &mut Response) {
    if response.status() == StatusCode::SEE_OTHER
        && let Some(location) = response.headers_mut().remove(LOCATION)
    {
        response.headers_mut().insert(HX_REDIRECT, location);
        *response.status_mut() = StatusCode::OK;
    }
}
