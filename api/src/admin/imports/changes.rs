//! `GET /v1/organizations/{organization_id}/imports/{import_id}/changes`: changes that an import
//! made to contacts that were there before it.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::{ContactId, ImportId};
use muster_storage::imports::{self, ContactChange};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    admin::imports::body::find,
    auth::Admin,
    extract::Path,
    list::{Item, ListQuery, Listed},
    problem::Problem,
    shapes,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct ImportChange {
    #[schema(value_type = Uuid)]
    contact_id: ContactId,
    /// Changed fields, as they were before the import; `assigned_agent_id` is the contact's agent
    /// in its group.
    #[schema(value_type = shapes::ContactFields)]
    before: Value,
    /// The same fields as the import left them, whether or not they have changed since.
    #[schema(value_type = shapes::ContactFields)]
    after: Value,
}

impl Item for ImportChange {
    type Id = ContactId;

    const PAGE: &'static str = "ImportChangePage";
}

/// Lists contacts that an import changed, or that were in its group before and got another agent by
/// it, field by field; for a group admin as the group knows them. Redacted people are not among
/// them.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/imports/{import_id}/changes", tag = "imports")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ImportId)>,
    query: ListQuery,
) -> Result<Answer<Listed<ImportChange>>, Problem> {
    find(&api, &admin, id).await?;
    let page = query.page(ContactId);
    let found = imports::changes(&api.pool, id, admin.groups().is_some(), page).await?;
    let item = |change: ContactChange| ImportChange {
        contact_id: change.contact_id,
        before: change.before,
        after: change.after,
    };
    Ok(Listed::answer(&page, found, |change| change.contact_id, item))
}
