//! `DELETE /v1/organizations/{organization_id}/hold`: end a hold that a carrier asked for (rule
//! S7).

use axum::extract::State;
use muster_storage::sending::{rates, waiting::SettingsChange};

use crate::{
    admin::organizations::brand::LockedBrand, auth::OrganizationAdmin, document::NoContent, problem::Problem,
    state::Api,
};

/// Ends a hold that a carrier asked for: the texts that it held go on.
#[utoipa::path(delete, path = "/v1/organizations/{organization_id}/hold", tag = "organizations")]
pub(crate) async fn end_hold(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
) -> Result<NoContent, Problem> {
    let mut tx = api.pool.begin().await?;
    let brand = LockedBrand::of(&mut tx, &admin).await?;
    if rates::lift_hold(&mut tx, brand.id).await? {
        brand.rearm(&mut tx, SettingsChange { hold: true, ..SettingsChange::default() }).await?;
    }
    tx.commit().await?;
    Ok(NoContent)
}
