//! People: search, cards with their edit, and why somebody was or was not texted.

mod add;
mod card;
mod edit;
mod list;
mod standing;
mod why;

use axum::{
    Router,
    routing::{get, post},
};

pub(crate) use self::list::CONDITIONS;
use crate::Console;

/// Returns the routes.
pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/people", get(list::show))
        .route("/people/found", get(list::part))
        .route("/people/new", get(add::show).post(add::save))
        .route("/people/{contact_id}", get(card::show))
        .route("/people/{contact_id}/edit", get(edit::show).post(edit::save))
        .route("/people/{contact_id}/why", get(why::show))
        .route("/people/{contact_id}/stop", post(standing::stop))
        .route("/people/{contact_id}/start", post(standing::start))
        .route("/people/{contact_id}/groups/{group_id}", post(standing::in_group))
}
