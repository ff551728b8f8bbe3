//! A session as it is answered.

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::SessionId,
    tenancy::sign_in::{scope::Scope, session::SignInMethod},
};
use muster_storage::tenancy::sign_in::{credentials::CredentialId, sessions::Session};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{list::Item, shapes};

#[derive(Serialize, ToSchema)]
pub(crate) struct SessionBody {
    #[schema(value_type = uuid::Uuid)]
    id: SessionId,
    /// The request is made with it.
    current: bool,
    #[schema(value_type = shapes::Scope)]
    scope: Scope,
    #[schema(value_type = shapes::SignInMethod)]
    method: SignInMethod,
    /// The client's own words on itself.
    client: String,
    /// The address that it signed in from; of an IPv6 address the network.
    address: String,
    created_at: DateTime<Utc>,
    /// To the minute; null if it was never used.
    last_used_at: Option<DateTime<Utc>>,
    /// From then on it is refused if nobody uses it until then.
    idle_until: DateTime<Utc>,
    /// From then on it is refused, however much it is used.
    expires_at: DateTime<Utc>,
}

impl Item for SessionBody {
    type Id = SessionId;

    const PAGE: &'static str = "SessionPage";
}

/// Returns a session as it is answered to a request with this credential.
pub(crate) fn body(session: Session, credential: CredentialId) -> SessionBody {
    let Session { id, scope, method, client, address, created_at, last_used_at, limits } = session;
    SessionBody {
        id,
        current: credential == CredentialId::Session(id),
        scope,
        method,
        client,
        address,
        created_at,
        last_used_at,
        idle_until: limits.over_at(created_at, last_used_at),
        expires_at: limits.expires_at(created_at),
    }
}
