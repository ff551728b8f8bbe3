//! Every route, and the document that is generated from them.

use std::fmt::Write;

use axum::{Json, Router, http::Uri, middleware, routing::get};
use utoipa::{
    OpenApi,
    openapi::{
        OpenApi as Document,
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{admin, agent, problem::Problem, state::Api, trace, webhooks};

#[derive(OpenApi)]
#[openapi(info(
    title = "Muster",
    description = "Peer-to-peer texting campaigns. Errors are problem+json (RFC 9457) with a stable `type`; lists have cursors; POSTs that create or send take an `Idempotency-Key`. Webhooks are authenticated by `X-Twilio-Signature`, everything else by a bearer token."
))]
struct Base;

fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(Base::openapi())
        .routes(routes!(admin::account::get))
        .routes(routes!(admin::organizations::create, admin::organizations::list))
        .routes(routes!(admin::organization::get, admin::organization::patch))
        .routes(routes!(admin::caps::get, admin::caps::put))
        .routes(routes!(admin::laws::get, admin::laws::put))
        .routes(routes!(admin::rates::get, admin::rates::put))
        .routes(routes!(admin::rates::end_hold))
        .routes(routes!(admin::numbers::add))
        .routes(routes!(admin::groups::create, admin::groups::list))
        .routes(routes!(admin::group::get))
        .routes(routes!(admin::group::archive))
        .routes(routes!(admin::group::add_member))
        .routes(routes!(admin::membership::patch))
        .routes(routes!(admin::members::create))
        .routes(routes!(admin::tokens::create))
        .routes(routes!(admin::tokens::revoke))
        .routes(routes!(admin::imports::create, admin::import_list::list))
        .routes(routes!(admin::import_preview::show))
        .routes(routes!(admin::import::get))
        .routes(routes!(admin::import_events::follow))
        .routes(routes!(admin::import_changes::list))
        .routes(routes!(admin::import_undo::undo))
        .routes(routes!(admin::import_sources::create, admin::import_sources::list))
        .routes(routes!(admin::import_source::get, admin::import_source::put, admin::import_source::delete))
        .routes(routes!(admin::import_source::fetch))
        .routes(routes!(admin::import::cancel))
        .routes(routes!(admin::import::rejects))
        .routes(routes!(admin::contacts::list))
        .routes(routes!(admin::contact::get))
        .routes(routes!(admin::contact::opt_out))
        .routes(routes!(admin::contact::opt_in))
        .routes(routes!(admin::why::get))
        .routes(routes!(admin::goals::create, admin::goals::list))
        .routes(routes!(admin::goal::get, admin::goal::put))
        .routes(routes!(admin::goal_actions::launch))
        .routes(routes!(admin::goal_actions::pause))
        .routes(routes!(admin::goal_actions::resume))
        .routes(routes!(admin::goal_actions::close))
        .routes(routes!(admin::goal_duplicate::duplicate))
        .routes(routes!(admin::goal_stats::get))
        .routes(routes!(admin::goal_stats::preview))
        .routes(routes!(admin::forecast::get))
        .routes(routes!(admin::segments::count))
        .routes(routes!(admin::campaigns::create))
        .routes(routes!(admin::campaigns::get))
        .routes(routes!(admin::campaigns::act))
        .routes(routes!(admin::conversations::list))
        .routes(routes!(admin::conversations::get))
        .routes(routes!(admin::redactions::create))
        .routes(routes!(admin::redactions::get))
        .routes(routes!(agent::goals::list))
        .routes(routes!(agent::claim::claim))
        .routes(routes!(agent::send::send))
        .routes(routes!(agent::batch::skip))
        .routes(routes!(agent::batch::give_back))
        .routes(routes!(agent::replies::claim))
        .routes(routes!(agent::reply::reply))
        .routes(routes!(agent::answer::put))
        .routes(routes!(webhooks::status::receive))
        .routes(routes!(webhooks::inbound::receive))
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
    document.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(bearer));
    document.security = Some(vec![SecurityRequirement::new("bearer", Vec::<String>::new())]);
    for item in
        document.paths.paths.iter_mut().filter(|(path, _)| path.starts_with("/v1/webhooks/")).map(|(_, item)| item)
    {
        if let Some(post) = &mut item.post {
            // Signed by the carrier instead.
            post.security = Some(Vec::new());
        }
    }
    document
}

/// The router.
pub(crate) fn router(api: Api) -> Router {
    let document = document();
    let (router, _) = routes().split_for_parts();
    router
        .route("/openapi.json", get(move || async move { Json(document) }))
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed("see /openapi.json for what is") })
        .fallback(|uri: Uri| async move { Problem::not_found(format!("nothing is at {}", uri.path())) })
        .layer(middleware::from_fn_with_state(api.clone(), trace::request))
        .with_state(api)
}
