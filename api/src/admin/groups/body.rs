//! Groups as answers tell them.

use muster_domain::ids::GroupId;
use muster_storage::tenancy::groups::{CountedGroup, Group};
use serde::Serialize;
use utoipa::ToSchema;

use crate::list::Item;

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
    version: i32,
}

impl Item for GroupBody {
    type Id = GroupId;

    const PAGE: &'static str = "GroupPage";
}

pub(crate) fn body(counted: CountedGroup) -> GroupBody {
    let CountedGroup { group, contacts } = counted;
    let Group { id, organization_id: _, name, location, zone, area_code, archived, version } = group;
    GroupBody { id, name, location, zone, area_code, archived, contacts, version }
}
