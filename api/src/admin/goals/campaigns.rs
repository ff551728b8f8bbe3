//! `/v1/organizations/{organization_id}/campaigns`: one goal template launched in many groups
//! (rule G10).

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::{
    goals::campaign::CampaignAction,
    ids::{CampaignId, GoalId, GroupId},
};
use muster_storage::{
    Tx,
    goals::{self, Goal, GoalScope, campaigns},
    sending::Concerned,
    tenancy::{groups, organizations},
};
use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};
use uuid::Uuid;

use crate::{
    admin::goals::{
        actions::{close_now, launch_now, pause_now, resume_now},
        input::{GoalInput, check_group_ids},
        list::{GoalBody, body},
        stats::{self, StatsBody},
    },
    auth::Admin,
    bounds,
    document::{Created, NoContent, Once, PathParts},
    extract::{Json, Path},
    idempotency::Keyed,
    problem::Problem,
    shapes,
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

#[derive(Serialize, ToSchema)]
pub(crate) struct CampaignBody {
    #[schema(value_type = Uuid)]
    id: CampaignId,
    name: String,
    goals: Vec<GoalBody>,
    /// The figures of all goals together.
    stats: StatsBody,
}

async fn goals_of(tx: &mut Tx, admin: &Admin, id: CampaignId) -> Result<Vec<Goal>, Problem> {
    let all = goals::of_campaign(tx, admin.organization_id, id).await?;
    if all.is_empty() || all.iter().any(|goal| admin.group(goal.group_id).is_err()) {
        return Err(Problem::no("campaign"));
    }
    Ok(all)
}

/// Reads a campaign with the figures of its goals.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/campaigns/{campaign_id}", tag = "campaigns")]
pub(crate) async fn get(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, CampaignId)>,
) -> Result<Answer<CampaignBody>, Problem> {
    let name = campaigns::name(&api.pool, admin.organization_id, id).await?.ok_or_else(|| Problem::no("campaign"))?;
    let mut tx = api.pool.begin().await?;
    let all = goals_of(&mut tx, &admin, id).await?;
    let now = tx.clock().await?;
    tx.rollback().await?;
    let ids: Vec<GoalId> = all.iter().map(|goal| goal.id).collect();
    let stats = stats::body(goals::stats::of(&api.pool, &ids).await?);
    Ok(Answer(CampaignBody { id, name, goals: all.into_iter().map(|goal| body(goal, now)).collect(), stats }))
}

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
        match action {
            CampaignAction::Pause => pause_now(&mut tx, &goal).await?,
            CampaignAction::Resume if goal.clock.paused_at.is_some() => resume_now(&mut tx, &admin, &goal).await?,
            CampaignAction::Resume => {}
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
