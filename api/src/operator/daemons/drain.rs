//! `POST /v1/operator/daemons/{daemon_name}/drain`.

use axum::extract::State;
use muster_storage::{
    engine::processes::{self, Drained},
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

/// Has a worker take no more jobs. It hears so within two seconds, gives back the messages that it
/// has not begun, finishes the jobs in its hands, and stays idle until it is stopped or told to
/// take jobs again. A process that starts under its name does not drain.
#[utoipa::path(post, path = "/v1/operator/daemons/{daemon_name}/drain", tag = "operator")]
pub(crate) async fn drain(
    State(api): State<Api>,
    _operator: Operator,
    Path(name): Path<String>,
    Json(reason): Json<ActReason>,
) -> Result<NoContent, Problem> {
    reason.check()?;
    tell(&api, &name, true).await
}

/// Tells a worker to drain, or to take jobs again.
pub(super) async fn tell(api: &Api, name: &str, draining: bool) -> Result<NoContent, Problem> {
    let name = named("daemon", name)?.to_owned();
    audit::changes([&name]);
    match processes::set_draining(&api.pool, &name, draining).await? {
        Drained::Told => Ok(NoContent),
        Drained::Gone => Err(Problem::no("daemon that lives")),
        Drained::NoWorker => Err(Problem::conflict("it is no worker: it is safe to stop at any time")),
    }
}
