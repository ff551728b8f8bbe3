//! `GET /v1/agent/threads`: the agent's own conversations, the latest first (rule W9).

use axum::{Json as Answer, extract::State};
use muster_domain::{conversations::thread::ThreadProgress, ids::GroupId};
use muster_storage::conversations::threads::{self, Filter, Reader, Source};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    admin::conversations::{
        body::{ThreadBody, body},
        search::Sought,
    },
    auth::Agent,
    bounds,
    list::{ListQuery, Listed},
    problem::Problem,
    shapes,
    state::Api,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OwnThreads {
    /// Only conversations of this group of the agent's.
    #[param(value_type = Option<uuid::Uuid>)]
    group_id: Option<GroupId>,
    /// Only those that are so far; all unless told.
    #[param(inline, value_type = Option<shapes::ThreadProgress>)]
    state: Option<ThreadProgress>,
    /// Only those with all of these words in the contact's name or in one text, or with these four
    /// or more digits in the contact's number.
    #[param(inline, value_type = Option<bounds::Search>)]
    search: Option<String>,
}

/// Lists the agent's own conversations, at any status of their goals: those that they hold,
/// those of their contacts, and those in which the last text of an agent is theirs. Conversations
/// with contacts that have opted out are hidden. A page of a search may have few items or none, and
/// a `next` all the same: it has looked at 1,000 conversations then, and the next page goes on.
#[utoipa::path(get, path = "/v1/agent/threads", tag = "agent")]
pub(crate) async fn list(
    State(api): State<Api>,
    agent: Agent,
    query: ListQuery<OwnThreads>,
) -> Result<Answer<Listed<ThreadBody>>, Problem> {
    let OwnThreads { group_id, state, search } = &query.filter;
    if let Some(group_id) = group_id {
        agent.group(*group_id)?;
    }
    let sought = Sought::read(search.as_deref())?;
    let groups = group_id.as_ref().map_or(agent.member.groups.as_slice(), std::slice::from_ref);
    let filter = Filter {
        progress: state.unwrap_or_default(),
        words: &sought.words,
        digits: sought.digits.as_deref(),
        open_alone: true,
        ..Filter::default()
    };
    let source = Source::Agent(agent.member.id, groups);
    let page = query.page(|id| id);
    let found = threads::page(&api.pool, agent.organization_id, Reader::Group, source, &filter, page).await?;
    Ok(Listed::until(found.next, found.threads, body))
}
