//! Groups as answers tell them.

use muster_domain::ids::GroupId;
use muster_storage::tenancy::groups::{CountedGroup, Group};
use serde::Serialize;
use utoipa::ToSchema;

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

pub(crate) fn body(counted: CountedGroup) -> GroupBody {
    let CountedGroup { group, contacts } = counted;
    let Group { id, organization_id: _, name, location, zone, area_code, archived } = group;
    GroupBody { id, name, location, zone, area_code, archived, contacts }
}
