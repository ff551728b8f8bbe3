//! Goals: the list, the form in steps, the launch, and the figures.

mod acts;
pub(crate) mod answer;
mod course;
mod follow_up;
mod list;
mod new;
mod outlook;
mod page;
mod review;
mod steps;
mod times;
mod who;
mod words;

use axum::{
    Router,
    routing::{get, post},
};

pub(crate) use self::{
    follow_up::results,
    new::{date, purpose},
    outlook::{needs, place},
};
use crate::Console;

/// Returns the routes.
pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/goals", get(list::show))
        .route("/goals/listed", get(list::part))
        .route("/goals/new", get(new::show).post(new::make))
        .route("/goals/{goal_id}", get(page::show))
        .route("/goals/{goal_id}/figures", get(page::part))
        .route("/goals/{goal_id}/course", get(course::part))
        .route("/goals/{goal_id}/texters", get(course::texters))
        .route("/goals/{goal_id}/texters/list", get(course::list))
        .route("/goals/{goal_id}/people", get(outlook::people_part))
        .route("/goals/{goal_id}/texts", get(outlook::texts_part))
        .route("/goals/{goal_id}/forecast", get(course::forecast_part))
        .route("/goals/{goal_id}/who", get(who::show).post(who::save))
        .route("/goals/{goal_id}/who/look", post(who::look))
        .route("/goals/{goal_id}/words", get(words::show).post(words::save))
        .route("/goals/{goal_id}/words/look", post(words::look))
        .route("/goals/{goal_id}/times", get(times::show).post(times::save))
        .route("/goals/{goal_id}/review", get(review::show))
        .route("/goals/{goal_id}/test", post(review::test))
        .route("/goals/{goal_id}/launch", post(acts::launch))
        .route("/goals/{goal_id}/pause", post(acts::pause))
        .route("/goals/{goal_id}/resume", post(acts::resume))
        .route("/goals/{goal_id}/close", post(acts::close))
        .route("/goals/{goal_id}/copy", post(acts::copy))
        .route("/goals/{goal_id}/follow-up", get(follow_up::show).post(follow_up::make))
}
