//! `POST /v1/organizations/{organization_id}/goals/{goal_id}/follow-up`: a goal for contacts with
//! some results in another (rule T1a).

use axum::extract::State;
use muster_domain::{
    goals::{
        goal::Window,
        targeting::{EarlierGoal, EarlierResult},
    },
    ids::GoalId,
};
use muster_storage::{
    goals::{self, GoalScope},
    tenancy::groups,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    admin::goals::{create::GoalMade, input::GoalInput, preview::seen},
    auth::Admin,
    document::{Created, Once},
    extract::{Json, Path},
    idempotency::Keyed,
    problem::Problem,
    shapes,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GoalFollowUp {
    /// Results in the earlier goal, of which a contact has at least one.
    #[schema(value_type = Vec<shapes::EarlierResult>)]
    any_of: Vec<EarlierResult>,
    /// The new goal. Its targeting is joined by the results.
    goal: GoalInput,
}

/// Creates a draft in the same group, for the contacts with one of these results in this goal.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/goals/{goal_id}/follow-up", tag = "goals")]
pub(crate) async fn follow_up(
    State(api): State<Api>,
    admin: Admin,
    keyed: Keyed,
    Path((_organization, earlier)): Path<(Uuid, GoalId)>,
    Json(new): Json<GoalFollowUp>,
) -> Result<Once<Created<GoalMade>>, Problem> {
    keyed
        .run(&api, admin.member.id, &new, async |tx| {
            let earlier = seen(tx, &admin, earlier).await?;
            if earlier.clock.launched_at.is_none() {
                return Err(Problem::conflict("a draft has no results"));
            }
            let group = groups::get(&mut *tx, admin.organization_id, earlier.group_id).await?;
            let group = group.ok_or_else(|| Problem::no("group"))?;
            if group.archived {
                return Err(Problem::conflict("the group is archived"));
            }
            let organization = admin.organization(tx).await?;
            let mut input = new.goal.clone();
            input.targeting.earlier_goals.push(EarlierGoal { goal_id: earlier.id, any_of: new.any_of.clone() });
            let content = input.check(tx, &admin, &organization, &group.zone).await?;
            let id = GoalId::new();
            let place = GoalScope {
                organization_id: admin.organization_id,
                group_id: group.id,
                campaign_id: None,
                created_by: admin.member.id,
            };
            goals::create(tx, id, place, &content).await?;
            let Window { opens_at, closes_at, .. } = content.window();
            Ok(Created(GoalMade { id, opens_at, closes_at }))
        })
        .await
}
