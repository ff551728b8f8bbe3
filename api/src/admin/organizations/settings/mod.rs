//! `/v1/organizations/{organization_id}`: read and edit an organization's settings.

mod schema;

use axum::{Json as Answer, extract::State};
use muster_domain::tenancy::role::Role;
use muster_storage::{
    sending::{
        Concerned, rates,
        waiting::{SettingsChange, rearm},
    },
    tenancy::organizations::{self, Organization},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{auth::Admin, extract::Json, problem::Problem, state::Api};

/// Members of settings to change, as `domain::tenancy::settings` declares them.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct SettingsBody(Map<String, Value>);

/// Every setting, as `domain::tenancy::settings` declares them.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct OrganizationSettings(Map<String, Value>);

#[derive(Serialize, ToSchema)]
pub(crate) struct OrganizationBody {
    id: uuid::Uuid,
    name: String,
    settings: OrganizationSettings,
}

fn body(organization: Organization) -> OrganizationBody {
    OrganizationBody {
        id: organization.id.0,
        name: organization.name,
        settings: OrganizationSettings(organization.settings.members()),
    }
}

/// Reads the organization and its settings.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}", tag = "organizations")]
pub(crate) async fn get(State(api): State<Api>, admin: Admin) -> Result<Answer<OrganizationBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    Ok(Answer(body(admin.organization(&mut tx).await?)))
}

/// Edits settings. They take effect on texts that are queued or held, and on batches still to be
/// released (rules S9 and B6).
#[utoipa::path(patch, path = "/v1/organizations/{organization_id}", tag = "organizations")]
pub(crate) async fn patch(
    State(api): State<Api>,
    admin: Admin,
    Json(edit): Json<SettingsBody>,
) -> Result<Answer<OrganizationBody>, Problem> {
    admin.at_least(Role::OrganizationAdmin)?;
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
