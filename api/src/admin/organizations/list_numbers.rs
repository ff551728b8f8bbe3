//! `GET /v1/organizations/{organization_id}/numbers`: numbers, and the group and the agent that
//! have each (rule A3).

use axum::{Json as Answer, extract::State};
use muster_domain::ids::{GroupId, MemberId};
use muster_storage::tenancy::{
    groups,
    numbers::{self, Held},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{auth::Admin, bounds, extract::Query, list::page_limit, problem::Problem, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct NumberBody {
    #[schema(value_type = bounds::PhoneNumber)]
    number: String,
    area_code: String,
    /// Null while it is free for any group.
    #[schema(value_type = Option<uuid::Uuid>)]
    group_id: Option<GroupId>,
    group_name: Option<String>,
    /// Null while it is free for the group's next agent.
    #[schema(value_type = Option<uuid::Uuid>)]
    agent_id: Option<MemberId>,
    agent_name: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct NumberPage {
    items: Vec<NumberBody>,
    /// The cursor of the next page; null on the last.
    next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct NumberQuery {
    /// Only numbers of this group.
    #[param(value_type = Option<uuid::Uuid>)]
    group_id: Option<GroupId>,
    /// Only numbers without an agent, or with one.
    free: Option<bool>,
    /// The `next` of the page before.
    #[param(inline, value_type = Option<bounds::NumberCursor>)]
    cursor: Option<String>,
    /// Items at most; 100 unless told.
    #[param(inline, value_type = Option<bounds::PageLimit>)]
    limit: Option<i64>,
}

/// Lists numbers in their order. A group admin sees the numbers of their groups.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/numbers", tag = "organizations")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    Query(query): Query<NumberQuery>,
) -> Result<Answer<NumberPage>, Problem> {
    let limit = page_limit(query.limit)?;
    let after = match &query.cursor {
        None => String::new(),
        Some(cursor) if cursor.len() == 11 && cursor.bytes().all(|byte| byte.is_ascii_digit()) => format!("+{cursor}"),
        Some(_) => return Err(Problem::invalid_parameter("cursor must be the next of the page before")),
    };
    let mut tx = api.pool.begin().await?;
    if let Some(group_id) = query.group_id {
        admin.group(group_id)?;
        if !groups::all_exist(&mut tx, admin.organization_id, &[group_id]).await? {
            return Err(Problem::no("group"));
        }
    }
    let groups = query.group_id.as_ref().map(std::slice::from_ref).or_else(|| admin.groups());
    let all = numbers::of_organization(&mut tx, admin.organization_id, groups, query.free, &after, limit).await?;
    let next = all.last().map(|one| one.number.trim_start_matches('+').to_owned());
    let next = next.filter(|_| i64::try_from(all.len()) == Ok(limit));
    let body = |Held { number, group_id, group_name, agent_id, agent_name }| NumberBody {
        area_code: number.get(2..5).unwrap_or_default().to_owned(),
        number,
        group_id,
        group_name,
        agent_id,
        agent_name,
    };
    Ok(Answer(NumberPage { items: all.into_iter().map(body).collect(), next }))
}
