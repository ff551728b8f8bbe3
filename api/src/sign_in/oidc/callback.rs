//! `GET /v1/sign-in/oidc/callback`: a browser comes back from the identity provider.

use axum::{extract::State, response::Response};
use muster_domain::tenancy::sign_in::{scope::Scope, session::SignInMethod};
use serde::Deserialize;

use crate::{
    extract::Query,
    problem::Problem,
    sign_in::{
        SignInClient, key,
        oidc::{admin, failed, of_state},
        page::{Language, signed_in},
        session::{ASKING_COOKIE, Wanted},
    },
    state::Api,
};

/// The provider's answer. Others of its parameters are not looked at.
#[derive(Deserialize)]
pub(crate) struct ComingBack {
    #[serde(default)]
    state: String,
    code: Option<String>,
}

/// Begins a session in the browser that began the sign-in. It is known by its cookie, so that
/// nobody is signed in by a link of somebody else's.
pub(crate) async fn come_back(
    State(api): State<Api>,
    client: SignInClient,
    Query(back): Query<ComingBack>,
) -> Result<Response, Problem> {
    let key = key(&api)?;
    client.count(&api).await?;
    let id = of_state(&key, &back.state).ok_or_else(|| failed("the state is of no sign-in"))?;
    let code = back.code.ok_or_else(|| failed("the identity provider has refused the sign-in"))?;
    let secret = client.cookie(ASKING_COOKIE).ok_or_else(|| failed("this browser has begun no sign-in"))?;
    let (account_id, member_id) = admin(&api, &key, id, secret, &code).await?;
    let wanted = Wanted { client: &client, method: SignInMethod::Oidc, scope: Scope::Full, cookie: true };
    let mut tx = api.pool.begin().await?;
    let answer = wanted.begin(&mut tx, account_id, member_id).await?;
    tx.commit().await?;
    Ok(signed_in(Language::default(), answer))
}
