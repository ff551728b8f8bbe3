//! `/operator`: the pages of operators. Each asks the operators' API with the token that the
//! operator has signed in with (`session`); looks are shared and bounded (`looks`).

mod acts;
mod backlog;
mod dead_letters;
mod doctor;
mod figures;
mod held;
mod jobs;
mod looks;
mod overview;
mod policies;
mod queues;
mod schedules;
pub(crate) mod session;
mod unknown_texts;
mod workers;

use axum::{
    Extension, Router,
    routing::{get, post},
};

use crate::{Console, visit::nothing};

/// Returns the routes.
pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/", get(overview::show))
        .route("/sign-in", get(session::show).post(session::enter))
        .route("/sign-out", post(session::leave))
        .route("/doctor", get(doctor::show))
        .route("/doctor/repair", post(doctor::repair))
        .route("/queues", get(queues::list))
        .route("/queues/{kind}", get(queues::show))
        .route("/policies/{verb}", post(policies::set))
        .route("/jobs", get(jobs::list::show))
        .route("/jobs/{id}", get(jobs::life::show))
        .route("/jobs/{id}/{verb}", post(jobs::life::act))
        .route("/acts", get(acts::list).post(acts::new::create))
        .route("/acts/new", get(acts::new::show))
        .route("/acts/{id}", get(acts::show))
        .route("/acts/{id}/stop", post(acts::stop))
        .route("/workers", get(workers::show))
        .route("/workers/{name}/{verb}", post(workers::act))
        .route("/schedules", get(schedules::list))
        .route("/schedules/{name}", get(schedules::show))
        .route("/schedules/{name}/{verb}", post(schedules::act))
        .route("/held", get(held::show))
        .route("/unknown-texts", get(unknown_texts::show))
        .route("/unknown-texts/{id}/settle", post(unknown_texts::settle))
        .route("/dead-letters", get(dead_letters::show))
        .route("/dead-letters/{id}/replay", post(dead_letters::replay))
        .fallback(nothing)
        .layer(Extension(looks::Looks::new()))
}
