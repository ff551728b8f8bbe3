//! `POST /v1/invites/accept`: an invited member signs in.

use axum::{Json as Answer, extract::State};
use muster_domain::{
    ids::InviteId,
    tenancy::sign_in::{code::SignInKey, scope::Scope, session::SignInMethod},
};
use muster_storage::{
    Tx,
    tenancy::sign_in::invites::{self, PendingInvite},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    bounds,
    document::WithCookie,
    problem::Problem,
    shapes,
    sign_in::{
        SignInClient, key,
        session::{SignedIn, Wanted},
    },
    sign_ups::visitor::SmallJson,
    state::Api,
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InviteToAccept {
    #[schema(value_type = uuid::Uuid)]
    invite_id: InviteId,
    /// The part of the link behind `secret=`.
    #[schema(value_type = bounds::SignInSecret)]
    secret: String,
    /// `read` for reading alone; all rights of the member if absent.
    #[schema(value_type = Option<shapes::Scope>)]
    scope: Option<Scope>,
    /// For a page of this origin: the session's secret goes into a cookie that no script sees.
    #[serde(default)]
    cookie: bool,
}

/// Accepts an invite, once, and begins a session of the member.
#[utoipa::path(post, path = "/v1/invites/accept", tag = "sign-in")]
pub(crate) async fn accept(
    State(api): State<Api>,
    client: SignInClient,
    SmallJson(body): SmallJson<InviteToAccept>,
) -> Result<WithCookie<Answer<SignedIn>>, Problem> {
    let secret = bounds::SignInSecret::read("secret", &body.secret)?;
    let key = key(&api)?;
    if body.cookie {
        client.own_page(&api)?;
    }
    client.count(&api).await?;
    let mut tx = api.pool.begin().await?;
    let invite = pending(&mut tx, &key, body.invite_id, secret).await?.ok_or_else(failed)?;
    invites::accept(&mut tx, body.invite_id).await?;
    let (scope, cookie) = (body.scope.unwrap_or(Scope::Full), body.cookie);
    let wanted = Wanted { client: &client, method: SignInMethod::Invite, scope, cookie };
    let answer = wanted.begin(&mut tx, invite.account_id, invite.member_id).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Returns the invite that this link is of, if it can be accepted.
pub(crate) async fn pending(
    tx: &mut Tx,
    key: &SignInKey,
    id: InviteId,
    secret: &str,
) -> Result<Option<PendingInvite>, Problem> {
    let found = invites::lock_pending(tx, id).await?;
    Ok(found.filter(|invite| key.is_invite(id, invite.generation, secret)))
}

/// One answer for everything that is not right.
pub(crate) fn failed() -> Problem {
    Problem::sign_in_failed("the invite was accepted, taken back or made anew, or its time is over")
}
