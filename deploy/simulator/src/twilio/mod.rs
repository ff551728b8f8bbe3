//! The carrier's side: the parts of Twilio's Messages and Lookup APIs that are used.

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use crate::sim::Sim;

mod account;
mod create;
mod dates;
pub(crate) mod error;
mod list;
mod lookup;
mod read;
mod resource;

pub(crate) fn routes() -> Router<Arc<Sim>> {
    Router::new()
        .route("/2010-04-01/Accounts/{account}/Messages.json", post(create::create).get(list::list))
        .route("/2010-04-01/Accounts/{account}/Messages/{message}", get(read::read))
        .route("/v2/PhoneNumbers/{number}", get(lookup::lookup))
}
