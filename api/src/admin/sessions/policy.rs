//! `GET` and `PATCH /v1/account/sign-in-policy`: how long sessions of an account last (rule A6).

use axum::extract::State;
use muster_domain::tenancy::sign_in::session::SessionLimits;
use muster_storage::tenancy::sign_in::policy::{self, SignInPolicy};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    auth::AccountAdmin,
    bounds,
    document::Tagged,
    extract::{IfMatch, Json},
    problem::Problem,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct SignInPolicyBody {
    /// Minutes without a request after which a session is over.
    session_idle_minutes: i32,
    /// Hours after which a session is over, however much it is used.
    session_lifetime_hours: i32,
    version: i32,
}

/// Absent members stay as they are.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInPolicyEdit {
    #[schema(value_type = Option<bounds::SessionIdleMinutes>)]
    session_idle_minutes: Option<i32>,
    #[schema(value_type = Option<bounds::SessionLifetimeHours>)]
    session_lifetime_hours: Option<i32>,
}

fn body(SignInPolicy { sessions, version }: SignInPolicy) -> Tagged<SignInPolicyBody> {
    let SessionLimits { idle_minutes, lifetime_hours } = sessions;
    let body = SignInPolicyBody { session_idle_minutes: idle_minutes, session_lifetime_hours: lifetime_hours, version };
    Tagged { version, body }
}

/// Reads the account's settings of sign-in. The answer's `ETag` goes into `If-Match` of an edit.
#[utoipa::path(get, path = "/v1/account/sign-in-policy", tag = "sessions")]
pub(crate) async fn get(
    State(api): State<Api>,
    AccountAdmin(member): AccountAdmin,
) -> Result<Tagged<SignInPolicyBody>, Problem> {
    Ok(body(policy::get(&api.pool, member.account_id).await?))
}

/// Edits the account's settings of sign-in. Narrower limits hold for sessions that have begun;
/// wider ones for new sessions alone.
#[utoipa::path(patch, path = "/v1/account/sign-in-policy", tag = "sessions")]
pub(crate) async fn patch(
    State(api): State<Api>,
    AccountAdmin(member): AccountAdmin,
    expected: IfMatch,
    Json(edit): Json<SignInPolicyEdit>,
) -> Result<Tagged<SignInPolicyBody>, Problem> {
    let idle = edit.session_idle_minutes;
    let idle = idle.map(|minutes| bounds::SessionIdleMinutes::read("session_idle_minutes", minutes)).transpose()?;
    let hours = edit.session_lifetime_hours;
    let hours = hours.map(|hours| bounds::SessionLifetimeHours::read("session_lifetime_hours", hours)).transpose()?;
    let mut tx = api.pool.begin().await?;
    let before = policy::lock(&mut tx, member.account_id).await?;
    if !expected.allows(before.version) {
        return Err(Problem::edited_meanwhile(format!("the settings are at version {}", before.version)));
    }
    let sessions = SessionLimits {
        idle_minutes: idle.unwrap_or(before.sessions.idle_minutes),
        lifetime_hours: hours.unwrap_or(before.sessions.lifetime_hours),
    };
    policy::set(&mut tx, member.account_id, sessions).await?;
    let after = policy::get(&mut tx, member.account_id).await?;
    tx.commit().await?;
    Ok(body(after))
}
