//! Pages elsewhere: which of them a form answers (CORS).

use axum::{
    http::{
        HeaderMap, HeaderValue,
        header::{ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, VARY},
    },
    response::{IntoResponse, Response},
};
use muster_storage::people::forms::Form;

use crate::{
    document::{Answers, OperationDoc},
    problem::Problem,
    sign_ups::visitor::Visitor,
    state::Api,
};

/// Returns the origin that an answer allows; none for a request that is from no page elsewhere.
/// Refuses the others.
pub(crate) fn allowed(api: &Api, form: &Form, visitor: &Visitor) -> Result<Option<HeaderValue>, Problem> {
    let Some(origin) = &visitor.origin else { return Ok(None) };
    let known = &form.definition.allowed_origins;
    let told = origin.to_str().unwrap_or_default();
    let own = api.settings.carrier.public_url.trim_end_matches('/');
    if known.iter().any(|one| one == "*" || one == told) || is_at(own, told) {
        Ok(Some(origin.clone()))
    } else {
        Err(Problem::foreign_origin("the form does not name this origin"))
    }
}

/// Returns whether a URL is at this origin.
fn is_at(url: &str, origin: &str) -> bool {
    !origin.is_empty() && url.strip_prefix(origin).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// An answer that pages at the allowed origin may read, the refusals too.
pub(crate) struct CrossOrigin<T> {
    /// The allowed origin.
    pub(crate) origin: Option<HeaderValue>,
    /// The answer.
    pub(crate) answer: Result<T, Problem>,
}

/// Returns the headers of an answer for an allowed origin.
pub(crate) fn headers(origin: Option<HeaderValue>) -> HeaderMap {
    let mut headers = HeaderMap::from_iter([(VARY, HeaderValue::from_static("origin"))]);
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
    }
    headers
}

impl<T: IntoResponse> IntoResponse for CrossOrigin<T> {
    fn into_response(self) -> Response {
        (headers(self.origin), self.answer).into_response()
    }
}

impl<T: Answers> Answers for CrossOrigin<T> {
    fn answers(doc: &mut OperationDoc) {
        Result::<T, Problem>::answers(doc);
    }
}

#[cfg(test)]
mod tests {
    use super::is_at;

    #[test]
    fn c16_the_installations_own_pages_are_known_by_its_public_address() {
        assert!(is_at("https://muster.example.org/api", "https://muster.example.org"));
        assert!(is_at("https://muster.example.org", "https://muster.example.org"));
        for other in ["", "https://muster", "https://muster.example.or", "null"] {
            assert!(!is_at("https://muster.example.org", other), "{other}");
        }
    }
}
