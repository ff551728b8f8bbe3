//! `POST /v1/organizations/{organization_id}/campaigns/{campaign_id}/follow-up`: a campaign for
//! contacts with some results in another (rules T1a and G10).

use axum::extract::State;
use muster_domain::{
    goals::targeting::{EarlierGoal, EarlierResult, Targeting},
    ids::CampaignId,
};
use muster_storage::{
    goals::{GoalScope, campaigns},
    tenancy::groups,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    admin::{
        campaigns::{
            create::{CampaignGoal, CampaignMade},
            goals::{draft, goals_of, shares_no_results},
        },
        goals::input::GoalInput,
    },
    auth::Admin,
    bounds,
    document::{Created, Once},
    extract::{Json, Path},
    idempotency::Keyed,
    problem::Problem,
    shapes,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CampaignFollowUp {
    #[schema(value_type = bounds::Name)]
    name: String,
    /// Results in the earlier campaign, of which a contact has at least one.
    #[schema(value_type = Vec<shapes::EarlierResult>)]
    any_of: Vec<EarlierResult>,
    /// The content of every goal. Its targeting is joined by the results.
    goal: GoalInput,
}

/// Creates a campaign of drafts: in each group where the earlier one was launched, a goal for the
/// contacts with one of these results there. Archived groups are left out.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/campaigns/{campaign_id}/follow-up", tag = "campaigns")]
pub(crate) async fn follow_up(
    State(api): State<Api>,
    admin: Admin,
    keyed: Keyed,
    Path((_organization, earlier)): Path<(Uuid, CampaignId)>,
    Json(new): Json<CampaignFollowUp>,
) -> Result<Once<Created<CampaignMade>>, Problem> {
    let name = bounds::Name::read("name", &new.name)?;
    shares_no_results(&new.goal.targeting)?;
    keyed
        .run(&api, admin.member.id, &new, async |tx| {
            let earlier = goals_of(tx, &admin, earlier).await?;
            let organization = admin.organization(tx).await?;
            let id = CampaignId::new();
            campaigns::create(tx, id, admin.organization_id, admin.member.id, name).await?;
            let mut made = Vec::with_capacity(earlier.len());
            for before in earlier.iter().filter(|goal| goal.clock.launched_at.is_some()) {
                let group = groups::get(&mut *tx, admin.organization_id, before.group_id).await?;
                let Some(group) = group.filter(|group| !group.archived) else { continue };
                let results = EarlierGoal { goal_id: before.id, any_of: new.any_of.clone() };
                let targeting = Targeting { earlier_goals: vec![results], ..new.goal.targeting.clone() };
                let input = GoalInput { targeting, ..new.goal.clone() };
                let content = input.check(tx, &admin, &organization, &group.zone).await?;
                let place = GoalScope {
                    organization_id: admin.organization_id,
                    group_id: group.id,
                    campaign_id: Some(id),
                    created_by: admin.member.id,
                };
                made.push(CampaignGoal::of(&draft(tx, &admin, place, &content).await?));
            }
            if made.is_empty() {
                return Err(Problem::conflict("no goal of the campaign was launched in a group that is in use"));
            }
            Ok(Created(CampaignMade { id, goals: made }))
        })
        .await
}
