//! Goals of a campaign that an admin may see.

use muster_domain::{
    goals::targeting::Targeting,
    ids::{CampaignId, GoalId},
};
use muster_storage::{
    Tx,
    goals::{
        self, Goal, GoalContent, GoalScope,
        campaigns::{self, Campaign},
    },
    trust::audit,
};

use crate::{auth::Admin, problem::Problem};

pub(crate) async fn goals_of(tx: &mut Tx, admin: &Admin, id: CampaignId) -> Result<Vec<Goal>, Problem> {
    let all = goals::of_campaign(tx, admin.organization_id, id).await?;
    if all.is_empty() || all.iter().any(|goal| admin.group(goal.group_id).is_err()) {
        return Err(Problem::no("campaign"));
    }
    Ok(all)
}

/// Returns a campaign with its goals.
pub(crate) async fn seen(tx: &mut Tx, admin: &Admin, id: CampaignId) -> Result<(Campaign, Vec<Goal>), Problem> {
    let campaign = campaigns::get(tx, admin.organization_id, id).await?.ok_or_else(|| Problem::no("campaign"))?;
    Ok((campaign, goals_of(tx, admin, id).await?))
}

/// Returns the same, with the campaign locked: its goals stay the same, and their content is to be
/// locked one by one.
pub(crate) async fn locked(tx: &mut Tx, admin: &Admin, id: CampaignId) -> Result<(Campaign, Vec<Goal>), Problem> {
    let campaign = campaigns::lock(tx, admin.organization_id, id).await?.ok_or_else(|| Problem::no("campaign"))?;
    Ok((campaign, goals_of(tx, admin, id).await?))
}

/// Makes a draft, and returns it locked.
pub(crate) async fn draft(
    tx: &mut Tx,
    admin: &Admin,
    place: GoalScope,
    content: &GoalContent,
) -> Result<Goal, Problem> {
    let id = GoalId::new();
    goals::create(tx, id, place, content).await?;
    audit::made("goal", id.0);
    goals::lock(tx, admin.organization_id, id).await?.ok_or_else(|| Problem::no("goal"))
}

/// Results in goals of a campaign are each goal's own, and not shared by the others.
pub(crate) fn shares_no_results(targeting: &Targeting) -> Result<(), Problem> {
    if targeting.earlier_goals.is_empty() {
        Ok(())
    } else {
        Err(Problem::invalid_body("targeting.earlier_goals: each goal keeps its own"))
    }
}
