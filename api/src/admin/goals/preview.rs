//! `GET /v1/organizations/{organization_id}/goals/{goal_id}/preview`: the contacts that a launch
//! would reach (rule T3).

use std::collections::BTreeMap;

use axum::{Json as Answer, extract::State};
use muster_domain::{goals::estimate::estimate, ids::GoalId, sending::segments::Segments};
use muster_storage::goals;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{auth::Admin, extract::Path, problem::Problem, shapes, state::Api};

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
