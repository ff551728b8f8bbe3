//! A sign-in's end: a session of a member, or the members to choose from.

use axum::Json as Answer;
use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{AccountId, MemberId, SessionId},
    tenancy::{
        role::Role,
        sign_in::{scope::Scope, session::SignInMethod},
    },
};
use muster_service::secret;
use muster_storage::{
    Tx,
    tenancy::sign_in::{
        attempts::Membership,
        policy,
        sessions::{self, NewSession},
    },
    trust::audit::{self, Principal},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    credentials::{SESSION_COOKIE, secret_hash},
    document::WithCookie,
    problem::Problem,
    shapes,
    sign_in::SignInClient,
};

/// The cookie by which a browser that asked for a code is known again.
pub(crate) const ASKING_COOKIE: &str = "__Host-muster-sign-in";

/// Seconds for which it is kept: those of a code.
pub(crate) const ASKING_SECONDS: i64 = 600;

#[derive(Serialize, ToSchema)]
pub(crate) struct SignedIn {
    /// Null where the person is to choose one of `choices`.
    session: Option<BegunSession>,
    /// The members that the person is, where they are several: a session is one member's.
    choices: Vec<SignInChoice>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct BegunSession {
    #[schema(value_type = uuid::Uuid)]
    id: SessionId,
    /// A bearer token, shown once, here; null where it is in the cookie.
    token: Option<String>,
    #[schema(value_type = uuid::Uuid)]
    member_id: MemberId,
    #[schema(value_type = shapes::Scope)]
    scope: Scope,
    /// From then on it is refused if nobody uses it until then.
    idle_until: DateTime<Utc>,
    /// From then on it is refused, however much it is used.
    expires_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SignInChoice {
    #[schema(value_type = uuid::Uuid)]
    member_id: MemberId,
    account: String,
    /// Null for an account admin.
    organization: Option<String>,
    #[schema(value_type = shapes::Role)]
    role: Role,
}

/// The session that a sign-in asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) client: &'a SignInClient,
    pub(crate) method: SignInMethod,
    pub(crate) scope: Scope,
    /// The secret goes into a cookie.
    pub(crate) cookie: bool,
}

impl Wanted<'_> {
    /// Begins a session with a secret that is new: a secret that the client had before is never
    /// taken over.
    pub(crate) async fn begin(
        self,
        tx: &mut Tx,
        account_id: AccountId,
        member_id: MemberId,
    ) -> Result<WithCookie<Answer<SignedIn>>, Problem> {
        let limits = policy::get(&mut *tx, account_id).await?.sessions;
        let (id, secret) = (SessionId::new(), secret::session());
        let new = NewSession {
            id,
            member_id,
            secret_hash: &secret_hash(&secret),
            scope: self.scope,
            method: self.method,
            client: &self.client.client,
            address: &self.client.address,
            limits,
        };
        sessions::begin(tx, &new).await?;
        audit::acting_as(Principal::member(account_id.0, member_id.0));
        audit::made("session", id.0);
        let now = tx.clock().await?;
        let session = BegunSession {
            id,
            token: (!self.cookie).then(|| secret.clone()),
            member_id,
            scope: self.scope,
            idle_until: limits.over_at(now, None),
            expires_at: limits.expires_at(now),
        };
        let cookie = self.cookie.then_some((SESSION_COOKIE, secret, None));
        Ok(WithCookie::new(Answer(SignedIn { session: Some(session), choices: Vec::new() }), cookie))
    }
}

/// Answers with the members to choose from.
pub(crate) fn choose(memberships: Vec<Membership>) -> WithCookie<Answer<SignedIn>> {
    let choice = |one: Membership| SignInChoice {
        member_id: one.member_id,
        account: one.account,
        organization: one.organization,
        role: one.role,
    };
    WithCookie::new(Answer(SignedIn { session: None, choices: memberships.into_iter().map(choice).collect() }), None)
}

/// Returns the one membership that is named, or the only one that there is.
pub(crate) fn chosen(memberships: &[Membership], named: Option<MemberId>) -> Option<(AccountId, MemberId)> {
    let found = match (named, memberships) {
        (Some(named), _) => memberships.iter().find(|one| one.member_id == named),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    found.map(|one| (one.account_id, one.member_id))
}

/// Returns a place in words.
pub(crate) fn place(account: &str, organization: Option<&str>) -> String {
    organization.map_or_else(|| account.to_owned(), |organization| format!("{organization} ({account})"))
}
