//! `Idempotency-Key`: the same POST again gets the same answer and does nothing. The key, the
//! effects and the answer commit together.

use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, request::Parts},
};
use muster_domain::ids::MemberId;
use muster_storage::{Tx, tenancy::idempotency, trust::audit};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    audit::made_by,
    document::{Once, Success},
    problem::Problem,
    state::Api,
};

/// Characters that a key may have.
pub(crate) const LONGEST_KEY: usize = 200;

/// A request that may carry a key.
#[derive(Debug, Clone)]
pub(crate) struct Keyed {
    key: Option<String>,
    request: String,
    /// The request is made all day: see
    /// [`Pool::begin_repeated`](muster_storage::Pool::begin_repeated).
    repeated: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Keyed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let key = match parts.headers.get("idempotency-key").map(HeaderValue::to_str) {
            None => None,
            Some(Ok(key)) if !key.is_empty() && key.len() <= LONGEST_KEY => Some(key.to_owned()),
            Some(_) => {
                return Err(Problem::invalid_parameter(format!(
                    "Idempotency-Key must be 1 to {LONGEST_KEY} visible ASCII characters"
                )));
            }
        };
        Ok(Self { key, request: format!("{} {}", parts.method, parts.uri), repeated: false })
    }
}

impl Keyed {
    /// The same for a request that agents make all day, with statements on few rows by their ids.
    pub(crate) fn repeated(self) -> Self {
        Self { repeated: true, ..self }
    }

    /// Does the work in one transaction, or repeats the earlier answer. `body` is the request's, so
    /// that a key that comes with another request is noticed.
    pub(crate) async fn run<S: Success>(
        self,
        api: &Api,
        member_id: MemberId,
        body: &impl Serialize,
        work: impl AsyncFnOnce(&mut Tx) -> Result<S, Problem>,
    ) -> Result<Once<S>, Problem> {
        let mut tx = if self.repeated { api.pool.begin_repeated().await? } else { api.pool.begin().await? };
        let hash = self.hash(body);
        if let Some(key) = &self.key
            && let Some(before) = idempotency::claim(&mut tx, member_id, key, &hash).await?
        {
            if before.request_hash != hash {
                return Err(Problem::idempotency_key_reused("use a new key for a new request"));
            }
            let status = StatusCode::from_u16(before.status).unwrap_or(StatusCode::OK);
            return Ok(Once::again(status, before.body));
        }
        let answer = work(&mut tx).await?.into_body();
        let answer = serde_json::to_value(answer).map_err(muster_storage::Error::from)?;
        if let Some(id) = answer.get("id").and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok()) {
            audit::made_here(id, made_by);
        }
        if let Some(key) = &self.key {
            idempotency::keep(&mut tx, member_id, key, S::STATUS.as_u16(), &answer).await?;
        }
        tx.commit().await?;
        Ok(Once::new(answer))
    }

    fn hash(&self, body: &impl Serialize) -> Vec<u8> {
        let mut hash = Sha256::new();
        hash.update(self.request.as_bytes());
        hash.update(serde_json::to_vec(body).unwrap_or_default());
        hash.finalize().to_vec()
    }
}
