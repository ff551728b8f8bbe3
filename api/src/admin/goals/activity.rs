//! `GET /v1/organizations/{organization_id}/goals/{goal_id}/activity`: texts by hour and by agent
//! (rule G12).

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::ids::{GoalId, MemberId};
use muster_storage::goals::activity::{self, AgentShare, Hour};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{admin::goals::preview::seen, auth::Admin, extract::Path, problem::Problem, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct GoalActivity {
    /// Hours in which texts of the goal went out, the earliest first; at most 768.
    hours: Vec<ActivityHour>,
    /// Agents that texted, those with the most contacts first; at most 500.
    agents: Vec<ActivityAgent>,
}

/// Initials and reminders that the carrier took in an hour.
#[derive(Serialize, ToSchema)]
pub(crate) struct ActivityHour {
    /// When the hour began.
    at: DateTime<Utc>,
    /// Texts that the carrier took.
    sent: i64,
    /// Of these, texts that arrived.
    delivered: i64,
    /// Of these, texts that did not.
    failed: i64,
    /// Segments of them all.
    segments: i64,
}

/// An agent's initials, and their contacts' answers.
#[derive(Serialize, ToSchema)]
pub(crate) struct ActivityAgent {
    #[schema(value_type = Uuid)]
    member_id: MemberId,
    first_name: String,
    last_name: String,
    /// Contacts with an initial of theirs that was handed to the carrier.
    messaged: i64,
    /// Of these, contacts with an initial that arrived.
    delivered: i64,
    /// Of these, contacts that wrote back.
    replied: i64,
    /// Of these, contacts that said yes.
    yes: i64,
    /// Of these, contacts that opted out.
    opted_out: i64,
}

/// Texts of a goal hour by hour, by their hand-over to the carrier, and agent by agent.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/goals/{goal_id}/activity", tag = "goals")]
pub(crate) async fn get(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, GoalId)>,
) -> Result<Answer<GoalActivity>, Problem> {
    let mut tx = api.pool.begin().await?;
    seen(&mut tx, &admin, id).await?;
    tx.rollback().await?;
    let hours = activity::hours(&api.pool, id).await?.into_iter().map(|hour| {
        let Hour { at, sent, delivered, failed, segments } = hour;
        ActivityHour { at, sent, delivered, failed, segments }
    });
    let agents = activity::agents(&api.pool, id).await?.into_iter().map(|share| {
        let AgentShare { member_id, first_name, last_name, messaged, delivered, replied, yes, opted_out } = share;
        ActivityAgent { member_id, first_name, last_name, messaged, delivered, replied, yes, opted_out }
    });
    Ok(Answer(GoalActivity { hours: hours.collect(), agents: agents.collect() }))
}
