//! Organizations as answers tell them.

use muster_domain::ids::OrganizationId;
use muster_storage::tenancy::organizations::Organization;
use serde::Serialize;
use utoipa::ToSchema;

use crate::admin::organizations::settings::OrganizationSettings;

#[derive(Serialize, ToSchema)]
pub(crate) struct OrganizationItem {
    #[schema(value_type = uuid::Uuid)]
    pub(crate) id: OrganizationId,
    pub(crate) name: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct OrganizationBody {
    id: uuid::Uuid,
    name: String,
    settings: OrganizationSettings,
}

pub(crate) fn body(organization: Organization) -> OrganizationBody {
    OrganizationBody {
        id: organization.id.0,
        name: organization.name,
        settings: OrganizationSettings(organization.settings.members()),
    }
}
