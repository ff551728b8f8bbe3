//! `POST /v1/operator/schedules/{schedule_name}/run`.

use axum::{Json as Answer, extract::State};
use muster_domain::engine::job::JobState;
use muster_service::trace;
use muster_storage::{engine::schedule_ops, trust::audit};

use crate::{
    auth::Operator,
    extract::{Json, Path},
    operator::{jobs::JobActed, named, reason::ActReason},
    problem::Problem,
    state::Api,
};

/// Makes a job of a schedule now, beside its ticks, whether it is on or off. The ledger of ticks
/// has the planned ones alone; the audit has this one.
#[utoipa::path(post, path = "/v1/operator/schedules/{schedule_name}/run", tag = "operator")]
pub(crate) async fn run(
    State(api): State<Api>,
    _operator: Operator,
    Path(name): Path<String>,
    Json(reason): Json<ActReason>,
) -> Result<Answer<JobActed>, Problem> {
    reason.check()?;
    let name = named("schedule", &name)?.to_owned();
    audit::changes([&name]);
    let made = schedule_ops::run_now(&api.pool, &name, trace::current().as_deref()).await?;
    let id = made.ok_or_else(|| Problem::no("schedule"))?;
    Ok(Answer(JobActed { id, state: JobState::Pending }))
}
