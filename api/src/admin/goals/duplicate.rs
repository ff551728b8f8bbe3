//! `POST /v1/organizations/{organization_id}/goals/{goal_id}/duplicate` (rule G9).

use axum::extract::State;
use muster_domain::{
    goals::times::Time,
    ids::{GoalId, GroupId},
    zone::Zone,
};
use muster_storage::{
    goals::{self, GoalScope},
    tenancy::groups,
    trust::audit,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    admin::goals::{
        change::lock,
        input::{check_group_ids, check_targeting, goal_scripts},
        responses,
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
pub(crate) struct Duplicate {
    #[schema(value_type = bounds::DuplicateGroups)]
    group_ids: Vec<GroupId>,
    /// A new name; the old one if absent.
    #[serde(default)]
    #[schema(value_type = Option<bounds::Name>)]
    name: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct GoalCopies {
    /// The copies, in the order of `group_ids`.
    goals: Vec<GoalCopy>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct GoalCopy {
    #[schema(value_type = Uuid)]
    id: GoalId,
    #[schema(value_type = Uuid)]
    group_id: GroupId,
}

/// Copies a goal as a draft into groups, at the same local times, if its scripts can still be
/// saved. A goal that targets by another goal's results cannot be duplicated.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/goals/{goal_id}/duplicate", tag = "goals")]
pub(crate) async fn duplicate(
    State(api): State<Api>,
    admin: Admin,
    keyed: Keyed,
    Path((_organization, id)): Path<(Uuid, GoalId)>,
    Json(body): Json<Duplicate>,
) -> Result<Once<Created<GoalCopies>>, Problem> {
    check_group_ids(&body.group_ids, bounds::DuplicateGroups::MOST)?;
    let name = body.name.as_deref().map(|name| bounds::Name::read("name", name)).transpose()?;
    keyed
        .run(&api, admin.member.id, &body, async |tx| {
            let goal = lock(tx, &admin, id).await?;
            if !goal.content.targeting.can_be_duplicated() {
                return Err(Problem::conflict("the goal targets by another goal's results"));
            }
            let organization = admin.organization(tx).await?;
            goal_scripts(tx, &organization, &goal.content).await?;
            responses::check(tx, organization.id, &goal.content.responses).await?;
            check_targeting(tx, &admin, &goal.content.targeting).await?;
            let mut made = Vec::with_capacity(body.group_ids.len());
            for group_id in &body.group_ids {
                admin.group(*group_id)?;
                let group = groups::get(&mut *tx, admin.organization_id, *group_id).await?;
                let group = group.filter(|group| !group.archived).ok_or_else(|| Problem::no("group"))?;
                let zone = Zone::parse(&group.zone).map_err(|error| Problem::internal(error.to_string()))?;
                let mut content = goal.content.clone();
                content.zone.clone_from(&group.zone);
                if let Some(name) = name {
                    name.clone_into(&mut content.name);
                }
                content.times = content.times.map(|time| Time::local(time.local, &zone));
                // Launching it checks the reminder window against the window.
                content.window().check_length().map_err(|error| Problem::invalid_body(error.to_string()))?;
                let id = GoalId::new();
                let place = GoalScope {
                    organization_id: admin.organization_id,
                    group_id: *group_id,
                    campaign_id: None,
                    created_by: admin.member.id,
                };
                goals::create(tx, id, place, &content).await?;
                audit::made("goal", id.0);
                made.push(GoalCopy { id, group_id: *group_id });
            }
            Ok(Created(GoalCopies { goals: made }))
        })
        .await
}
