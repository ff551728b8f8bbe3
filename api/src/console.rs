//! The web console beside the api's own routes.

use std::sync::Arc;

use axum::{
    Router,
    http::{Extensions, HeaderMap},
    middleware,
};
use muster_console::Door;
use muster_service::serve::Peer;

use crate::{credentials::is_same_origin, limits, openapi, state::Api, trace};

/// Returns the api's routes with the console's, which ask the api's within the process.
pub(crate) fn with_console(api: Api) -> Router {
    let routes = openapi::router(api.clone());
    let settings = Arc::clone(&api.settings);
    let door = Door {
        api: routes.clone(),
        document: || openapi::document().to_json().unwrap_or_default(),
        from_own_page: Arc::new(move |headers: &HeaderMap| is_same_origin(headers, &settings.carrier.public_url)),
        carry,
    };
    let console = muster_console::router(door)
        .layer(middleware::from_fn_with_state(api.clone(), limits::within))
        .layer(middleware::from_fn_with_state(api, trace::request));
    routes.merge(console)
}

/// Carries the other end of the connection, by which sign-ins are counted.
fn carry(from: &Extensions, to: &mut Extensions) {
    if let Some(peer) = from.get::<Peer>() {
        to.insert(*peer);
    }
}
