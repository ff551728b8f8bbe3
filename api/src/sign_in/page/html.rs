//! A page's HTML: without scripts, and within no frame.

use axum::{
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY},
    },
    response::{IntoResponse, Response},
};

use crate::sign_in::page::Language;

/// A page.
pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) language: Language,
    pub(super) title: &'static str,
    /// HTML; values in it are escaped.
    pub(super) body: String,
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let Self { status, language, title, body } = self;
        let html = format!(
            "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             <title>{title}</title><body style=\"font: 1.1em sans-serif; max-width: 30em; margin: 3em auto\">\
             <h1>{title}</h1>{body}</body></html>",
            language.word()
        );
        let labels: [(HeaderName, &'static str); 3] = [
            (CONTENT_TYPE, "text/html; charset=utf-8"),
            (
                CONTENT_SECURITY_POLICY,
                "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            ),
            // The link has a code or a secret.
            (REFERRER_POLICY, "no-referrer"),
        ];
        let mut response = (status, html).into_response();
        for (name, value) in labels {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

/// Returns a form that posts these hidden values to the page's own address.
pub(super) fn form(hidden: &[(&str, &str)], more: &str, button: &str) -> String {
    let hidden: Vec<_> = hidden
        .iter()
        .map(|(name, value)| format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escaped(value)))
        .collect();
    let hidden = hidden.concat();
    format!("<form method=\"post\">{hidden}{more}<p><button>{button}</button></p></form>")
}

/// Returns a text as HTML.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
