//! Every route, and the document that is generated from them.

use std::{fmt::Write, sync::OnceLock};

use axum::{
    Json, Router,
    http::Uri,
    middleware,
    routing::{get, options, post},
};
use utoipa::{
    OpenApi,
    openapi::{
        OpenApi as Document,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    admin, agent, asker,
    audit::{self, Operations},
    credentials,
    document::{BEARER, COOKIE},
    downloads, keys, limits, operator,
    problem::Problem,
    sign_in, sign_ups,
    state::Api,
    trace, webhooks,
};

#[derive(OpenApi)]
#[openapi(info(
    title = "Muster",
    description = "Peer-to-peer texting campaigns. Errors are problem+json (RFC 9457) with a stable `type`; lists have \
                   cursors; POSTs that create or send take an `Idempotency-Key`. Webhooks are authenticated by \
                   `X-Twilio-Signature`, sign-up forms are public, and everything else has a bearer token or a session's \
                   cookie. `x-muster-access` has the least role that may ask for an operation, and the scope that its token \
                   or session needs."
))]
struct Base;

fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(Base::openapi())
        .merge(admin::routes())
        .merge(agent::routes())
        .merge(operator::routes())
        .merge(sign_in::routes())
        .merge(sign_ups::routes())
        .merge(downloads::routes())
        .merge(webhooks::routes())
}

/// The OpenAPI 3.1 document: the routes write it, and a process has it once.
static DOCUMENT: OnceLock<Document> = OnceLock::new();

/// Returns the OpenAPI 3.1 document.
pub(crate) fn document() -> &'static Document {
    DOCUMENT.get_or_init(|| completed(routes().into_openapi()))
}

/// Returns the routes' document with the types of problems and the ways to sign in.
fn completed(mut document: Document) -> Document {
    let mut problems = String::from("\n\nProblem types:\n");
    for (kind, status, title) in Problem::TYPES {
        // Writing to a string does not fail.
        let _ = writeln!(problems, "- `{kind}` ({status}): {title}");
    }
    let description = document.info.description.get_or_insert_default();
    description.push_str(&problems);
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    let cookie = ApiKeyValue::with_description(
        credentials::SESSION_COOKIE,
        "A session's secret. A change must come from a page of this origin.",
    );
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer));
    components.add_security_scheme(COOKIE, SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    document
}

/// Returns the router.
pub(crate) fn router(api: Api) -> Router {
    let (router, written) = routes().split_for_parts();
    let document = DOCUMENT.get_or_init(|| completed(written));
    let operations = Operations::of(document);
    router
        .merge(sign_in::pages())
        // A URL that was given to the carrier with a slash at its end.
        .route("/v1/webhooks/twilio/inbound/", post(webhooks::inbound::receive))
        // Browsers ask before they post from a page elsewhere.
        .route("/v1/sign-ups/{form_key}", options(sign_ups::preflight::answer))
        .route("/v1/sign-ups/{form_key}/submit", options(sign_ups::preflight::answer))
        .route("/openapi.json", get(move || async move { Json(document) }))
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed("see /openapi.json for what is") })
        .fallback(|uri: Uri| async move { Problem::not_found(format!("nothing is at {}", uri.path())) })
        .layer(middleware::from_fn_with_state((api.clone(), operations), audit::act))
        .layer(middleware::from_fn_with_state(api.clone(), asker::ask))
        .layer(middleware::from_fn_with_state(api.clone(), credentials::from_own_page))
        .layer(middleware::from_fn_with_state(api.clone(), keys::confirmed))
        .layer(middleware::from_fn_with_state(api.clone(), limits::within))
        .layer(middleware::map_response(limits::labelled))
        .layer(middleware::from_fn_with_state(api.clone(), trace::request))
        .with_state(api)
}
