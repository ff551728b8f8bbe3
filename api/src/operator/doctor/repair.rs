//! `POST /v1/operator/doctor/repair`.

use std::time::Duration;

use axum::{Json as Answer, extract::State};
use muster_storage::doctor;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{auth::Operator, extract::Json, operator::reason::ActReason, problem::Problem, state::Api};

/// Hand-overs without an outcome are asked about by timers; one that is missing for so long is set.
const TIMERS_MISSING_AFTER: Duration = Duration::from_mins(5);

#[derive(Serialize, ToSchema)]
pub(crate) struct MendedBody {
    /// The check, as a stable word.
    what: String,
    /// How many were mended.
    count: u64,
}

/// Mends all that can be mended without losing or repeating anything: expired leases, unclaimed
/// messages, blocked heads of lines, orphaned keys and texts, missing timers.
#[utoipa::path(post, path = "/v1/operator/doctor/repair", tag = "operator")]
pub(crate) async fn repair(
    State(api): State<Api>,
    _operator: Operator,
    Json(reason): Json<ActReason>,
) -> Result<Answer<Vec<MendedBody>>, Problem> {
    reason.check()?;
    let mended = doctor::repair(&api.pool, TIMERS_MISSING_AFTER).await?;
    Ok(Answer(mended.into_iter().map(|(what, count)| MendedBody { what: what.to_owned(), count }).collect()))
}
