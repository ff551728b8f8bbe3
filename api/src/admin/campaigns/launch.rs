//! `POST /v1/organizations/{organization_id}/campaigns/{campaign_id}/launch`: the drafts of a
//! campaign (rule G10).

use axum::extract::State;
use muster_domain::ids::CampaignId;
use muster_storage::goals;
use uuid::Uuid;

use crate::{
    admin::{campaigns::goals::locked, goals::launch::launch_now},
    auth::Admin,
    document::NoContent,
    extract::Path,
    problem::Problem,
    state::Api,
};

/// Launches every goal of a campaign that is a draft, all or none. One without drafts is left as it
/// is.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/campaigns/{campaign_id}/launch", tag = "campaigns")]
pub(crate) async fn launch(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, CampaignId)>,
) -> Result<NoContent, Problem> {
    let mut tx = api.pool.begin().await?;
    let (_, all) = locked(&mut tx, &admin, id).await?;
    let organization = admin.organization(&mut tx).await?;
    for goal in all {
        let goal = goals::lock(&mut tx, admin.organization_id, goal.id).await?.ok_or_else(|| Problem::no("goal"))?;
        if goal.clock.launched_at.is_none() {
            launch_now(&mut tx, &admin, &organization, &goal).await?;
        }
    }
    tx.commit().await?;
    Ok(NoContent)
}
