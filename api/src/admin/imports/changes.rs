//! `GET /v1/organizations/{organization_id}/imports/{import_id}/changes`: changes that an import
//! made to contacts that were there before it.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::{ContactId, ImportId};
use muster_storage::imports;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    admin::imports::body::find,
    auth::Admin,
    extract::{Page, Path, Query},
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

#[derive(Serialize, ToSchema)]
pub(crate) struct ImportChangePage {
    items: Vec<ImportChange>,
    /// The cursor of the next page; null on the last.
    #[schema(value_type = Option<Uuid>)]
    next: Option<ContactId>,
}

/// Lists contacts that an import changed, or that were in its group before and got another agent by
/// it, field by field; for a group admin as the group knows them. Redacted people are not among
/// them.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/imports/{import_id}/changes", tag = "imports")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ImportId)>,
    Query(page): Query<Page>,
) -> Result<Answer<ImportChangePage>, Problem> {
    let limit = page.limit()?;
    find(&api, &admin, id).await?;
    let all = imports::changes(&api.pool, id, admin.groups().is_some(), page.cursor.map(ContactId), limit).await?;
    let next = all.last().map(|change| change.contact_id).filter(|_| i64::try_from(all.len()) == Ok(limit));
    let items = all.into_iter().map(|change| ImportChange {
        contact_id: change.contact_id,
        before: change.before,
        after: change.after,
    });
    Ok(Answer(ImportChangePage { items: items.collect(), next }))
}
