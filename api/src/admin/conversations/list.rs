//! `GET /v1/organizations/{organization_id}/conversations`: review, the latest first (rule W7).
//! Reading here marks nothing read.

use axum::{Json as Answer, extract::State};
use muster_domain::{
    conversations::thread::ThreadProgress,
    ids::{GoalId, GroupId, MemberId},
    people::e164::E164,
};
use muster_storage::{
    conversations::threads::{self, Filter, Source},
    goals,
    tenancy::groups,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    admin::conversations::{
        body::{ThreadBody, body, reader},
        search::Sought,
    },
    auth::Admin,
    bounds,
    list::{ListQuery, Listed},
    problem::Problem,
    shapes,
    state::Api,
};

/// Conditions on conversations, which combine with AND; the same for the list and for exports.
#[derive(Serialize, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ThreadFilter {
    /// Only conversations of this group.
    #[param(value_type = Option<uuid::Uuid>)]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub(crate) group_id: Option<GroupId>,
    /// Only those of this agent: held, with a contact of theirs, or with their text as an agent's
    /// last.
    #[param(value_type = Option<uuid::Uuid>)]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub(crate) agent_id: Option<MemberId>,
    /// Only those with contacts that this goal has texted.
    #[param(value_type = Option<uuid::Uuid>)]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub(crate) goal_id: Option<GoalId>,
    /// Only those with contacts with this tag.
    #[param(inline, value_type = Option<bounds::Tag>)]
    #[schema(value_type = Option<bounds::Tag>)]
    pub(crate) tag: Option<String>,
    /// Only those with the contact with this number.
    #[param(inline, value_type = Option<bounds::PhoneNumber>)]
    #[schema(value_type = Option<bounds::PhoneNumber>)]
    pub(crate) phone: Option<String>,
    /// Only those with all of these words in the contact's name or in one text, or with these four
    /// or more digits in the contact's number.
    #[param(inline, value_type = Option<bounds::Search>)]
    #[schema(value_type = Option<bounds::Search>)]
    pub(crate) search: Option<String>,
    /// Only those that are so far; all unless told.
    #[param(inline, value_type = Option<shapes::ThreadProgress>)]
    #[schema(value_type = Option<shapes::ThreadProgress>)]
    pub(crate) state: Option<ThreadProgress>,
    /// The same as the state `unresponded`.
    #[serde(default)]
    unresponded: bool,
}

impl ThreadFilter {
    /// Returns how far conversations of the list are.
    pub(crate) fn progress(&self) -> ThreadProgress {
        match self.state {
            Some(progress) => progress,
            None if self.unresponded => ThreadProgress::Unresponded,
            None => ThreadProgress::All,
        }
    }
}

/// Lists conversations of the groups that the admin sees, the latest first. A page may have few
/// items or none, and a `next` all the same: it has looked at 1,000 conversations then, and the
/// next page goes on.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/conversations", tag = "conversations")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    query: ListQuery<ThreadFilter>,
) -> Result<Answer<Listed<ThreadBody>>, Problem> {
    let asked = &query.filter;
    let groups = seen(&api, &admin, asked).await?;
    let sought = Sought::read(asked.search.as_deref())?;
    let tag = asked.tag.as_deref().map(|tag| bounds::Tag::read("tag", tag)).transpose();
    let tag = tag.map_err(|_| Problem::invalid_parameter("tag must be 1 to 100 characters"))?;
    let unreadable = |_| Problem::invalid_parameter("phone must be a number in E.164 form");
    let phone = asked.phone.as_deref().map(E164::parse).transpose().map_err(unreadable)?;
    let filter = Filter {
        groups: groups.as_deref(),
        progress: asked.progress(),
        agent_id: asked.agent_id,
        goal_id: asked.goal_id,
        tag,
        words: &sought.words,
        digits: sought.digits.as_deref(),
        open_alone: false,
    };
    let source = match (&phone, &groups) {
        (Some(phone), _) => Source::Contact(phone),
        (None, Some(groups)) => Source::Groups(groups),
        (None, None) => Source::Organization,
    };
    let page = query.page(|id| id);
    let found = threads::page(&api.pool, admin.organization_id, reader(&admin), source, &filter, page).await?;
    Ok(Listed::until(found.next, found.threads, body))
}

/// Returns the groups that the list is about, as far as the admin sees them; none for all of the
/// organization. A goal's conversations are in its group.
async fn seen(api: &Api, admin: &Admin, asked: &ThreadFilter) -> Result<Option<Vec<GroupId>>, Problem> {
    let mut group_id = asked.group_id;
    if let Some(group_id) = group_id {
        admin.group(group_id)?;
        groups::get(&api.pool, admin.organization_id, group_id).await?.ok_or_else(|| Problem::no("group"))?;
    }
    if let Some(goal_id) = asked.goal_id {
        let mut tx = api.pool.begin().await?;
        let goal = goals::get(&mut tx, admin.organization_id, goal_id).await?.ok_or_else(|| Problem::no("goal"))?;
        admin.group(goal.group_id).map_err(|_| Problem::no("goal"))?;
        group_id = group_id.or(Some(goal.group_id));
    }
    Ok(match group_id {
        Some(group_id) => Some(vec![group_id]),
        None => admin.groups().map(<[GroupId]>::to_vec),
    })
}
