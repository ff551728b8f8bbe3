//! `POST /v1/organizations/{organization_id}/campaigns`: one goal template launched in many groups
//! (rule G10).

use axum::extract::State;
use chrono::{DateTime, Utc};
use muster_domain::ids::{CampaignId, GoalId, GroupId};
use muster_storage::{
    goals::{self, GoalScope, campaigns},
    tenancy::groups,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    admin::goals::{
        input::{GoalInput, check_group_ids},
        launch::launch_now,
    },
    auth::Admin,
    bounds,
    document::{Created, Once},
    extract::Json,
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCampaign {
    #[schema(value_type = bounds::Name)]
    name: String,
    /// Each goal opens at the same local time in its group's zone, unless an instant is given.
    #[schema(value_type = bounds::CampaignGroups)]
    group_ids: Vec<GroupId>,
    goal: GoalInput,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CampaignMade {
    #[schema(value_type = Uuid)]
    id: CampaignId,
    /// Its goals, in the order of `group_ids`.
    goals: Vec<CampaignGoal>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CampaignGoal {
    #[schema(value_type = Uuid)]
    id: GoalId,
    #[schema(value_type = Uuid)]
    group_id: GroupId,
    opens_at: DateTime<Utc>,
    closes_at: DateTime<Utc>,
}

/// Creates a campaign and launches its goals, all or none.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/campaigns", tag = "campaigns")]
pub(crate) async fn create(
    State(api): State<Api>,
    admin: Admin,
    keyed: Keyed,
    Json(new): Json<NewCampaign>,
) -> Result<Once<Created<CampaignMade>>, Problem> {
    let name = bounds::Name::read("name", &new.name)?;
    check_group_ids(&new.group_ids, bounds::CampaignGroups::MOST)?;
    keyed
        .run(&api, admin.member.id, &new, async |tx| {
            let organization = admin.organization(tx).await?;
            let campaign_id = CampaignId::new();
            campaigns::create(tx, campaign_id, admin.organization_id, admin.member.id, name).await?;
            let mut made = Vec::with_capacity(new.group_ids.len());
            for group_id in &new.group_ids {
                admin.group(*group_id)?;
                let group = groups::get(&mut *tx, admin.organization_id, *group_id).await?;
                let group = group.filter(|group| !group.archived).ok_or_else(|| Problem::no("group"))?;
                let (content, instants) = new.goal.check(tx, &admin, &organization, &group.zone).await?;
                let id = GoalId::new();
                let place = GoalScope {
                    organization_id: admin.organization_id,
                    group_id: *group_id,
                    campaign_id: Some(campaign_id),
                    created_by: admin.member.id,
                };
                goals::create(tx, id, place, &content, instants).await?;
                let goal = goals::lock(tx, admin.organization_id, id).await?.ok_or_else(|| Problem::no("goal"))?;
                launch_now(tx, &admin, &organization, &goal).await?;
                made.push(CampaignGoal {
                    id,
                    group_id: *group_id,
                    opens_at: instants.opens_at,
                    closes_at: instants.closes_at,
                });
            }
            Ok(Created(CampaignMade { id: campaign_id, goals: made }))
        })
        .await
}
