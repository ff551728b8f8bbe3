//! Sign-in of members: by a code in a mail, at an identity provider, and out again.
//!
//! The session is the api's: its cookie goes from its answer to the browser, and the console never
//! makes or chooses one, so that no session is taken over from before. A code is used with the
//! cookie of the browser that asked for it.

mod code;
mod home;
mod mail;
mod out;
mod provider;

use axum::{
    Router,
    routing::{get, post},
};

use crate::Console;

pub(crate) use home::home;

/// The cookie that the api gives to a browser that asks for a code.
const ASKING_COOKIE: &str = "__Host-muster-sign-in";

/// Returns the routes.
pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/sign-in", get(mail::show).post(mail::send))
        .route("/sign-in/code", get(code::show).post(code::enter))
        .route("/sign-in/provider", post(provider::begin))
        .route("/sign-out", post(out::leave))
}
