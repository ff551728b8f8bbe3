//! `POST /v1/organizations/{organization_id}/campaigns/{campaign_id}/{action}`: one action on every
//! goal of a campaign.

use axum::extract::State;
use muster_domain::{
    goals::campaign::CampaignAction,
    ids::{CampaignId, GoalId},
};
use muster_storage::{goals, sending::Concerned, tenancy::organizations};
use utoipa::{
    PartialSchema,
    openapi::{RefOr, Schema},
};
use uuid::Uuid;

use crate::{
    admin::{
        campaigns::goals::goals_of,
        goals::{close::close_now, pause::pause_now, resume::resume_now},
    },
    auth::Admin,
    document::{NoContent, PathParts},
    extract::Path,
    problem::Problem,
    shapes,
    state::Api,
};

impl PathParts for CampaignAction {
    fn parts(parts: &mut Vec<RefOr<Schema>>) {
        parts.push(shapes::CampaignAction::schema());
    }
}

/// Pauses, resumes or closes every goal of a campaign that it applies to.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/campaigns/{campaign_id}/{action}", tag = "campaigns")]
pub(crate) async fn act(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id, action)): Path<(Uuid, CampaignId, CampaignAction)>,
) -> Result<NoContent, Problem> {
    let mut tx = api.pool.begin().await?;
    organizations::lock_terms(&mut tx, admin.organization_id).await?;
    let all = goals_of(&mut tx, &admin, id).await?;
    let ids: Vec<GoalId> = all.iter().map(|goal| goal.id).collect();
    for goal in all {
        let goal = goals::lock(&mut tx, admin.organization_id, goal.id).await?.ok_or_else(|| Problem::no("goal"))?;
        if action.on(&goal.clock).is_none() {
            continue;
        }
        match action {
            CampaignAction::Pause => pause_now(&mut tx, &goal).await?,
            CampaignAction::Resume => resume_now(&mut tx, &admin, &goal).await?,
            CampaignAction::Close => close_now(&mut tx, &admin, &goal).await?,
        }
    }
    tx.commit().await?;
    match action {
        CampaignAction::Pause | CampaignAction::Close => api.until_it_holds(Concerned::Goals(&ids)).await,
        CampaignAction::Resume => {}
    }
    Ok(NoContent)
}
