//! `GET …/goals/{goal_id}/stats` and `GET …/goals/{goal_id}/preview`: live figures, and the
//! contacts that a launch would reach (rules G12 and T3).

use std::collections::BTreeMap;

use axum::{Json as Answer, extract::State};
use muster_domain::{goals::estimate::estimate, ids::GoalId, sending::segments::Segments};
use muster_storage::goals::{
    self,
    stats::{self, Stats},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{auth::Admin, extract::Path, problem::Problem, shapes, state::Api};

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

#[derive(Serialize, ToSchema)]
pub(crate) struct Preview {
    /// Contacts that a launch now would target.
    contacts: i64,
    /// The script's count with an ordinary value in each field.
    #[schema(value_type = shapes::Segments)]
    sample: Segments,
    /// Segments of all initials together, by that sample.
    segments: i64,
    /// Contacts of the group that no goal can target, by reason.
    excluded: BTreeMap<String, i64>,
}

/// Contacts that a launch now would reach.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/goals/{goal_id}/preview", tag = "goals")]
pub(crate) async fn preview(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, GoalId)>,
) -> Result<Answer<Preview>, Problem> {
    let mut tx = api.pool.begin().await?;
    let goal = goals::get(&mut tx, admin.organization_id, id).await?.ok_or_else(|| Problem::no("goal"))?;
    admin.group(goal.group_id).map_err(|_| Problem::no("goal"))?;
    let contacts = goals::preview(&mut tx, goal.group_id, &goal.content.targeting).await?;
    let settings = admin.organization(&mut tx).await?.settings;
    let sample = estimate(&goal.content.script, settings.smart_encoding);
    let excluded = goals::excluded(&mut tx, goal.group_id).await?;
    let excluded = excluded.into_iter().map(|of| (of.reason.as_str().to_owned(), of.contacts)).collect();
    Ok(Answer(Preview { contacts, sample, segments: contacts * i64::from(sample.segments), excluded }))
}
