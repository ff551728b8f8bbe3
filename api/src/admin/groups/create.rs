//! `POST /v1/organizations/{organization_id}/groups` (rule A1).

use axum::extract::State;
use muster_domain::{ids::GroupId, zone::Zone};
use muster_storage::tenancy::groups::{self, NewGroup};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    auth::OrganizationAdmin,
    bounds,
    document::{Created, Made, Once},
    extract::Json,
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewGroupBody {
    #[schema(value_type = bounds::Name)]
    name: String,
    /// Where it is, in words.
    #[serde(default)]
    #[schema(value_type = bounds::Location)]
    location: String,
    /// Its IANA time zone.
    #[schema(value_type = bounds::ZoneName)]
    zone: String,
    /// The area code of its sender numbers.
    #[schema(value_type = bounds::AreaCode)]
    area_code: String,
}

/// An area code has the shape `[2-9]dd`.
pub(crate) fn check_area_code(code: &str) -> Result<&str, Problem> {
    let bytes = code.as_bytes();
    if bytes.len() == 3 && bytes.iter().all(u8::is_ascii_digit) && bytes[0] >= b'2' {
        Ok(code)
    } else {
        Err(Problem::invalid_body("area_code must be three digits, the first 2 to 9"))
    }
}

/// Creates a group.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/groups", tag = "groups")]
pub(crate) async fn create(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    keyed: Keyed,
    Json(body): Json<NewGroupBody>,
) -> Result<Once<Created<Made>>, Problem> {
    let zone = Zone::parse(&body.zone).map_err(|error| Problem::invalid_body(error.to_string()))?;
    let new = NewGroup {
        name: bounds::Name::read("name", &body.name)?,
        location: bounds::Location::read("location", &body.location)?,
        zone: zone.name(),
        area_code: check_area_code(&body.area_code)?,
    };
    keyed
        .run(&api, admin.member.id, &body, async |tx| {
            let id = GroupId::new();
            groups::create(tx, id, admin.organization_id, &new).await?;
            Ok(Created(Made { id: id.0 }))
        })
        .await
}
