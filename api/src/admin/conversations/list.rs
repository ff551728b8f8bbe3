//! `GET /v1/organizations/{organization_id}/conversations`: review (rule W7). Reading here marks
//! nothing read.

use axum::{Json as Answer, extract::State};
use muster_domain::{
    ids::{GroupId, ThreadId},
    tenancy::role::Role,
};
use muster_storage::{
    conversations::threads::{self, Filter},
    tenancy::groups,
};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    admin::conversations::body::{ThreadBody, body, reader},
    auth::Admin,
    list::{ListQuery, Listed},
    problem::Problem,
    state::Api,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ThreadFilter {
    /// Only threads of this group; group admins must name one of theirs.
    #[param(value_type = Option<Uuid>)]
    group_id: Option<GroupId>,
    /// Only threads with unread replies.
    #[serde(default)]
    unresponded: bool,
}

/// Lists conversations.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/conversations", tag = "conversations")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    query: ListQuery<ThreadFilter>,
) -> Result<Answer<Listed<ThreadBody>>, Problem> {
    let ThreadFilter { group_id, unresponded } = query.filter;
    match group_id {
        Some(group_id) => {
            admin.group(group_id)?;
            groups::get(&api.pool, admin.organization_id, group_id).await?.ok_or_else(|| Problem::no("group"))?;
        }
        None => admin.at_least(Role::OrganizationAdmin)?,
    }
    let filter = Filter { group_id, unresponded, ..Filter::default() };
    let page = query.page(ThreadId);
    let found = threads::page(&api.pool, admin.organization_id, reader(&admin), &filter, page).await?;
    Ok(Listed::answer(&page, found, |thread| thread.id, body))
}
