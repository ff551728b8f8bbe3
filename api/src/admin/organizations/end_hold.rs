//! `DELETE /v1/organizations/{organization_id}/hold`: end a hold that a carrier asked for (rule
//! S7).

use axum::extract::State;
use muster_domain::tenancy::role::Role;
use muster_storage::{
    sending::{
        rates,
        waiting::{SettingsChange, rearm},
    },
    tenancy::organizations,
};

use crate::{auth::Admin, document::NoContent, problem::Problem, state::Api};

/// Ends a hold that a carrier asked for: the texts that it held go on.
#[utoipa::path(delete, path = "/v1/organizations/{organization_id}/hold", tag = "organizations")]
pub(crate) async fn end_hold(State(api): State<Api>, admin: Admin) -> Result<NoContent, Problem> {
    admin.at_least(Role::OrganizationAdmin)?;
    let mut tx = api.pool.begin().await?;
    organizations::lock_terms(&mut tx, admin.organization_id).await?;
    let brand = admin.organization(&mut tx).await?.brand_id;
    if rates::lift_hold(&mut tx, brand).await? {
        let changed = SettingsChange { hold: true, ..SettingsChange::default() };
        rearm(&mut tx, admin.organization_id, changed, &admin.origin()).await?;
    }
    tx.commit().await?;
    Ok(NoContent)
}
