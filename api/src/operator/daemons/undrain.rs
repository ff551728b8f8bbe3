//! `POST /v1/operator/daemons/{daemon_name}/undrain`.

use axum::extract::State;

use crate::{
    auth::Operator,
    document::NoContent,
    extract::{Json, Path},
    operator::{daemons::drain::tell, reason::ActReason},
    problem::Problem,
    state::Api,
};

/// Has a worker that drains take jobs again.
#[utoipa::path(post, path = "/v1/operator/daemons/{daemon_name}/undrain", tag = "operator")]
pub(crate) async fn undrain(
    State(api): State<Api>,
    _operator: Operator,
    Path(name): Path<String>,
    Json(reason): Json<ActReason>,
) -> Result<NoContent, Problem> {
    reason.check()?;
    tell(&api, &name, false).await
}
