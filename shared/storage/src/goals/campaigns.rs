//! Campaigns: one goal template launched in many groups (rule G10).

use muster_domain::ids::{CampaignId, MemberId, OrganizationId};

use crate::{Pool, Result, Tx};

/// Creates a campaign without goals.
pub async fn create(
    tx: &mut Tx,
    id: CampaignId,
    organization_id: OrganizationId,
    by: MemberId,
    name: &str,
) -> Result<()> {
    sqlx::query!(
        "insert into campaign (id, organization_id, created_by, name) values ($1, $2, $3, $4)",
        id.0,
        organization_id.0,
        by.0,
        name,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Returns the name of a campaign of this organization.
pub async fn name(pool: &Pool, organization_id: OrganizationId, id: CampaignId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("select name from campaign where id = $1 and organization_id = $2", id.0, organization_id.0)
        .fetch_optional(&mut *pool.connection().await?)
        .await?)
}
