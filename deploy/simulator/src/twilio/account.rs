//! Signing in: HTTP Basic with the account's id and secret.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::{header, request::Parts},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{sim::Sim, twilio::error::Refusal};

/// Proof that a request is signed in.
pub(crate) struct SignedIn;

impl FromRequestParts<Arc<Sim>> for SignedIn {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, sim: &Arc<Sim>) -> Result<Self, Refusal> {
        let expected = format!("{}:{}", sim.config.account_sid, sim.config.auth_token);
        let credentials = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Basic "))
            .and_then(|encoded| STANDARD.decode(encoded).ok());
        if credentials.as_deref() == Some(expected.as_bytes()) { Ok(Self) } else { Err(Refusal::of(20003)) }
    }
}

/// Proof that a request is signed in to the account that its path names.
pub(crate) struct OwnAccount;

impl FromRequestParts<Arc<Sim>> for OwnAccount {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, sim: &Arc<Sim>) -> Result<Self, Refusal> {
        SignedIn::from_request_parts(parts, sim).await?;
        let params = RawPathParams::from_request_parts(parts, sim).await.map_err(|_| Refusal::of(20404))?;
        let own = params.iter().any(|(name, value)| name == "account" && value == sim.config.account_sid);
        if own { Ok(Self) } else { Err(Refusal::of(20404)) }
    }
}
