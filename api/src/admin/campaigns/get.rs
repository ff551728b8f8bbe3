//! `GET /v1/organizations/{organization_id}/campaigns/{campaign_id}`: a campaign with the figures
//! of its goals.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::{CampaignId, GoalId};
use muster_storage::goals::{self, campaigns};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    admin::{
        campaigns::goals::goals_of,
        goals::{
            body::{GoalBody, body},
            stats::{self, StatsBody},
        },
    },
    auth::Admin,
    extract::Path,
    problem::Problem,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct CampaignBody {
    #[schema(value_type = Uuid)]
    id: CampaignId,
    name: String,
    goals: Vec<GoalBody>,
    /// The figures of all goals together.
    stats: StatsBody,
}

/// Reads a campaign with the figures of its goals.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/campaigns/{campaign_id}", tag = "campaigns")]
pub(crate) async fn get(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, CampaignId)>,
) -> Result<Answer<CampaignBody>, Problem> {
    let name = campaigns::name(&api.pool, admin.organization_id, id).await?.ok_or_else(|| Problem::no("campaign"))?;
    let mut tx = api.pool.begin().await?;
    let all = goals_of(&mut tx, &admin, id).await?;
    let now = tx.clock().await?;
    tx.rollback().await?;
    let ids: Vec<GoalId> = all.iter().map(|goal| goal.id).collect();
    let stats = stats::body(goals::stats::of(&api.pool, &ids).await?);
    Ok(Answer(CampaignBody { id, name, goals: all.into_iter().map(|goal| body(goal, now)).collect(), stats }))
}
