//! `PUT /v1/organizations/{organization_id}/campaigns/{campaign_id}`: an edit of all goals of a
//! campaign (rules G6 and G10).

use axum::extract::State;
use muster_domain::{
    goals::{goal::GoalStatus, targeting::Targeting},
    ids::{CampaignId, GoalId},
};
use muster_storage::{
    goals::{self, campaigns},
    sending::Concerned,
    tenancy::organizations,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    admin::{
        campaigns::{
            get::{CampaignBody, tagged},
            goals::{goals_of, locked, shares_no_results},
        },
        goals::{edit::edit_now, input::GoalInput},
    },
    auth::Admin,
    bounds,
    document::Tagged,
    extract::{IfMatch, Json, Path},
    problem::Problem,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CampaignEdit {
    #[schema(value_type = bounds::Name)]
    name: String,
    /// The content of every goal, each at the same local times in its group's zone. Each goal keeps
    /// the earlier goals of its own targeting; none may be given here.
    goal: GoalInput,
}

/// Replaces a campaign's name and the content of all its goals that are not completed, all or none.
/// Each goal refuses the same as in an edit of it alone.
#[utoipa::path(put, path = "/v1/organizations/{organization_id}/campaigns/{campaign_id}", tag = "campaigns")]
pub(crate) async fn put(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, CampaignId)>,
    expected: IfMatch,
    Json(edit): Json<CampaignEdit>,
) -> Result<Tagged<CampaignBody>, Problem> {
    let name = bounds::Name::read("name", &edit.name)?;
    shares_no_results(&edit.goal.targeting)?;
    let mut tx = api.pool.begin().await?;
    organizations::lock_terms(&mut tx, admin.organization_id).await?;
    let (campaign, all) = locked(&mut tx, &admin, id).await?;
    if !expected.allows(campaign.version) {
        return Err(Problem::edited_meanwhile(format!("the campaign is at version {}", campaign.version)));
    }
    let organization = admin.organization(&mut tx).await?;
    let now = tx.clock().await?;
    let mut edited: Vec<GoalId> = Vec::with_capacity(all.len());
    for goal in all {
        let goal = goals::lock(&mut tx, admin.organization_id, goal.id).await?.ok_or_else(|| Problem::no("goal"))?;
        if goal.clock.status(now) == GoalStatus::Completed {
            continue;
        }
        let earlier_goals = goal.content.targeting.earlier_goals.clone();
        let targeting = Targeting { earlier_goals, ..edit.goal.targeting.clone() };
        let input = GoalInput { targeting, ..edit.goal.clone() };
        edit_now(&mut tx, &admin, &organization, &goal, &input, now).await?;
        edited.push(goal.id);
    }
    if edited.is_empty() {
        return Err(Problem::conflict("all goals of the campaign are completed"));
    }
    campaigns::update(&mut tx, id, name).await?;
    let campaign = campaigns::get(&mut tx, admin.organization_id, id).await?.ok_or_else(|| Problem::no("campaign"))?;
    let all = goals_of(&mut tx, &admin, id).await?;
    tx.commit().await?;
    api.until_it_holds(Concerned::Goals(&edited)).await;
    tagged(&api.pool, campaign, all, now).await
}
