//! `POST /v1/sign-in/confirm`: the code that was sent begins a session.

use axum::{Json as Answer, extract::State};
use muster_domain::{
    ids::{MemberId, SignInId},
    tenancy::sign_in::{code::SignInKey, scope::Scope, session::SignInMethod},
};
use muster_storage::{
    Tx,
    tenancy::sign_in::attempts::{self, Membership},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    bounds,
    credentials::secret_hash,
    document::WithCookie,
    problem::Problem,
    shapes,
    sign_in::{
        SignInClient, key,
        session::{SignedIn, Wanted, choose, chosen},
    },
    sign_ups::visitor::SmallJson,
    state::Api,
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInConfirmation {
    #[schema(value_type = uuid::Uuid)]
    sign_in_id: SignInId,
    #[schema(value_type = bounds::SignInSecret)]
    client_secret: String,
    /// As it was sent, in capital letters or not, with or without the dash.
    #[schema(value_type = bounds::SignInCode)]
    code: String,
    /// The member to be, for a person that is several; a person that is one needs none.
    #[schema(value_type = Option<uuid::Uuid>)]
    member_id: Option<MemberId>,
    /// `read` for reading alone; all rights of the member if absent.
    #[schema(value_type = Option<shapes::Scope>)]
    scope: Option<Scope>,
    /// For a page of this origin: the session's secret goes into a cookie that no script sees.
    #[serde(default)]
    cookie: bool,
}

/// Begins a session with the code that was sent, for the client that asked for it. A person that is
/// a member of several organizations gets `choices` and asks again with one of them; the code can
/// be used until a session has begun. After five wrong codes it is of no use.
#[utoipa::path(post, path = "/v1/sign-in/confirm", tag = "sign-in")]
pub(crate) async fn confirm(
    State(api): State<Api>,
    client: SignInClient,
    SmallJson(body): SmallJson<SignInConfirmation>,
) -> Result<WithCookie<Answer<SignedIn>>, Problem> {
    let secret = bounds::SignInSecret::read("client_secret", &body.client_secret)?;
    let code = bounds::SignInCode::read("code", &body.code)?;
    let key = key(&api)?;
    if body.cookie {
        client.own_page(&api)?;
    }
    client.count(&api).await?;
    let mut tx = api.pool.begin().await?;
    let proved = proved(&mut tx, &key, body.sign_in_id, secret, code).await?;
    let Some(memberships) = proved else {
        // The wrong code counts.
        tx.commit().await?;
        return Err(failed());
    };
    let Some((account_id, member_id)) = chosen(&memberships, body.member_id) else {
        return if body.member_id.is_some() { Err(failed()) } else { Ok(choose(memberships)) };
    };
    attempts::use_up(&mut tx, body.sign_in_id).await?;
    let (scope, cookie) = (body.scope.unwrap_or(Scope::Full), body.cookie);
    let wanted = Wanted { client: &client, method: SignInMethod::EmailCode, scope, cookie };
    let answer = wanted.begin(&mut tx, account_id, member_id).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Returns the members with the address to which this code was sent; none where the code, the
/// client or the time is not the right one. A wrong code is counted.
pub(crate) async fn proved(
    tx: &mut Tx,
    key: &SignInKey,
    id: SignInId,
    client_secret: &str,
    code: &str,
) -> Result<Option<Vec<Membership>>, Problem> {
    let Some(open) = attempts::lock(tx, id, &secret_hash(client_secret)).await? else { return Ok(None) };
    if !key.is_code(id, code) {
        attempts::count_try(tx, id).await?;
        return Ok(None);
    }
    let memberships = attempts::memberships(tx, &open.email).await?;
    Ok((!memberships.is_empty()).then_some(memberships))
}

/// One answer for everything that is not right, so that it tells nothing.
pub(crate) fn failed() -> Problem {
    Problem::sign_in_failed("the code is not the right one, was used, is too old, or was asked for elsewhere")
}
