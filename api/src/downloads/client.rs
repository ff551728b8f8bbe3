//! A client that opens a link: the link's secret, and the client's address.

use axum::{
    extract::{FromRef, FromRequestParts},
    http::request::Parts,
};
use muster_service::serve::Peer;
use serde::Deserialize;

use crate::{problem::Problem, sign_ups::visitor::address, state::Api};

/// The secret of a link. Another text is the secret of none.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct DownloadKey(pub(crate) String);

impl TryFrom<String> for DownloadKey {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digits = text.strip_prefix("muster_").unwrap_or_default();
        let known =
            digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if known { Ok(Self(text)) } else { Err("no secret of a link") }
    }
}

/// The address of a client, or that of the proxy in front if it tells none.
#[derive(Debug, Clone)]
pub(crate) struct ClientAddress(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress
where
    Api: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let api = Api::from_ref(state);
        let told = api.settings.http.client_address_header.as_deref();
        let peer = parts.extensions.get::<Peer>().map(|peer| peer.0);
        Ok(Self(address(&parts.headers, told, peer)))
    }
}
