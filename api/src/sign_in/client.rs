//! The client of a sign-in: its address, its words on itself, and whether its page is of this
//! origin.

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, header::USER_AGENT, request::Parts},
};
use muster_domain::engine::bucket::{BucketKind, Rate};
use muster_storage::engine::buckets;

use crate::{credentials::is_same_origin, problem::Problem, sign_ups::visitor::Visitor, state::Api};

/// Characters of a client's words that are kept.
const CLIENT_LIMIT: usize = 200;

/// A client that signs in.
#[derive(Debug, Clone)]
pub(crate) struct SignInClient {
    /// Its own words on itself.
    pub(crate) client: String,
    /// Its address, or that of the proxy in front if it tells none.
    pub(crate) address: String,
    headers: HeaderMap,
}

impl<S: Send + Sync> FromRequestParts<S> for SignInClient
where
    Api: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Visitor { address, .. } = Visitor::from_request_parts(parts, state).await?;
        let told = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let client = told.chars().filter(|letter| !letter.is_control()).take(CLIENT_LIMIT).collect();
        Ok(Self { client, address, headers: parts.headers.clone() })
    }
}

impl SignInClient {
    /// Counts a sign-in from this address; refuses one too many. It counts, with any outcome.
    pub(crate) async fn count(&self, api: &Api) -> Result<(), Problem> {
        let rate = Rate::an_hour(api.settings.sign_in.address_an_hour);
        let subject = api.phone_hash_keys.client_hash(&self.address);
        take(api, BucketKind::SignInAddress, &subject[..16], rate).await
    }

    /// Refuses a request for a cookie that comes from another page than this origin's: it would
    /// sign somebody in as another.
    pub(crate) fn own_page(&self, api: &Api) -> Result<(), Problem> {
        if is_same_origin(&self.headers, &api.settings.carrier.public_url) {
            Ok(())
        } else {
            Err(Problem::cross_site("a cookie is for a page of this origin alone"))
        }
    }

    /// Returns the value of a cookie, if there is one of this name.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let all = self.headers.get_all(axum::http::header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        all.flat_map(|value| value.split(';')).find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
    }
}

/// Takes one token out of a bucket.
pub(crate) async fn take(api: &Api, kind: BucketKind, subject: &[u8], rate: Rate) -> Result<(), Problem> {
    let mut tx = api.pool.begin().await?;
    let taken = buckets::take(&mut tx, kind, subject, rate, 1).await?;
    buckets::forget(&mut tx).await?;
    tx.commit().await?;
    match taken {
        Ok(_) => Ok(()),
        Err(empty) => {
            Err(Problem::sign_in_limit("more sign-ins come than are allowed; try again later").after(empty.seconds))
        }
    }
}
