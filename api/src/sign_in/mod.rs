//! `/v1/sign-in` and `/v1/invites`: sign-in by a mail (rule A6), open to anybody.
//!
//! An answer never tells whether somebody has an address. A mail's link leads to a page that asks
//! for a click: programs that look at mails open links, and the page alone changes nothing.

mod accept;
mod begin;
mod client;
mod confirm;
pub(crate) mod oidc;
mod page;
mod session;

use axum::{
    Router,
    routing::{get, post},
};
use muster_domain::tenancy::sign_in::code::SignInKey;
use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, problem::Problem, state::Api};

pub(crate) use self::{client::SignInClient, oidc::provider::Providers};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(begin::begin))
        .routes(endpoint!(confirm::confirm))
        .routes(endpoint!(accept::accept))
        .merge(oidc::routes())
}

/// Returns the pages that mails lead to. They are for browsers, and no part of the document.
pub(crate) fn pages() -> Router<Api> {
    Router::new()
        .route("/v1/sign-in/{sign_in_id}/page", get(page::sign_in::show).post(page::sign_in::click))
        .merge(oidc::pages())
        .route("/v1/invites/{invite_id}/page", get(page::invite::show).merge(post(page::invite::click)))
}

/// Returns the key of codes and links, if the installation has one.
fn key(api: &Api) -> Result<SignInKey, Problem> {
    let key = api.settings.sign_in.key().map(SignInKey::new);
    key.ok_or_else(|| Problem::conflict("this installation has no sign-in by mail: members sign in with tokens"))
}
