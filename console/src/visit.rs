//! A request to a page: its credential, its language, and its part of the console.

use axum::{
    extract::{FromRequestParts, OriginalUri},
    http::{
        Extensions, HeaderMap, HeaderValue, StatusCode, Uri,
        header::{
            ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, IF_MATCH,
            IF_NONE_MATCH, RANGE, TRANSFER_ENCODING,
        },
        request::Parts,
    },
    response::{IntoResponse, Response},
};

use crate::{
    Console,
    client::{Call, Operation, Problem},
    flash::Flash,
    language::Language,
    next,
    operator::session,
    page::{Page, see},
};

/// Headers of a browser's request that are about that request alone, and a credential that pages
/// do not take.
const ITS_OWN: [axum::http::HeaderName; 10] = [
    ACCEPT,
    ACCEPT_ENCODING,
    AUTHORIZATION,
    CONNECTION,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    IF_MATCH,
    IF_NONE_MATCH,
    RANGE,
    TRANSFER_ENCODING,
];

/// A part of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Sign-in, and everything that is of no other part.
    SignIn,
    /// Agents.
    Text,
    /// Admins.
    App,
    /// Operators.
    Operator,
    /// The API's documents.
    Docs,
}

impl Part {
    fn of(path: &str) -> Self {
        let is = |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if is("/text") {
            Self::Text
        } else if is("/app") {
            Self::App
        } else if is("/operator/sign-in") {
            Self::SignIn
        } else if is("/operator") {
            Self::Operator
        } else if is("/docs") {
            Self::Docs
        } else {
            Self::SignIn
        }
    }
}

/// A request to a page. As an extractor it is the first of a handler's arguments.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    console: Console,
    headers: HeaderMap,
    extensions: Extensions,
    /// The header of the operator that has signed in, on pages of operators.
    operator: Option<HeaderValue>,
    /// The part of the console.
    pub(crate) part: Part,
    /// The language of the answer.
    pub(crate) lang: Language,
    /// The path with its query.
    pub(crate) here: String,
    /// A script of the page asks, and wants JSON.
    pub(crate) by_script: bool,
    /// The sentence that the page before has left.
    pub(crate) flash: Option<Flash>,
}

impl FromRequestParts<Console> for Visit {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Self::Rejection> {
        let uri = parts.extensions.get::<OriginalUri>().map_or_else(|| parts.uri.clone(), |uri| uri.0.clone());
        Ok(Self::of(console, parts, &uri))
    }
}

/// Returns whether htmx asks for a part of a page.
pub(crate) fn is_part_of_a_page(headers: &HeaderMap) -> bool {
    headers.contains_key("hx-request")
}

impl Visit {
    /// Reads a request.
    pub(crate) fn of(console: &Console, parts: &Parts, uri: &Uri) -> Self {
        let part = Part::of(uri.path());
        let mut headers = parts.headers.clone();
        for name in ITS_OWN {
            headers.remove(name);
        }
        let mut extensions = Extensions::new();
        (console.0.carry)(&parts.extensions, &mut extensions);
        let lang = match part {
            Part::Text => Language::of(&headers),
            Part::SignIn if !uri.path().starts_with("/operator") => Language::of(&headers),
            Part::SignIn | Part::App | Part::Operator | Part::Docs => Language::English,
        };
        let operator = if part == Part::Operator { session::token(&headers) } else { None };
        Self {
            console: console.clone(),
            operator,
            part,
            lang,
            here: uri.path_and_query().map_or_else(String::new, ToString::to_string),
            by_script: parts.headers.get(ACCEPT).is_some_and(|value| value == "application/json"),
            flash: Flash::of(&headers),
            headers,
            extensions,
        }
    }

    /// Begins a request to an operation of the api, with the values of its path's parameters in
    /// their order.
    pub(crate) fn call<const N: usize>(&self, operation: &'static Operation, path: [&str; N]) -> Call<'_> {
        Call::new(self, operation, &path)
    }

    /// Returns a page of this part with a title. `here` is the item of the navigation that it is
    /// under.
    pub(crate) fn page(&self, title: impl Into<String>, here: &'static str) -> Page {
        Page::new(self, title.into(), here)
    }

    /// Lets the next requests to the api be made with this token, which is tried.
    pub(crate) fn with_operator(mut self, token: HeaderValue) -> Self {
        self.operator = Some(token);
        self
    }

    /// Returns the value of a cookie.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        cookie(&self.headers, name)
    }

    /// Leads to sign-in, and from there back to this page.
    pub(crate) fn to_sign_in(&self) -> Response {
        let place = if self.part == Part::Operator { "/operator/sign-in" } else { "/sign-in" };
        let mut to = place.to_owned();
        if let Some(here) = next::own(&self.here) {
            let query = serde_urlencoded::to_string([("next", here)]).unwrap_or_default();
            to = format!("{place}?{query}");
        }
        see(&to)
    }

    pub(crate) fn api(&self) -> axum::Router {
        self.console.0.api.clone()
    }

    /// Returns the headers and extensions of a request to the api: an operator's token in the place
    /// of all cookies on pages of operators, and the session's cookie elsewhere.
    pub(crate) fn credentials(&self) -> Result<(HeaderMap, Extensions), Problem> {
        let mut headers = self.headers.clone();
        if let Some(token) = &self.operator {
            headers.remove(COOKIE);
            headers.insert(AUTHORIZATION, token.clone());
        } else if self.part == Part::Operator {
            let detail = "no operator has signed in".to_owned();
            return Err(Problem::own(StatusCode::UNAUTHORIZED, "unauthenticated", detail));
        }
        Ok((headers, self.extensions.clone()))
    }
}

/// Returns the value of a cookie, if there is exactly one of its name.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut ours =
        all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='));
    let value = ours.next()?;
    ours.next().is_none().then_some(value)
}

/// A page that is not there.
pub(crate) async fn nothing() -> Response {
    StatusCode::NOT_FOUND.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_known_by_its_first_word() {
        for (path, part) in [
            ("/text", Part::Text),
            ("/text/goals/1", Part::Text),
            ("/texts", Part::SignIn),
            ("/app/goals", Part::App),
            ("/operator", Part::Operator),
            ("/operator/jobs", Part::Operator),
            ("/operator/sign-in", Part::SignIn),
            ("/docs/operations/x", Part::Docs),
            ("/", Part::SignIn),
        ] {
            assert_eq!(Part::of(path), part, "{path}");
        }
    }

    #[test]
    fn a_cookie_that_comes_twice_is_none() {
        let headers = |value: &str| HeaderMap::from_iter([(COOKIE, value.parse().unwrap())]);
        assert_eq!(cookie(&headers("a=1; b=2"), "b"), Some("2"));
        assert_eq!(cookie(&headers("a=1; bb=2"), "b"), None);
        assert_eq!(cookie(&headers("b=1; b=2"), "b"), None);
    }
}
