//! `GET /v1/organizations/{organization_id}/campaigns/{campaign_id}`: a campaign with the figures
//! of its goals.

use axum::extract::State;
use chrono::{DateTime, Utc};
use muster_domain::ids::{CampaignId, GoalId};
use muster_storage::{
    Pool,
    goals::{Goal, campaigns::Campaign, stats as figures},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
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
    extract::{Path, Query},
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
    /// The figures of all goals together, unless they are not asked for.
    stats: Option<StatsBody>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CampaignParts {
    /// Counts the figures of its goals, which reads all their targets; yes unless told.
    stats: Option<bool>,
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
    Ok(with(campaign, all, now, Some(stats)))
}

fn with(campaign: Campaign, all: Vec<Goal>, now: DateTime<Utc>, stats: Option<StatsBody>) -> Tagged<CampaignBody> {
    let Campaign { id, name, version, .. } = campaign;
    let goals = all.into_iter().map(|goal| body(goal, now)).collect();
    Tagged { version, body: CampaignBody { id, name, version, goals, stats } }
}

/// Reads a campaign, with the figures of its goals unless told otherwise. The answer's `ETag` goes
/// into `If-Match` of an edit.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/campaigns/{campaign_id}", tag = "campaigns")]
pub(crate) async fn get(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, CampaignId)>,
    Query(parts): Query<CampaignParts>,
) -> Result<Tagged<CampaignBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    let (campaign, all) = seen(&mut tx, &admin, id).await?;
    let now = tx.clock().await?;
    tx.rollback().await?;
    if parts.stats == Some(false) {
        return Ok(with(campaign, all, now, None));
    }
    tagged(&api.pool, campaign, all, now).await
}
