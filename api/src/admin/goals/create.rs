//! `POST /v1/organizations/{organization_id}/goals`: drafts (rules G2 and G3).

use axum::extract::State;
use chrono::{DateTime, Utc};
use muster_domain::{
    goals::goal::Window,
    ids::{GoalId, GroupId},
};
use muster_storage::{
    goals::{self, GoalScope},
    tenancy::groups,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    admin::goals::input::GoalInput,
    auth::Admin,
    document::{Created, Once},
    extract::Json,
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewGoal {
    #[schema(value_type = Uuid)]
    group_id: GroupId,
    goal: GoalInput,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct GoalMade {
    #[schema(value_type = Uuid)]
    pub(crate) id: GoalId,
    pub(crate) opens_at: DateTime<Utc>,
    pub(crate) closes_at: DateTime<Utc>,
}

/// Creates a draft in a group.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/goals", tag = "goals")]
pub(crate) async fn create(
    State(api): State<Api>,
    admin: Admin,
    keyed: Keyed,
    Json(new): Json<NewGoal>,
) -> Result<Once<Created<GoalMade>>, Problem> {
    admin.group(new.group_id)?;
    keyed
        .run(&api, admin.member.id, &new, async |tx| {
            let group = groups::get(&mut *tx, admin.organization_id, new.group_id).await?;
            let group = group.ok_or_else(|| Problem::no("group"))?;
            if group.archived {
                return Err(Problem::conflict("the group is archived"));
            }
            let organization = admin.organization(tx).await?;
            let content = new.goal.check(tx, &admin, &organization, &group.zone).await?;
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
