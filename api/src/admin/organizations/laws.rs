//! `/v1/organizations/{organization_id}/laws`: the table of laws' hours (rule S5).

use axum::{Json as Answer, extract::State};
use muster_domain::sending::hours::Jurisdictions;
use muster_storage::{
    sending::{
        Concerned,
        waiting::{SettingsChange, rearm},
    },
    tenancy::organizations,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    auth::{Admin, OrganizationAdmin},
    extract::Json,
    problem::Problem,
    shapes,
    state::Api,
};

/// Rows that a table may have: there are 50 states, the District and the territories.
const MOST_STATES: usize = 60;

#[derive(Serialize, ToSchema)]
pub(crate) struct Laws {
    /// Whether the organization has no table of its own.
    built_in: bool,
    /// `federal`: the hours that hold in every state; `states`: those with hours of their own, from
    /// Monday to Sunday.
    #[schema(value_type = shapes::Jurisdictions)]
    laws: Jurisdictions,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LawsEdit {
    /// The organization's own table; null, which must be said, for the built-in one.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required, value_type = Option<shapes::Jurisdictions>)]
    laws: Option<Jurisdictions>,
}

/// Reads the table of laws that the setting `law_strictness` keeps.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/laws", tag = "organizations")]
pub(crate) async fn get(State(api): State<Api>, admin: Admin) -> Result<Answer<Laws>, Problem> {
    let mut tx = api.pool.begin().await?;
    let settings = admin.organization(&mut tx).await?.settings;
    Ok(Answer(Laws { built_in: settings.own_laws.is_none(), laws: settings.table_of_laws().clone() }))
}

/// Replaces the table of laws; it takes effect on texts that are queued already (rule S9).
#[utoipa::path(put, path = "/v1/organizations/{organization_id}/laws", tag = "organizations")]
pub(crate) async fn put(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Json(edit): Json<LawsEdit>,
) -> Result<Answer<Laws>, Problem> {
    if let Some(laws) = &edit.laws {
        laws.check().map_err(|error| Problem::invalid_body(error.to_string()))?;
        if laws.states.len() > MOST_STATES {
            return Err(Problem::invalid_body(format!("laws: at most {MOST_STATES} states")));
        }
    }
    let mut tx = api.pool.begin().await?;
    organizations::lock_terms(&mut tx, admin.organization_id).await?;
    let mut organization = admin.organization(&mut tx).await?;
    let before = organization.settings.clone();
    organization.settings.own_laws = edit.laws;
    organizations::update_settings(&mut tx, organization.id, &organization.settings).await?;
    let changed = SettingsChange::between(&before, &organization.settings);
    rearm(&mut tx, organization.id, changed, &admin.origin()).await?;
    tx.commit().await?;
    api.until_it_holds(Concerned::Organization(admin.organization_id)).await;
    let settings = organization.settings;
    Ok(Answer(Laws { built_in: settings.own_laws.is_none(), laws: settings.table_of_laws().clone() }))
}
