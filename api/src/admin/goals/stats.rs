//! `GET /v1/organizations/{organization_id}/goals/{goal_id}/stats`: live figures (rule G12).

use std::collections::BTreeMap;

use axum::{Json as Answer, extract::State};
use muster_domain::ids::GoalId;
use muster_storage::goals::{
    self,
    stats::{self, Stats},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{auth::Admin, extract::Path, problem::Problem, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct StatsBody {
    /// Contacts targeted.
    targeted: i64,
    /// Targets in a batch; the others are unassigned contacts of a goal with assigned agents.
    batched: i64,
    /// Batches, as `kind.state`.
    batches: BTreeMap<String, i64>,
    /// Targets with an initial that was handed to the carrier.
    messaged: i64,
    /// Targets that will get no initial.
    skipped: i64,
    /// Why: an agent's words, `missing_value:FIELD`, `text_too_long`, `opted_out`, `deactivated`,
    /// `not_textable` or `redacted`.
    skip_reasons: BTreeMap<String, i64>,
    replied: i64,
    answers: BTreeMap<String, i64>,
    opted_out: i64,
    /// Targets with a reminder that was handed to the carrier.
    reminded: i64,
    /// Outbound messages, as `kind.state`.
    messages: BTreeMap<String, i64>,
    /// Held and cancelled messages by reason.
    reasons: BTreeMap<String, i64>,
    /// Failed and undelivered messages by the carrier's code.
    errors: BTreeMap<String, i64>,
    /// Segments that the carrier has.
    segments: i64,
}

pub(crate) fn body(stats: Stats) -> StatsBody {
    let Stats {
        targeted,
        batched,
        batches,
        messaged,
        skipped,
        skip_reasons,
        replied,
        answers,
        opted_out,
        reminded,
        messages,
        reasons,
        errors,
        segments,
    } = stats;
    StatsBody {
        targeted,
        batched,
        batches,
        messaged,
        skipped,
        skip_reasons,
        replied,
        answers,
        opted_out,
        reminded,
        messages,
        reasons,
        errors,
        segments,
    }
}

/// Live figures of a goal.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/goals/{goal_id}/stats", tag = "goals")]
pub(crate) async fn get(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, GoalId)>,
) -> Result<Answer<StatsBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    let goal = goals::get(&mut tx, admin.organization_id, id).await?.ok_or_else(|| Problem::no("goal"))?;
    tx.rollback().await?;
    admin.group(goal.group_id).map_err(|_| Problem::no("goal"))?;
    Ok(Answer(body(stats::of(&api.pool, &[id]).await?)))
}
