//! `GET /v1/organizations/{organization_id}/conversations`: review (rule W7). Reading here marks
//! nothing read.

use axum::{Json as Answer, extract::State};
use muster_domain::{
    ids::{GroupId, ThreadId},
    tenancy::role::Role,
};
use muster_storage::{conversations::threads, tenancy::groups};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    admin::conversations::body::{ThreadBody, body, reader},
    auth::Admin,
    bounds,
    extract::{Query, page_limit},
    problem::Problem,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct ThreadPage {
    items: Vec<ThreadBody>,
    /// The cursor of the next page; null on the last.
    #[schema(value_type = Option<Uuid>)]
    next: Option<ThreadId>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ThreadQuery {
    /// Only threads of this group; group admins must name one of theirs.
    #[param(value_type = Option<Uuid>)]
    group_id: Option<GroupId>,
    /// Only threads with unread replies.
    #[serde(default)]
    unresponded: bool,
    /// The `next` of the page before.
    cursor: Option<Uuid>,
    /// Items at most; 100 unless told.
    #[param(inline, value_type = Option<bounds::PageLimit>)]
    limit: Option<i64>,
}

/// Lists conversations.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/conversations", tag = "conversations")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    Query(query): Query<ThreadQuery>,
) -> Result<Answer<ThreadPage>, Problem> {
    match query.group_id {
        Some(group_id) => {
            admin.group(group_id)?;
            groups::get(&api.pool, admin.organization_id, group_id).await?.ok_or_else(|| Problem::no("group"))?;
        }
        None => admin.at_least(Role::OrganizationAdmin)?,
    }
    let limit = page_limit(query.limit)?;
    let cursor = query.cursor.map(ThreadId);
    let all = threads::page(
        &api.pool,
        admin.organization_id,
        reader(&admin),
        query.group_id,
        None,
        query.unresponded,
        cursor,
        limit,
    )
    .await?;
    let next = all.last().map(|thread| thread.id).filter(|_| i64::try_from(all.len()) == Ok(limit));
    Ok(Answer(ThreadPage { items: all.into_iter().map(body).collect(), next }))
}
