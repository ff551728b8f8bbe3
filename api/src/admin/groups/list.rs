//! `GET /v1/organizations/{organization_id}/groups`: groups by age.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::GroupId;
use muster_storage::tenancy::groups;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    admin::groups::body::{GroupBody, body},
    auth::Admin,
    extract::{Page, Query},
    problem::Problem,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct GroupPage {
    items: Vec<GroupBody>,
    /// The cursor of the next page; null on the last.
    #[schema(value_type = Option<uuid::Uuid>)]
    next: Option<GroupId>,
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
