//! An identity provider as it is answered: its secret is not told.

use muster_storage::tenancy::sign_in::identity::IdentityProvider;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(crate) struct IdentityProviderAnswer {
    /// Null where the account has none.
    identity_provider: Option<IdentityProviderBody>,
    /// The address to register at the provider as the redirect URI.
    redirect_uri: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct IdentityProviderBody {
    issuer: String,
    client_id: String,
    email_domains: Vec<String>,
    required: bool,
}

/// Returns a provider as it is answered.
pub(crate) fn body(provider: Option<IdentityProvider>, redirect_uri: String) -> IdentityProviderAnswer {
    let identity_provider = provider.map(|provider| {
        let IdentityProvider { issuer, client_id, email_domains, required, .. } = provider;
        IdentityProviderBody { issuer, client_id, email_domains, required }
    });
    IdentityProviderAnswer { identity_provider, redirect_uri }
}
