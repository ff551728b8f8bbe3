//! `PUT /v1/account/identity-provider` (rule A6).

use axum::{Json as Answer, extract::State};
use muster_domain::tenancy::sign_in::code::SignInKey;
use muster_storage::tenancy::sign_in::identity::{self, IdentityProvider};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    admin::identity_provider::body::{IdentityProviderAnswer, body},
    auth::AccountAdmin,
    bounds,
    extract::Json,
    problem::Problem,
    sign_in::oidc::{redirect_uri, seal},
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentityProviderInput {
    /// The issuer, `https://…`, exactly as the provider describes itself.
    #[schema(value_type = bounds::Issuer)]
    issuer: String,
    /// The name of this installation at the provider.
    #[schema(value_type = bounds::Name)]
    client_id: String,
    /// Its secret there; it is not told again.
    #[schema(value_type = bounds::ClientSecret)]
    client_secret: String,
    /// Domains of addresses that the provider may speak for, such as `example.org`.
    #[schema(value_type = bounds::EmailDomains)]
    email_domains: Vec<String>,
    /// Admins sign in by it alone, and not by mail.
    #[serde(default)]
    required: bool,
}

/// Sets the account's identity provider. It is asked for its description first, so that one which
/// cannot be reached is refused. Where it is required, an operator has the way back:
/// `muster account sign-in-by-mail`.
#[utoipa::path(put, path = "/v1/account/identity-provider", tag = "sign-in")]
pub(crate) async fn put(
    State(api): State<Api>,
    AccountAdmin(member): AccountAdmin,
    Json(new): Json<IdentityProviderInput>,
) -> Result<Answer<IdentityProviderAnswer>, Problem> {
    let issuer = bounds::Issuer::read("issuer", &new.issuer)?;
    let client_id = bounds::Name::read("client_id", &new.client_id)?.to_owned();
    let secret = bounds::ClientSecret::read("client_secret", &new.client_secret)?;
    bounds::EmailDomains::check("email_domains", &new.email_domains)?;
    let mut email_domains = new.email_domains.clone();
    for domain in &mut email_domains {
        bounds::EmailDomain::read("email_domains", domain)?;
        domain.make_ascii_lowercase();
    }
    let key = api.settings.sign_in.key().map(SignInKey::new);
    let key = key.ok_or_else(|| Problem::conflict("sign_in.key is not set for this installation"))?;
    let described = api.providers.describe(&api.identity, issuer, false).await;
    described.map_err(|error| Problem::invalid_body(format!("issuer: {error}")))?;
    let sealed_secret = seal::seal(&key, member.account_id, issuer, secret)
        .ok_or_else(|| Problem::internal("the secret could not be sealed"))?;
    let new = IdentityProvider {
        issuer: issuer.to_owned(),
        client_id,
        sealed_secret,
        email_domains,
        required: new.required,
        version: 0,
    };
    let mut tx = api.pool.begin().await?;
    identity::set(&mut tx, member.account_id, &new).await?;
    tx.commit().await?;
    Ok(Answer(body(Some(new), redirect_uri(&api))))
}
