//! `PATCH /v1/organizations/{organization_id}/groups/{group_id}`: name, location, zone and area
//! code (rule A1).

use axum::extract::State;
use muster_domain::{ids::GroupId, zone::Zone};
use muster_storage::{
    goals,
    sending::{
        Concerned,
        waiting::{SettingsChange, rearm},
    },
    tenancy::{
        groups::{self, NewGroup},
        organizations,
    },
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    admin::groups::{
        body::{GroupBody, body},
        create::check_area_code,
    },
    auth::OrganizationAdmin,
    bounds,
    document::Tagged,
    extract::{IfMatch, Json, Path},
    problem::Problem,
    state::Api,
};

/// Absent members stay as they are.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupEdit {
    #[schema(value_type = Option<bounds::Name>)]
    name: Option<String>,
    #[schema(value_type = Option<bounds::Location>)]
    location: Option<String>,
    /// Its IANA time zone. It stays as long as launched goals of the group are not over. Drafts
    /// keep their times on the clock.
    #[schema(value_type = Option<bounds::ZoneName>)]
    zone: Option<String>,
    /// The area code of its next sender numbers.
    #[schema(value_type = Option<bounds::AreaCode>)]
    area_code: Option<String>,
}

/// Edits a group. Texts that wait for its hours are decided again (rule S9).
#[utoipa::path(patch, path = "/v1/organizations/{organization_id}/groups/{group_id}", tag = "groups")]
pub(crate) async fn patch(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Path((_organization, id)): Path<(Uuid, GroupId)>,
    expected: IfMatch,
    Json(edit): Json<GroupEdit>,
) -> Result<Tagged<GroupBody>, Problem> {
    admin.group(id)?;
    let name = edit.name.as_deref().map(|name| bounds::Name::read("name", name)).transpose()?;
    let location = edit.location.as_deref().map(|location| bounds::Location::read("location", location)).transpose()?;
    let zone = edit.zone.as_deref().map(Zone::parse).transpose();
    let zone = zone.map_err(|error| Problem::invalid_body(error.to_string()))?;
    let area_code = edit.area_code.as_deref().map(check_area_code).transpose()?;
    let mut tx = api.pool.begin().await?;
    organizations::lock_terms(&mut tx, admin.organization_id).await?;
    let before = groups::lock(&mut tx, admin.organization_id, id).await?.ok_or_else(|| Problem::no("group"))?;
    if !expected.allows(before.version) {
        return Err(Problem::edited_meanwhile(format!("the group is at version {}", before.version)));
    }
    let new_zone = zone.filter(|zone| zone.name() != before.zone);
    let new = NewGroup {
        name: name.unwrap_or(&before.name),
        location: location.unwrap_or(&before.location),
        zone: new_zone.as_ref().map_or(before.zone.as_str(), Zone::name),
        area_code: area_code.unwrap_or(&before.area_code),
    };
    groups::update(&mut tx, id, &new).await?;
    if let Some(zone) = &new_zone {
        if !goals::move_drafts(&mut tx, admin.organization_id, id, zone).await? {
            return Err(Problem::conflict("launched goals of the group are not over: their times are in its zone"));
        }
        let changed = SettingsChange { hours: true, ..SettingsChange::default() };
        rearm(&mut tx, admin.organization_id, changed, &admin.origin()).await?;
    }
    let after = groups::counted(&mut tx, admin.organization_id, id).await?.ok_or_else(|| Problem::no("group"))?;
    tx.commit().await?;
    if new_zone.is_some() {
        api.until_it_holds(Concerned::Organization(admin.organization_id)).await;
    }
    Ok(Tagged { version: after.group.version, body: body(after) })
}
