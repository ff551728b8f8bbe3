//! Goals of a campaign that an admin may see.

use muster_domain::ids::CampaignId;
use muster_storage::{
    Tx,
    goals::{self, Goal},
};

use crate::{auth::Admin, problem::Problem};

pub(crate) async fn goals_of(tx: &mut Tx, admin: &Admin, id: CampaignId) -> Result<Vec<Goal>, Problem> {
    let all = goals::of_campaign(tx, admin.organization_id, id).await?;
    if all.is_empty() || all.iter().any(|goal| admin.group(goal.group_id).is_err()) {
        return Err(Problem::no("campaign"));
    }
    Ok(all)
}
