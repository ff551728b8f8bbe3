//! Identity providers' own words: their endpoints (discovery) and their keys, each cached for a
//! while.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use jsonwebtoken::jwk::JwkSet;
use muster_fetch::{Error, Fetcher};
use muster_service::clock;
use serde::Deserialize;

/// How long a provider's words are kept.
const KEPT: Duration = Duration::from_hours(1);

/// How soon a provider is asked again for a key that it did not have.
const ASKED_AGAIN: Duration = Duration::from_mins(1);

/// Providers that are remembered.
const REMEMBERED: usize = 1_000;

/// Keys of a provider at most.
const KEYS_LIMIT: usize = 100;

/// A provider's endpoints.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Endpoints {
    issuer: String,
    pub(crate) authorization_endpoint: String,
    pub(crate) token_endpoint: String,
    jwks_uri: String,
}

/// A provider as it describes itself.
#[derive(Debug, Clone)]
pub(crate) struct Described {
    pub(crate) endpoints: Endpoints,
    pub(crate) keys: JwkSet,
    asked: Instant,
}

/// Providers that were asked, by issuer.
#[derive(Debug, Default)]
pub(crate) struct Providers(Mutex<HashMap<String, Arc<Described>>>);

impl Providers {
    /// Returns a provider as it describes itself now, or did within the last hour. `anew` asks
    /// again for keys that are not known, at most once a minute.
    pub(crate) async fn describe(&self, fetcher: &Fetcher, issuer: &str, anew: bool) -> Result<Arc<Described>, Error> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(issuer).cloned();
        let age = if anew { ASKED_AGAIN } else { KEPT };
        if let Some(known) = known.filter(|known| known.asked.elapsed() < age) {
            return Ok(known);
        }
        let asked = clock::start();
        let refused = |why: &str| Error::Refused(why.to_owned());
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let endpoints: Endpoints = serde_json::from_slice(&fetcher.read(&url).await?)
            .map_err(|_| refused("the identity provider's description cannot be read"))?;
        if endpoints.issuer != issuer {
            return Err(refused("the identity provider describes another issuer"));
        }
        for url in [&endpoints.authorization_endpoint, &endpoints.token_endpoint] {
            fetcher.check(url)?;
        }
        let mut keys: JwkSet = serde_json::from_slice::<Keys>(&fetcher.read(&endpoints.jwks_uri).await?)
            .map_err(|_| refused("the identity provider's keys cannot be read"))?
            .into();
        keys.keys.truncate(KEYS_LIMIT);
        let described = Arc::new(Described { endpoints, keys, asked });
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED {
            all.clear();
        }
        all.insert(issuer.to_owned(), Arc::clone(&described));
        Ok(described)
    }
}

/// A set of keys, some of which may be of kinds that nobody here knows.
#[derive(Deserialize)]
struct Keys {
    keys: Vec<serde_json::Value>,
}

impl From<Keys> for JwkSet {
    fn from(keys: Keys) -> Self {
        Self { keys: keys.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect() }
    }
}
