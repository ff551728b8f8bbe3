//! `/v1/agent`: endpoints for agents. An agent reaches their own groups, batches and conversations
//! only.

mod answer;
mod claim_batch;
mod claim_replies;
mod edited;
mod give_back;
mod home;
mod lease;
mod list_goals;
mod list_reasons;
mod preview;
mod queue;
mod reply;
mod scripts;
mod send;
mod send_one;
mod skip;
mod thread;
mod threads;
pub(crate) mod work;

use utoipa_axum::router::OpenApiRouter;

pub(crate) use self::home::Homes;
use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(list_goals::list))
        .routes(endpoint!(list_reasons::list))
        .routes(endpoint!(claim_batch::claim))
        .routes(endpoint!(preview::preview))
        .routes(endpoint!(send::send))
        .routes(endpoint!(send_one::send))
        .routes(endpoint!(skip::skip))
        .routes(endpoint!(give_back::give_back))
        .routes(endpoint!(claim_replies::claim))
        .routes(endpoint!(reply::reply))
        .routes(endpoint!(answer::put))
        .merge(threads::routes())
        .merge(scripts::routes())
        .merge(home::routes())
}
