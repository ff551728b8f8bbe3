//! Files of people: the upload with its preview and mapping, progress, rows that were not taken,
//! changes, and taking a file back.

mod changes;
mod list;
mod look;
mod page;
mod parts;
mod upload;

use axum::{
    Router,
    routing::{get, post},
};

pub(crate) use self::{
    look::{field_name, field_word},
    upload::zones,
};
use crate::Console;

/// Returns the routes.
pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/imports", get(list::show).post(upload::take))
        .route("/imports/new", get(upload::show))
        .route("/imports/look", post(look::look))
        .route("/imports/mapping", post(look::mapping))
        .route("/imports/{import_id}", get(page::show))
        .route("/imports/{import_id}/progress", get(page::part))
        .route("/imports/{import_id}/changes", get(changes::show))
        .route("/imports/{import_id}/cancel", post(page::cancel))
        .route("/imports/{import_id}/undo", post(page::undo))
}
