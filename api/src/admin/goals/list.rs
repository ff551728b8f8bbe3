//! `/v1/organizations/{organization_id}/goals`: create drafts and list (rules G2, G3 and G6).

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::{
    goals::{
        goal::{AssignmentStrategy, GoalStatus, GoalType},
        release::ReleasePlan,
        targeting::Targeting,
    },
    ids::{CampaignId, GoalId, GroupId},
};
use muster_storage::{
    goals::{self, Goal, GoalScope},
    tenancy::groups,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    admin::goals::input::GoalInput,
    auth::Admin,
    bounds,
    document::{Created, Once},
    extract::{Json, Query, page_limit},
    idempotency::Keyed,
    problem::Problem,
    shapes,
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
pub(crate) struct GoalBody {
    #[schema(value_type = Uuid)]
    pub(crate) id: GoalId,
    #[schema(value_type = Uuid)]
    group_id: GroupId,
    #[schema(value_type = Option<Uuid>)]
    campaign_id: Option<CampaignId>,
    /// `draft`, `paused`, `scheduled`, `active` or `completed`.
    #[schema(value_type = shapes::GoalStatus)]
    pub(crate) status: GoalStatus,
    name: String,
    description: String,
    #[schema(value_type = shapes::GoalType)]
    goal_type: GoalType,
    /// Local.
    #[schema(value_type = bounds::LocalTime)]
    date: chrono::NaiveDateTime,
    #[schema(value_type = shapes::AssignmentStrategy)]
    strategy: AssignmentStrategy,
    instructions: String,
    #[schema(value_type = shapes::Targeting)]
    targeting: Targeting,
    #[schema(value_type = shapes::ReleasePlan)]
    release_plan: ReleasePlan,
    script: String,
    reminder_script: Option<String>,
    /// The group's zone, in which local times are meant.
    zone: String,
    /// Local.
    #[schema(value_type = bounds::LocalTime)]
    opens: chrono::NaiveDateTime,
    /// Local.
    #[schema(value_type = bounds::LocalTime)]
    closes: chrono::NaiveDateTime,
    opens_at: DateTime<Utc>,
    closes_at: DateTime<Utc>,
    reminder_opens_at: Option<DateTime<Utc>>,
    reminder_closes_at: Option<DateTime<Utc>>,
    launched_at: Option<DateTime<Utc>>,
    /// When its targets were frozen and cut into batches.
    partitioned_at: Option<DateTime<Utc>>,
    version: i32,
}

pub(crate) fn body(goal: Goal, now: DateTime<Utc>) -> GoalBody {
    GoalBody {
        id: goal.id,
        group_id: goal.group_id,
        campaign_id: goal.campaign_id,
        status: goal.clock.status(now),
        name: goal.content.name,
        description: goal.content.description,
        goal_type: goal.content.goal_type,
        date: goal.content.date_local,
        strategy: goal.content.strategy,
        targeting: goal.content.targeting,
        release_plan: goal.content.release_plan,
        instructions: goal.content.instructions,
        script: goal.content.script,
        reminder_script: goal.content.reminder_script,
        zone: goal.content.zone,
        opens: goal.content.opens_local,
        closes: goal.content.closes_local,
        opens_at: goal.clock.opens_at,
        closes_at: goal.clock.closes_at,
        reminder_opens_at: goal.reminder_window.map(|(opens, _)| opens),
        reminder_closes_at: goal.reminder_window.map(|(_, closes)| closes),
        launched_at: goal.clock.launched_at,
        partitioned_at: goal.partitioned_at,
        version: goal.version,
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct GoalMade {
    #[schema(value_type = Uuid)]
    id: GoalId,
    opens_at: DateTime<Utc>,
    closes_at: DateTime<Utc>,
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
            let (content, instants) = new.goal.check(tx, &admin, &organization, &group.zone).await?;
            let id = GoalId::new();
            let place = GoalScope {
                organization_id: admin.organization_id,
                group_id: group.id,
                campaign_id: None,
                created_by: admin.member.id,
            };
            goals::create(tx, id, place, &content, instants).await?;
            Ok(Created(GoalMade { id, opens_at: instants.opens_at, closes_at: instants.closes_at }))
        })
        .await
}

#[derive(Serialize, ToSchema)]
pub(crate) struct GoalPage {
    items: Vec<GoalBody>,
    /// The cursor of the next page; null on the last.
    #[schema(value_type = Option<Uuid>)]
    next: Option<GoalId>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct GoalQuery {
    /// Only goals of this group.
    #[param(value_type = Option<Uuid>)]
    group_id: Option<GroupId>,
    /// The `next` of the page before.
    cursor: Option<Uuid>,
    /// Items at most; 100 unless told.
    #[param(inline, value_type = Option<bounds::PageLimit>)]
    limit: Option<i64>,
}

/// Lists goals by age.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/goals", tag = "goals")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    Query(query): Query<GoalQuery>,
) -> Result<Answer<GoalPage>, Problem> {
    let limit = page_limit(query.limit)?;
    let mut tx = api.pool.begin().await?;
    if let Some(group_id) = query.group_id {
        admin.group(group_id)?;
        if !groups::all_exist(&mut tx, admin.organization_id, &[group_id]).await? {
            return Err(Problem::no("group"));
        }
    }
    let now = tx.clock().await?;
    let groups = query.group_id.as_ref().map(std::slice::from_ref).or_else(|| admin.groups());
    let all = goals::page(&mut tx, admin.organization_id, groups, query.cursor.map(GoalId), limit).await?;
    let next = all.last().map(|goal| goal.id).filter(|_| i64::try_from(all.len()) == Ok(limit));
    Ok(Answer(GoalPage { items: all.into_iter().map(|goal| body(goal, now)).collect(), next }))
}
