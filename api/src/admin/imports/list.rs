//! `GET /v1/organizations/{organization_id}/imports`: the organization's imports, so that none is
//! lost for want of its id.

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{GroupId, ImportId},
    imports::ImportState,
};
use muster_storage::imports::{self, Filter, ImportSummary};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::Admin,
    list::{Item, ListQuery, Listed},
    problem::Problem,
    shapes,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct ImportItem {
    #[schema(value_type = uuid::Uuid)]
    id: ImportId,
    /// Null for a dry run that would have to make the group.
    #[schema(value_type = Option<uuid::Uuid>)]
    group_id: Option<GroupId>,
    file_name: String,
    dry_run: bool,
    /// `waiting`, `running`, `succeeded`, `failed` or `cancelled`.
    #[schema(value_type = shapes::ImportState)]
    state: ImportState,
    /// Why the file as a whole was refused.
    failure: Option<String>,
    /// Rows read, and their outcome, once it is over; before, `…/imports/{import_id}` tells the
    /// progress.
    rows_read: i64,
    created: i64,
    updated: i64,
    unchanged: i64,
    merged: i64,
    rejected: i64,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

impl Item for ImportItem {
    type Id = ImportId;

    const PAGE: &'static str = "ImportPage";
}

fn item(import: ImportSummary) -> ImportItem {
    ImportItem {
        id: import.id,
        group_id: import.group_id,
        file_name: import.file_name,
        dry_run: import.dry_run,
        state: import.state,
        failure: import.failure,
        rows_read: import.counters.rows_read,
        created: import.counters.created,
        updated: import.counters.updated,
        unchanged: import.counters.unchanged,
        merged: import.counters.merged,
        rejected: import.counters.rejected,
        created_at: import.created_at,
        finished_at: import.finished_at,
    }
}

/// Lists imports, the youngest first; for a group admin, those into their groups.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/imports", tag = "imports")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    query: ListQuery,
) -> Result<Answer<Listed<ImportItem>>, Problem> {
    let page = query.page(ImportId);
    let filter = Filter { groups: admin.groups() };
    let found = imports::page(&api.pool, admin.organization_id, &filter, page).await?;
    Ok(Listed::answer(&page, found, |import| import.id, item))
}
