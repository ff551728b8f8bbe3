//! Every route, and the document that is generated from them.

use std::fmt::Write;

use axum::{
    Json, Router,
    http::Uri,
    middleware,
    routing::{get, post},
};
use utoipa::{
    OpenApi,
    openapi::{
        OpenApi as Document,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    admin, agent, asker,
    document::{BEARER, endpoint},
    keys, limits,
    problem::Problem,
    state::Api,
    trace, webhooks,
};

#[derive(OpenApi)]
#[openapi(info(
    title = "Muster",
    description = "Peer-to-peer texting campaigns. Errors are problem+json (RFC 9457) with a stable `type`; lists have cursors; POSTs that create or send take an `Idempotency-Key`. Webhooks are authenticated by `X-Twilio-Signature`, everything else by a bearer token."
))]
struct Base;

fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(Base::openapi())
        .routes(endpoint!(admin::account::get::get))
        .routes(endpoint!(admin::organizations::create::create))
        .routes(endpoint!(admin::organizations::list::list))
        .routes(endpoint!(admin::organizations::get::get))
        .routes(endpoint!(admin::organizations::edit::patch))
        .routes(endpoint!(admin::organizations::caps::get))
        .routes(endpoint!(admin::organizations::caps::put))
        .routes(endpoint!(admin::organizations::laws::get))
        .routes(endpoint!(admin::organizations::laws::put))
        .routes(endpoint!(admin::organizations::rates::get))
        .routes(endpoint!(admin::organizations::rates::put))
        .routes(endpoint!(admin::organizations::end_hold::end_hold))
        .routes(endpoint!(admin::organizations::add_numbers::add))
        .routes(endpoint!(admin::groups::create::create))
        .routes(endpoint!(admin::groups::list::list))
        .routes(endpoint!(admin::groups::get::get))
        .routes(endpoint!(admin::groups::archive::archive))
        .routes(endpoint!(admin::groups::add_member::add_member))
        .routes(endpoint!(admin::groups::edit_membership::patch))
        .routes(endpoint!(admin::members::create::create))
        .routes(endpoint!(admin::members::create_token::create))
        .routes(endpoint!(admin::members::revoke_token::revoke))
        .routes(endpoint!(admin::contacts::list::list))
        .routes(endpoint!(admin::contacts::get::get))
        .routes(endpoint!(admin::contacts::opt_out::opt_out))
        .routes(endpoint!(admin::contacts::opt_in::opt_in))
        .routes(endpoint!(admin::contacts::why::get))
        .routes(endpoint!(admin::conversations::list::list))
        .routes(endpoint!(admin::conversations::get::get))
        .routes(endpoint!(admin::redactions::create::create))
        .routes(endpoint!(admin::redactions::get::get))
        .routes(endpoint!(admin::imports::upload::create))
        .routes(endpoint!(admin::imports::list::list))
        .routes(endpoint!(admin::imports::preview::show))
        .routes(endpoint!(admin::imports::get::get))
        .routes(endpoint!(admin::imports::events::follow))
        .routes(endpoint!(admin::imports::changes::list))
        .routes(endpoint!(admin::imports::undo::undo))
        .routes(endpoint!(admin::imports::cancel::cancel))
        .routes(endpoint!(admin::imports::rejects::rejects))
        .routes(endpoint!(admin::import_sources::create::create))
        .routes(endpoint!(admin::import_sources::list::list))
        .routes(endpoint!(admin::import_sources::get::get))
        .routes(endpoint!(admin::import_sources::replace::put))
        .routes(endpoint!(admin::import_sources::delete::delete))
        .routes(endpoint!(admin::import_sources::fetch::fetch))
        .routes(endpoint!(admin::goals::create::create))
        .routes(endpoint!(admin::goals::list::list))
        .routes(endpoint!(admin::goals::get::get))
        .routes(endpoint!(admin::goals::edit::put))
        .routes(endpoint!(admin::goals::launch::launch))
        .routes(endpoint!(admin::goals::pause::pause))
        .routes(endpoint!(admin::goals::resume::resume))
        .routes(endpoint!(admin::goals::close::close))
        .routes(endpoint!(admin::goals::duplicate::duplicate))
        .routes(endpoint!(admin::goals::stats::get))
        .routes(endpoint!(admin::goals::preview::preview))
        .routes(endpoint!(admin::goals::forecast::get))
        .routes(endpoint!(admin::campaigns::create::create))
        .routes(endpoint!(admin::campaigns::get::get))
        .routes(endpoint!(admin::campaigns::act::act))
        .routes(endpoint!(admin::texts::segments::count))
        .routes(endpoint!(agent::list_goals::list))
        .routes(endpoint!(agent::claim_batch::claim))
        .routes(endpoint!(agent::send::send))
        .routes(endpoint!(agent::skip::skip))
        .routes(endpoint!(agent::give_back::give_back))
        .routes(endpoint!(agent::claim_replies::claim))
        .routes(endpoint!(agent::reply::reply))
        .routes(endpoint!(agent::answer::put))
        .routes(endpoint!(webhooks::status::receive))
        .routes(endpoint!(webhooks::inbound::receive))
}

/// Returns the OpenAPI 3.1 document.
pub(crate) fn document() -> Document {
    let mut document = routes().into_openapi();
    let mut problems = String::from("\n\nProblem types:\n");
    for (kind, status, title) in Problem::TYPES {
        // Writing to a string does not fail.
        let _ = writeln!(problems, "- `{kind}` ({status}): {title}");
    }
    let description = document.info.description.get_or_insert_default();
    description.push_str(&problems);
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    document.components.get_or_insert_default().add_security_scheme(BEARER, SecurityScheme::Http(bearer));
    document
}

/// Returns the router.
pub(crate) fn router(api: Api) -> Router {
    let document = document();
    let (router, _) = routes().split_for_parts();
    router
        // A URL that was given to the carrier with a slash at its end.
        .route("/v1/webhooks/twilio/inbound/", post(webhooks::inbound::receive))
        .route("/openapi.json", get(move || async move { Json(document) }))
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed("see /openapi.json for what is") })
        .fallback(|uri: Uri| async move { Problem::not_found(format!("nothing is at {}", uri.path())) })
        .layer(middleware::from_fn_with_state(api.clone(), asker::ask))
        .layer(middleware::from_fn_with_state(api.clone(), keys::confirmed))
        .layer(middleware::from_fn_with_state(api.clone(), limits::within))
        .layer(middleware::map_response(limits::labelled))
        .layer(middleware::from_fn_with_state(api.clone(), trace::request))
        .with_state(api)
}
