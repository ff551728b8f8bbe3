//! Sign-in of admins at their account's identity provider (OpenID Connect): the authorization code
//! flow with PKCE, state and nonce.

mod begin;
mod callback;
mod confirm;
pub(crate) mod provider;
pub(crate) mod seal;
mod token;

use axum::{Router, routing::get};
use muster_domain::{
    ids::{AccountId, MemberId, SignInId},
    tenancy::sign_in::code::SignInKey,
};
use muster_storage::tenancy::sign_in::identity::{self, IdentityProvider};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;

use self::token::{BadToken, Wanted};
use crate::{credentials::secret_hash, document::endpoint, problem::Problem, state::Api};

/// Returns the routes.
pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(endpoint!(begin::begin)).routes(endpoint!(confirm::confirm))
}

/// Returns the page that the provider sends browsers back to, which is no part of the document.
pub(super) fn pages() -> Router<Api> {
    Router::new().route(CALLBACK, get(callback::come_back))
}

/// The path that the provider sends browsers back to.
const CALLBACK: &str = "/v1/sign-in/oidc/callback";

/// Returns the address that the provider sends browsers back to.
pub(crate) fn redirect_uri(api: &Api) -> String {
    format!("{}{CALLBACK}", api.settings.carrier.public_url.trim_end_matches('/'))
}

/// Returns the state of a sign-in, by which it is found again.
fn state_of(key: &SignInKey, id: SignInId) -> String {
    format!("{}.{}", id, key.oidc(id, "state"))
}

/// Returns the sign-in of a state.
fn of_state(key: &SignInKey, state: &str) -> Option<SignInId> {
    let id = SignInId(state.split_once('.')?.0.parse().ok()?);
    (secret_hash(state) == secret_hash(&state_of(key, id))).then_some(id)
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

/// Returns the admin that the provider says came back, of a sign-in that this client has begun. A
/// sign-in is used up by the first to come back.
async fn admin(
    api: &Api,
    key: &SignInKey,
    id: SignInId,
    client_secret: &str,
    code: &str,
) -> Result<(AccountId, MemberId), Problem> {
    let mut tx = api.pool.begin().await?;
    let account_id = identity::use_up(&mut tx, id, &secret_hash(client_secret)).await?;
    let account_id = account_id.ok_or_else(|| failed("the sign-in was used, is too old, or was begun elsewhere"))?;
    tx.commit().await?;
    let provider = identity::get(&api.pool, account_id).await?;
    let provider = provider.ok_or_else(|| failed("the account has no identity provider"))?;
    let email = email(api, key, id, account_id, &provider, code).await?;
    let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
    if !provider.email_domains.iter().any(|allowed| allowed == domain) {
        return Err(failed("the identity provider may not speak for addresses of this domain"));
    }
    let mut tx = api.pool.begin().await?;
    let member_id = identity::admin(&mut tx, account_id, &email).await?;
    let member_id = member_id.ok_or_else(|| failed("no admin of the account has this address"))?;
    Ok((account_id, member_id))
}

/// Returns the verified address that the provider gives for a code.
async fn email(
    api: &Api,
    key: &SignInKey,
    id: SignInId,
    account_id: AccountId,
    provider: &IdentityProvider,
    code: &str,
) -> Result<String, Problem> {
    let secret = seal::open(key, account_id, &provider.issuer, &provider.sealed_secret)
        .ok_or_else(|| failed("the secret at the identity provider is sealed under another key: set it again"))?;
    let away = |error: muster_fetch::Error| failed(&format!("the identity provider: {error}"));
    let described = api.providers.describe(&api.identity, &provider.issuer, false).await.map_err(away)?;
    let (redirect_uri, verifier) = (redirect_uri(api), key.oidc(id, "verifier"));
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri.as_str()),
        ("code_verifier", verifier.as_str()),
    ];
    let endpoint = &described.endpoints.token_endpoint;
    let answer = api.identity.post(endpoint, (&provider.client_id, &secret), &form).await.map_err(away)?;
    let Tokens { id_token } =
        serde_json::from_slice(&answer).map_err(|_| failed("the identity provider's answer cannot be read"))?;
    let nonce = key.oidc(id, "nonce");
    let wanted = Wanted { issuer: &provider.issuer, client_id: &provider.client_id, nonce: &nonce };
    let read = match token::email_of(&id_token, &described.keys, &wanted) {
        Err(BadToken::UnknownKey) => {
            // The provider may have changed its keys.
            let described = api.providers.describe(&api.identity, &provider.issuer, true).await.map_err(away)?;
            token::email_of(&id_token, &described.keys, &wanted)
        }
        read => read,
    };
    read.map_err(|bad| failed(&bad.to_string()))
}

fn failed(why: &str) -> Problem {
    Problem::sign_in_failed(why)
}
