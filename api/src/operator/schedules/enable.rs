//! `POST /v1/operator/schedules/{schedule_name}/enable`.

use axum::extract::State;
use muster_storage::{
    engine::schedule_ops::{self, Edit},
    trust::audit,
};

use crate::{
    auth::Operator,
    document::NoContent,
    extract::{Json, Path},
    operator::{named, reason::ActReason},
    problem::Problem,
    state::Api,
};

/// Switches a schedule on, from now on: ticks of the time in which it was off are skipped.
#[utoipa::path(post, path = "/v1/operator/schedules/{schedule_name}/enable", tag = "operator")]
pub(crate) async fn enable(
    State(api): State<Api>,
    _operator: Operator,
    Path(name): Path<String>,
    Json(reason): Json<ActReason>,
) -> Result<NoContent, Problem> {
    reason.check()?;
    switch(&api, &name, true).await
}

/// Switches a schedule on or off.
pub(super) async fn switch(api: &Api, name: &str, enabled: bool) -> Result<NoContent, Problem> {
    let name = named("schedule", name)?.to_owned();
    audit::changes([&name]);
    let edit = Edit { enabled: Some(enabled), ..Edit::default() };
    if schedule_ops::edit(&api.pool, &name, &edit).await? { Ok(NoContent) } else { Err(Problem::no("schedule")) }
}
