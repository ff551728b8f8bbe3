//! Endpoints for operators of the installation (rule A5): no tenant's data beyond ids, and no
//! personal data (rule R5). A token for reading looks; one for acting changes, and each act has a
//! reason, which the audit keeps (rule R9).

mod backlog;
mod daemons;
mod dead_letters;
mod doctor;
mod holds;
mod job_acts;
mod jobs;
mod me;
mod overview;
mod policies;
mod queues;
mod reason;
mod schedules;
mod unknown_texts;

use utoipa_axum::router::OpenApiRouter;

use crate::{bounds, document::endpoint, problem::Problem, state::Api};

/// Returns the name of something in a path; one of the wrong form is the name of nothing.
fn named<'a>(what: &str, name: &'a str) -> Result<&'a str, Problem> {
    bounds::Name::read("name", name).map_err(|_| Problem::no(what))
}

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(me::get))
        .routes(endpoint!(overview::get))
        .routes(endpoint!(queues::get))
        .routes(endpoint!(backlog::get))
        .routes(endpoint!(holds::get))
        .merge(jobs::routes())
        .merge(job_acts::routes())
        .merge(dead_letters::routes())
        .merge(daemons::routes())
        .merge(schedules::routes())
        .merge(policies::routes())
        .merge(unknown_texts::routes())
        .merge(doctor::routes())
}
