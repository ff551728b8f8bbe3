//! `POST /v1/sign-in/oidc`: the way to the account's identity provider.

use axum::{Json as Answer, extract::State};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use muster_domain::ids::{AccountId, SignInId};
use muster_service::secret;
use muster_storage::tenancy::sign_in::identity;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::{
    credentials::secret_hash,
    document::WithCookie,
    problem::Problem,
    sign_in::{
        SignInClient, key,
        oidc::{failed, redirect_uri, state_of},
        session::{ASKING_COOKIE, ASKING_SECONDS},
    },
    sign_ups::visitor::SmallJson,
    state::Api,
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OidcSignInBody {
    #[schema(value_type = uuid::Uuid)]
    account_id: AccountId,
    /// For a page of this origin: a cookie by which the browser is known when it comes back.
    #[serde(default)]
    cookie: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct OidcSignInBegun {
    #[schema(value_type = uuid::Uuid)]
    sign_in_id: SignInId,
    /// With which this client, and no other, uses the provider's code.
    client_secret: String,
    /// The address to open in a browser.
    authorization_url: String,
    /// From then on it is of no use.
    expires_at: DateTime<Utc>,
}

/// Begins a sign-in of an admin at the account's identity provider.
#[utoipa::path(post, path = "/v1/sign-in/oidc", tag = "sign-in")]
pub(crate) async fn begin(
    State(api): State<Api>,
    client: SignInClient,
    SmallJson(body): SmallJson<OidcSignInBody>,
) -> Result<WithCookie<Answer<OidcSignInBegun>>, Problem> {
    let key = key(&api)?;
    if body.cookie {
        client.own_page(&api)?;
    }
    client.count(&api).await?;
    let provider = identity::get(&api.pool, body.account_id).await?;
    let provider = provider.ok_or_else(|| failed("the account has no identity provider"))?;
    let described = api.providers.describe(&api.identity, &provider.issuer, false).await;
    let described = described.map_err(|error| failed(&format!("the identity provider: {error}")))?;
    let (id, client_secret) = (SignInId::new(), secret::token());
    let mut tx = api.pool.begin().await?;
    let expires_at = identity::begin(&mut tx, id, body.account_id, &secret_hash(&client_secret)).await?;
    tx.commit().await?;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(key.oidc(id, "verifier").as_bytes()));
    let (state, nonce, redirect) = (state_of(&key, id), key.oidc(id, "nonce"), redirect_uri(&api));
    let authorization_url = api
        .identity
        .with_query(
            &described.endpoints.authorization_endpoint,
            &[
                ("response_type", "code"),
                ("scope", "openid email"),
                ("client_id", &provider.client_id),
                ("redirect_uri", &redirect),
                ("state", &state),
                ("nonce", &nonce),
                ("code_challenge", &challenge),
                ("code_challenge_method", "S256"),
            ],
        )
        .map_err(|error| failed(&format!("the identity provider: {error}")))?;
    let cookie = body.cookie.then(|| (ASKING_COOKIE, client_secret.clone(), Some(ASKING_SECONDS)));
    let answer = Answer(OidcSignInBegun { sign_in_id: id, client_secret, authorization_url, expires_at });
    Ok(WithCookie::new(answer, cookie))
}
