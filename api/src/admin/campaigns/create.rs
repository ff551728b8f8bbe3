//! `POST /v1/organizations/{organization_id}/campaigns`: one goal template in many groups
//! (rule G10).

use axum::extract::State;
use chrono::{DateTime, Utc};
use muster_domain::ids::{CampaignId, GoalId, GroupId};
use muster_storage::{
    Tx,
    goals::{Goal, GoalScope, campaigns},
    tenancy::groups::{self, Group},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    admin::{
        campaigns::goals::draft,
        goals::{
            input::{GoalInput, check_group_ids},
            launch::launch_now,
        },
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
    /// Leaves the goals drafts, to be launched by `…/launch`.
    #[serde(default)]
    draft: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CampaignMade {
    #[schema(value_type = Uuid)]
    pub(crate) id: CampaignId,
    /// Its new goals, in the order of the groups.
    pub(crate) goals: Vec<CampaignGoal>,
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

impl CampaignGoal {
    pub(crate) const fn of(goal: &Goal) -> Self {
        Self { id: goal.id, group_id: goal.group_id, opens_at: goal.clock.opens_at, closes_at: goal.clock.closes_at }
    }
}

/// Returns a group that can have a new goal.
pub(crate) async fn open_group(tx: &mut Tx, admin: &Admin, id: GroupId) -> Result<Group, Problem> {
    admin.group(id)?;
    let group = groups::get(&mut *tx, admin.organization_id, id).await?;
    group.filter(|group| !group.archived).ok_or_else(|| Problem::no("group"))
}

/// Creates a campaign and launches its goals, all or none; or leaves them drafts.
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
                let group = open_group(tx, &admin, *group_id).await?;
                let content = new.goal.check(tx, &admin, &organization, &group.zone).await?;
                let place = GoalScope {
                    organization_id: admin.organization_id,
                    group_id: *group_id,
                    campaign_id: Some(campaign_id),
                    created_by: admin.member.id,
                };
                let goal = draft(tx, &admin, place, &content).await?;
                if !new.draft {
                    launch_now(tx, &admin, &organization, &goal).await?;
                }
                made.push(CampaignGoal::of(&goal));
            }
            Ok(Created(CampaignMade { id: campaign_id, goals: made }))
        })
        .await
}
