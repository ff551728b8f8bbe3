//! The tenant or service on behalf of which a request uses the database, named before the database
//! is asked (`storage::db::room`).
//!
//! Tokens are remembered with their tenant, so that a request waits in its tenant's line from its
//! beginning. A token that is not remembered, be it new or nobody's, waits in the line of strangers
//! until it has been looked up. This decides about turns alone; the database is asked with every
//! request whether a token allows it.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use muster_domain::engine::turns::Urgency;
use muster_storage::{
    db::room::{self, Asker},
    tenancy::members::Member,
};
use uuid::Uuid;

use crate::{
    credentials::{secret_hash, secret_of},
    state::Api,
};

/// Tokens that are remembered at most.
const TOKENS_REMEMBERED: usize = 50_000;

/// The tenants of tokens that were seen, by the hash of their secret.
#[derive(Debug, Default)]
pub(crate) struct Tenants(Mutex<HashMap<Vec<u8>, Uuid>>);

impl Tenants {
    /// A token has turned out to be this member's: the request goes on in its tenant's line, and so
    /// do its next ones.
    pub(crate) fn learn(&self, secret_hash: Vec<u8>, member: &Member) {
        let tenant = member.organization_id.map_or(member.account_id.0, |organization| organization.0);
        room::known_as(Asker::Tenant(tenant));
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= TOKENS_REMEMBERED {
            known.clear();
        }
        known.insert(secret_hash, tenant);
    }

    fn of(&self, secret_hash: &[u8]) -> Option<Uuid> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(secret_hash).copied()
    }
}

/// Runs a request on its tenant's behalf. Carriers' webhooks have room of their own: nothing that
/// agents do keeps a STOP waiting.
pub(crate) async fn ask(State(api): State<Api>, request: Request, next: Next) -> Response {
    let asker = if request.uri().path().starts_with("/v1/webhooks/") {
        Asker::Ours
    } else {
        let tenant = secret_of(request.headers()).and_then(|secret| api.tenants.of(&secret_hash(secret)));
        tenant.map_or(Asker::Unknown, Asker::Tenant)
    };
    let urgency = urgency(request.uri().path());
    room::alone_by(asker, urgency, next.run(request)).await
}

/// Returns how urgent a request is. Agents have nothing to do until a claim is answered; texts wait
/// in the agent's screen, which sends them again.
fn urgency(path: &str) -> Urgency {
    let claims = path.starts_with("/v1/agent/") && path.ends_with("/claim");
    if claims { Urgency::Urgent } else { Urgency::Ordinary }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w3_b3_an_agents_claims_are_urgent_and_nothing_else_is() {
        let urgent = ["/v1/agent/goals/1/claim", "/v1/agent/groups/1/replies/claim"];
        assert_eq!(urgent.map(urgency), [Urgency::Urgent; 2]);
        let ordinary = ["/v1/agent/batches/1/send", "/v1/agent/batches/1/contacts/2/send", "/v1/organizations/1/claim"];
        assert_eq!(ordinary.map(urgency), [Urgency::Ordinary; 3]);
    }
}
