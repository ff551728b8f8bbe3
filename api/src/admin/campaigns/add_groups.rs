//! `POST /v1/organizations/{organization_id}/campaigns/{campaign_id}/groups`: more groups for a
//! campaign (rule G10).

use axum::extract::State;
use muster_domain::{
    goals::goal::GoalStatus,
    ids::{CampaignId, GroupId},
    zone::Zone,
};
use muster_storage::goals::{GoalScope, campaigns};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    admin::{
        campaigns::{
            create::{CampaignGoal, CampaignMade, open_group},
            goals::{draft, locked},
        },
        goals::{
            input::{check_group_ids, check_targeting, goal_scripts},
            launch::launch_now,
        },
    },
    auth::Admin,
    bounds,
    document::{Created, Once},
    extract::{Json, Path},
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoreGroups {
    /// Groups that the campaign has no goal in yet.
    #[schema(value_type = bounds::CampaignGroups)]
    group_ids: Vec<GroupId>,
}

/// Adds groups to a campaign that is not over. Each gets a goal as the campaign's oldest that is
/// not completed is now, at the same local times, or the same instants where these were given. It
/// is launched if that one is.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/campaigns/{campaign_id}/groups", tag = "campaigns")]
pub(crate) async fn add_groups(
    State(api): State<Api>,
    admin: Admin,
    keyed: Keyed,
    Path((_organization, id)): Path<(Uuid, CampaignId)>,
    Json(body): Json<MoreGroups>,
) -> Result<Once<Created<CampaignMade>>, Problem> {
    check_group_ids(&body.group_ids, bounds::CampaignGroups::MOST)?;
    keyed
        .run(&api, admin.member.id, &body, async |tx| {
            let (campaign, goals) = locked(tx, &admin, id).await?;
            let now = tx.clock().await?;
            if goals.iter().any(|goal| body.group_ids.contains(&goal.group_id)) {
                return Err(Problem::conflict("the campaign has a goal in one of these groups"));
            }
            let model = goals.iter().find(|goal| goal.clock.status(now) != GoalStatus::Completed);
            let model = model.ok_or_else(|| Problem::conflict("all goals of the campaign are completed"))?;
            if !model.content.targeting.can_be_duplicated() {
                return Err(Problem::conflict("the campaign's goals target by other goals' results"));
            }
            let organization = admin.organization(tx).await?;
            goal_scripts(tx, &organization, &model.content).await?;
            check_targeting(tx, &admin, &model.content.targeting).await?;
            let mut made = Vec::with_capacity(body.group_ids.len());
            for group_id in &body.group_ids {
                let group = open_group(tx, &admin, *group_id).await?;
                let zone = Zone::parse(&group.zone).map_err(|error| Problem::internal(error.to_string()))?;
                let mut content = model.content.clone();
                content.zone.clone_from(&group.zone);
                content.times = content.times.map(|time| time.within(&zone));
                content.window().check().map_err(|error| Problem::conflict(error.to_string()))?;
                let place = GoalScope {
                    organization_id: admin.organization_id,
                    group_id: *group_id,
                    campaign_id: Some(id),
                    created_by: admin.member.id,
                };
                let goal = draft(tx, &admin, place, &content).await?;
                if model.clock.launched_at.is_some() {
                    launch_now(tx, &admin, &organization, &goal).await?;
                }
                made.push(CampaignGoal::of(&goal));
            }
            campaigns::update(tx, id, &campaign.name).await?;
            Ok(Created(CampaignMade { id, goals: made }))
        })
        .await
}
