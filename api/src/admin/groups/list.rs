//! `/v1/organizations/{organization_id}/groups`: create and list (rule A1).

use axum::{Json as Answer, extract::State};
use muster_domain::{ids::GroupId, tenancy::role::Role, zone::Zone};
use muster_storage::tenancy::groups::{self, CountedGroup, Group, NewGroup};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    auth::Admin,
    bounds,
    document::{Created, Made, Once},
    extract::{Json, Page, Query},
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

#[derive(Serialize, ToSchema)]
pub(crate) struct GroupBody {
    #[schema(value_type = uuid::Uuid)]
    id: GroupId,
    name: String,
    location: String,
    zone: String,
    area_code: String,
    archived: bool,
    /// Contacts in it, active or not.
    contacts: i64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct GroupPage {
    items: Vec<GroupBody>,
    /// The cursor of the next page; null on the last.
    #[schema(value_type = Option<uuid::Uuid>)]
    next: Option<GroupId>,
}

pub(crate) fn body(counted: CountedGroup) -> GroupBody {
    let CountedGroup { group, contacts } = counted;
    let Group { id, organization_id: _, name, location, zone, area_code, archived } = group;
    GroupBody { id, name, location, zone, area_code, archived, contacts }
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
    admin: Admin,
    keyed: Keyed,
    Json(body): Json<NewGroupBody>,
) -> Result<Once<Created<Made>>, Problem> {
    admin.at_least(Role::OrganizationAdmin)?;
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

/// Lists groups by age.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/groups", tag = "groups")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    Query(page): Query<Page>,
) -> Result<Answer<GroupPage>, Problem> {
    let limit = page.limit()?;
    let all = groups::page(&api.pool, admin.organization_id, admin.groups(), page.cursor.map(GroupId), limit).await?;
    let next = all.last().map(|counted| counted.group.id).filter(|_| i64::try_from(all.len()) == Ok(limit));
    Ok(Answer(GroupPage { items: all.into_iter().map(body).collect(), next }))
}
