//! A visitor of a public form: the origin of their page, and their address.

use std::net::IpAddr;

use axum::{
    extract::{DefaultBodyLimit, FromRef, FromRequest, FromRequestParts, Request},
    http::{HeaderMap, HeaderValue, header::ORIGIN, request::Parts},
};
use muster_service::serve::Peer;
use serde::{Deserialize, de::DeserializeOwned};

use crate::{audit::client_address, extract::Json, problem::Problem, state::Api};

/// Bytes of a sign-up.
const BODY_LIMIT: usize = 128 * 1024;

/// The public name of a form. Another text is the name of none.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct FormKey(pub(crate) String);

impl TryFrom<String> for FormKey {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if text.len() == 32 && digits { Ok(Self(text)) } else { Err("no name of a form") }
    }
}

/// A visitor.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    /// The origin of their page, as the browser tells it.
    pub(crate) origin: Option<HeaderValue>,
    /// Their address, or that of the proxy in front if it tells none.
    pub(crate) address: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor
where
    Api: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let api = Api::from_ref(state);
        let told = api.settings.http.client_address_header.as_deref();
        let peer = parts.extensions.get::<Peer>().map(|peer| peer.0);
        Ok(Self { origin: parts.headers.get(ORIGIN).cloned(), address: address(&parts.headers, told, peer) })
    }
}

/// Returns the address in the last entry of a proxy's header, or the connection's. Of an IPv6
/// address the network counts, because a client has many of one.
pub(crate) fn address(headers: &HeaderMap, header: Option<&str>, peer: Option<IpAddr>) -> String {
    match client_address(headers, header, peer) {
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
        Some(IpAddr::V4(address)) => address.to_string(),
        None => String::new(),
    }
}

/// A small JSON body.
pub(crate) struct SmallJson<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for SmallJson<T> {
    type Rejection = Problem;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, Problem> {
        DefaultBodyLimit::max(BODY_LIMIT).apply(&mut request);
        Json::from_request(request, state).await.map(|Json(body)| Self(body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c16_a_client_is_known_by_the_last_entry_of_the_proxys_header_if_one_is_trusted() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", HeaderValue::from_static("10.0.0.1, 203.0.113.7"));
        let peer = Some(IpAddr::from([192, 0, 2, 1]));
        assert_eq!(address(&headers, Some("x-forwarded-for"), peer), "203.0.113.7");
        assert_eq!(address(&headers, None, peer), "192.0.2.1", "a header that nobody trusts is the client's own");
        headers.append("x-forwarded-for", HeaderValue::from_static("2001:db8:1:2:3:4:5:6"));
        assert_eq!(address(&headers, Some("x-forwarded-for"), peer), "2001:db8:1:2");
        headers.append("x-forwarded-for", HeaderValue::from_static("nonsense"));
        assert_eq!(address(&headers, Some("x-forwarded-for"), peer), "192.0.2.1");
    }
}
