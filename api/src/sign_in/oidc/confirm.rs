//! `POST /v1/sign-in/oidc/confirm`: the provider's code begins a session of a client without
//! cookies.

use axum::{Json as Answer, extract::State};
use muster_domain::tenancy::sign_in::{scope::Scope, session::SignInMethod};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    bounds,
    document::WithCookie,
    problem::Problem,
    shapes,
    sign_in::{
        SignInClient, key,
        oidc::{admin, failed, of_state},
        session::{SignedIn, Wanted},
    },
    sign_ups::visitor::SmallJson,
    state::Api,
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OidcConfirmation {
    #[schema(value_type = bounds::SignInSecret)]
    client_secret: String,
    /// As the provider gave it to the browser, with `code`.
    #[schema(value_type = bounds::SignInSecret)]
    state: String,
    #[schema(value_type = bounds::OidcCode)]
    code: String,
    /// `read` for reading alone; all rights of the member if absent.
    #[schema(value_type = Option<shapes::Scope>)]
    scope: Option<Scope>,
}

/// Begins a session of the admin that the identity provider names.
#[utoipa::path(post, path = "/v1/sign-in/oidc/confirm", tag = "sign-in")]
pub(crate) async fn confirm(
    State(api): State<Api>,
    client: SignInClient,
    SmallJson(body): SmallJson<OidcConfirmation>,
) -> Result<WithCookie<Answer<SignedIn>>, Problem> {
    let secret = bounds::SignInSecret::read("client_secret", &body.client_secret)?;
    let state = bounds::SignInSecret::read("state", &body.state)?;
    let code = bounds::OidcCode::read("code", &body.code)?;
    let key = key(&api)?;
    client.count(&api).await?;
    let id = of_state(&key, state).ok_or_else(|| failed("the state is of no sign-in"))?;
    let (account_id, member_id) = admin(&api, &key, id, secret, code).await?;
    let scope = body.scope.unwrap_or(Scope::Full);
    let wanted = Wanted { client: &client, method: SignInMethod::Oidc, scope, cookie: false };
    let mut tx = api.pool.begin().await?;
    let answer = wanted.begin(&mut tx, account_id, member_id).await?;
    tx.commit().await?;
    Ok(answer)
}
