//! `GET /v1/organizations/{organization_id}/campaigns/{campaign_id}`: a campaign with the figures
//! of its goals.

use axum::extract::State;
use chrono::{DateTime, Utc};
use muster_domain::ids::{CampaignId, GoalId};
use muster_storage::{
    Pool,
    goals::{Goal, campaigns::Campaign, stats as figures},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    admin::{
        campaigns::goals::seen,
        goals::{
            body::{GoalBody, body},
            stats::{self, StatsBody},
        },
    },
    auth::Admin,
    document::Tagged,
    extract::Path,
    problem::Problem,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct CampaignBody {
    #[schema(value_type = Uuid)]
    id: CampaignId,
    name: String,
    version: i32,
    goals: Vec<GoalBody>,
    /// The figures of all goals together.
    stats: StatsBody,
}

/// Returns a campaign as it is answered, with its version.
pub(crate) async fn tagged(
    pool: &Pool,
    campaign: Campaign,
    all: Vec<Goal>,
    now: DateTime<Utc>,
) -> Result<Tagged<CampaignBody>, Problem> {
    let ids: Vec<GoalId> = all.iter().map(|goal| goal.id).collect();
    let stats = stats::body(figures::of(pool, &ids).await?);
    let Campaign { id, name, version, .. } = campaign;
    let goals = all.into_iter().map(|goal| body(goal, now)).collect();
    Ok(Tagged { version, body: CampaignBody { id, name, version, goals, stats } })
}

/// Reads a campaign with the figures of its goals. The answer's `ETag` goes into `If-Match` of an
/// edit.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/campaigns/{campaign_id}", tag = "campaigns")]
pub(crate) async fn get(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, CampaignId)>,
) -> Result<Tagged<CampaignBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    let (campaign, all) = seen(&mut tx, &admin, id).await?;
    let now = tx.clock().await?;
    tx.rollback().await?;
    tagged(&api.pool, campaign, all, now).await
}
