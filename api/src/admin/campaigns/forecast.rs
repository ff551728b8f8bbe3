//! `GET /v1/organizations/{organization_id}/campaigns/{campaign_id}/forecast`: the end of a
//! campaign, and the contacts that it will not reach (rule S11).

use std::collections::BTreeMap;

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, NaiveDate, Utc};
use muster_domain::{
    goals::{forecast::Spent, goal::GoalStatus},
    ids::{CampaignId, GoalId, GroupId},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    admin::{campaigns::goals::goals_of, goals::forecast::tell},
    auth::Admin,
    extract::Path,
    problem::Problem,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct CampaignForecast {
    /// When the last initial will have gone; null when not all will go before their goals close.
    finishes_at: Option<DateTime<Utc>>,
    /// Initials that will go from now on.
    reached: i64,
    /// Initials that will not.
    unreached: i64,
    /// Segments by carrier day.
    segments_by_day: BTreeMap<NaiveDate, i64>,
    goals: Vec<GoalOutlook>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct GoalOutlook {
    #[schema(value_type = Uuid)]
    goal_id: GoalId,
    #[schema(value_type = Uuid)]
    group_id: GroupId,
    finishes_at: Option<DateTime<Utc>>,
    reached: i64,
    unreached: i64,
}

/// Goals of a campaign that is forecast at most: each walks its window.
const GOALS: usize = 200;

/// Forecasts a campaign: its goals that are not over, one after the other as they open, so that a
/// later one has the rest of the brand's caps. Else as the forecast of one goal.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/campaigns/{campaign_id}/forecast", tag = "campaigns")]
pub(crate) async fn get(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, CampaignId)>,
) -> Result<Answer<CampaignForecast>, Problem> {
    let mut tx = api.pool.begin().await?;
    let now = tx.clock().await?;
    let mut goals = goals_of(&mut tx, &admin, id).await?;
    tx.rollback().await?;
    goals.retain(|goal| goal.clock.status(now) != GoalStatus::Completed);
    if goals.len() > GOALS {
        let why = format!("a forecast has at most {GOALS} goals that are not over; ask for each goal's own");
        return Err(Problem::invalid_parameter(why));
    }
    goals.sort_by_key(|goal| (goal.clock.opens_at, goal.id));
    let mut spent = Spent::new();
    let mut whole = CampaignForecast {
        finishes_at: None,
        reached: 0,
        unreached: 0,
        segments_by_day: BTreeMap::new(),
        goals: Vec::with_capacity(goals.len()),
    };
    for goal in &goals {
        let told = tell(&api, &admin, goal, spent.clone()).await?.forecast;
        for (place, segments) in told.spent {
            *spent.entry(place).or_default() += segments;
        }
        for (day, segments) in told.segments_by_day {
            *whole.segments_by_day.entry(day.0).or_default() += segments;
        }
        whole.reached += told.reached;
        whole.unreached += told.unreached;
        whole.finishes_at = whole.finishes_at.max(told.finishes_at);
        whole.goals.push(GoalOutlook {
            goal_id: goal.id,
            group_id: goal.group_id,
            finishes_at: told.finishes_at,
            reached: told.reached,
            unreached: told.unreached,
        });
    }
    if whole.unreached > 0 {
        whole.finishes_at = None;
    }
    Ok(Answer(whole))
}
