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
    limits,
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
        .routes(endpoint!(admin::account::get))
        .routes(endpoint!(admin::organizations::create))
        .routes(endpoint!(admin::organizations::list))
        .routes(endpoint!(admin::organization::get))
        .routes(endpoint!(admin::organization::patch))
        .routes(endpoint!(admin::caps::get))
        .routes(endpoint!(admin::caps::put))
        .routes(endpoint!(admin::laws::get))
        .routes(endpoint!(admin::laws::put))
        .routes(endpoint!(admin::rates::get))
        .routes(endpoint!(admin::rates::put))
        .routes(endpoint!(admin::rates::end_hold))
        .routes(endpoint!(admin::numbers::add))
        .routes(endpoint!(admin::groups::create))
        .routes(endpoint!(admin::groups::list))
        .routes(endpoint!(admin::group::get))
        .routes(endpoint!(admin::group::archive))
        .routes(endpoint!(admin::group::add_member))
        .routes(endpoint!(admin::membership::patch))
        .routes(endpoint!(admin::members::create))
        .routes(endpoint!(admin::tokens::create))
        .routes(endpoint!(admin::tokens::revoke))
        .routes(endpoint!(admin::imports::create))
        .routes(endpoint!(admin::import_list::list))
        .routes(endpoint!(admin::import_preview::show))
        .routes(endpoint!(admin::import::get))
        .routes(endpoint!(admin::import_events::follow))
        .routes(endpoint!(admin::import_changes::list))
        .routes(endpoint!(admin::import_undo::undo))
        .routes(endpoint!(admin::import_sources::create))
        .routes(endpoint!(admin::import_sources::list))
        .routes(endpoint!(admin::import_source::get))
        .routes(endpoint!(admin::import_source::put))
        .routes(endpoint!(admin::import_source::delete))
        .routes(endpoint!(admin::import_source::fetch))
        .routes(endpoint!(admin::import::cancel))
        .routes(endpoint!(admin::import::rejects))
        .routes(endpoint!(admin::contacts::list))
        .routes(endpoint!(admin::contact::get))
        .routes(endpoint!(admin::contact::opt_out))
        .routes(endpoint!(admin::contact::opt_in))
        .routes(endpoint!(admin::why::get))
        .routes(endpoint!(admin::goals::create))
        .routes(endpoint!(admin::goals::list))
        .routes(endpoint!(admin::goal::get))
        .routes(endpoint!(admin::goal::put))
        .routes(endpoint!(admin::goal_actions::launch))
        .routes(endpoint!(admin::goal_actions::pause))
        .routes(endpoint!(admin::goal_actions::resume))
        .routes(endpoint!(admin::goal_actions::close))
        .routes(endpoint!(admin::goal_duplicate::duplicate))
        .routes(endpoint!(admin::goal_stats::get))
        .routes(endpoint!(admin::goal_stats::preview))
        .routes(endpoint!(admin::forecast::get))
        .routes(endpoint!(admin::segments::count))
        .routes(endpoint!(admin::campaigns::create))
        .routes(endpoint!(admin::campaigns::get))
        .routes(endpoint!(admin::campaigns::act))
        .routes(endpoint!(admin::conversations::list))
        .routes(endpoint!(admin::conversations::get))
        .routes(endpoint!(admin::redactions::create))
        .routes(endpoint!(admin::redactions::get))
        .routes(endpoint!(agent::goals::list))
        .routes(endpoint!(agent::claim::claim))
        .routes(endpoint!(agent::send::send))
        .routes(endpoint!(agent::batch::skip))
        .routes(endpoint!(agent::batch::give_back))
        .routes(endpoint!(agent::replies::claim))
        .routes(endpoint!(agent::reply::reply))
        .routes(endpoint!(agent::answer::put))
        .routes(endpoint!(webhooks::status::receive))
        .routes(endpoint!(webhooks::inbound::receive))
}

/// The OpenAPI 3.1 document.
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

/// The router.
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
        .layer(middleware::from_fn_with_state(api.clone(), limits::within))
        .layer(middleware::map_response(limits::labelled))
        .layer(middleware::from_fn_with_state(api.clone(), trace::request))
        .with_state(api)
}
