//! `PATCH /v1/organizations/{organization_id}`: edit an organization's settings.

use axum::{Json as Answer, extract::State};
use muster_storage::{
    sending::{
        Concerned, rates,
        waiting::{SettingsChange, rearm},
    },
    tenancy::organizations,
};

use crate::{
    admin::organizations::{
        body::{OrganizationBody, body},
        settings::SettingsBody,
    },
    auth::OrganizationAdmin,
    extract::Json,
    problem::Problem,
    state::Api,
};

/// Edits settings. They take effect on texts that are queued or held, and on batches still to be
/// released (rules S9 and B6).
#[utoipa::path(patch, path = "/v1/organizations/{organization_id}", tag = "organizations")]
pub(crate) async fn patch(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Json(edit): Json<SettingsBody>,
) -> Result<Answer<OrganizationBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    organizations::lock_terms(&mut tx, admin.organization_id).await?;
    let mut organization = admin.organization(&mut tx).await?;
    let edited = organization.settings.patched(&edit.0).map_err(|bad| Problem::invalid_body(bad.to_string()))?;
    let before = std::mem::replace(&mut organization.settings, edited);
    organizations::update_settings(&mut tx, organization.id, &organization.settings).await?;
    let changed = SettingsChange::between(&before, &organization.settings);
    if changed.rates {
        rates::set_numbers(&mut tx, organization.id, organization.settings.number_segments_per_minute).await?;
    }
    rearm(&mut tx, organization.id, changed, &admin.origin()).await?;
    tx.commit().await?;
    api.until_it_holds(Concerned::Organization(admin.organization_id)).await;
    Ok(Answer(body(organization)))
}
