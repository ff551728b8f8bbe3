//! `GET /v1/operator/doctor`.

use axum::{Json as Answer, extract::State};
use muster_storage::checkup::{self, Check};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{auth::Operator, problem::Problem, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct DoctorBody {
    /// All checks are well.
    ok: bool,
    checks: Vec<CheckBody>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CheckBody {
    /// The check, as a stable word.
    check: String,
    ok: bool,
    /// In a sentence.
    detail: String,
}

/// Checks all that the database tells: migrations, the daemons' role, redactions, stuck jobs, kinds
/// that no worker takes, texts of unknown outcome, texts in no conversation, and whether jobs and
/// ticks add up. The command `muster doctor` asks the broker and the object store as well.
#[utoipa::path(get, path = "/v1/operator/doctor", tag = "operator")]
pub(crate) async fn get(State(api): State<Api>, _operator: Operator) -> Result<Answer<DoctorBody>, Problem> {
    let checks = checkup::checks(&api.pool, "a repair").await;
    let body = |Check { check, ok, detail }: Check| CheckBody { check: check.to_owned(), ok, detail };
    Ok(Answer(DoctorBody { ok: checks.iter().all(|check| check.ok), checks: checks.into_iter().map(body).collect() }))
}
