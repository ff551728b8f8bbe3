//! `PUT` and `DELETE /v1/agent/threads/{thread_id}/tags/{tag_id}`: the contact's tags (rule W9).

use axum::extract::State;
use muster_domain::ids::ThreadId;
use muster_storage::{
    Tx,
    conversations::{agent_tags, threads::Locked},
    people::edit::{self, Hearers},
};
use uuid::Uuid;

use crate::{
    agent::thread::lock_contact, auth::Agent, document::NoContent, extract::Path, problem::Problem, state::Api,
};

/// Returns the conversation, if the agent works on it and may set this tag.
async fn settable(tx: &mut Tx, agent: &Agent, id: ThreadId, tag_id: Uuid) -> Result<Locked, Problem> {
    let thread = lock_contact(tx, agent, id).await?;
    let tag = agent_tags::find(tx, agent.organization_id, &[thread.group_id], tag_id).await?;
    tag.map(|_| thread).ok_or_else(|| Problem::no("tag that agents set"))
}

/// Gives the contact a tag. The conversation's group learns of it, and no other group.
#[utoipa::path(put, path = "/v1/agent/threads/{thread_id}/tags/{tag_id}", tag = "agent")]
pub(crate) async fn put(
    State(api): State<Api>,
    agent: Agent,
    Path((id, tag_id)): Path<(ThreadId, Uuid)>,
) -> Result<NoContent, Problem> {
    let mut tx = api.pool.begin().await?;
    let thread = settable(&mut tx, &agent, id, tag_id).await?;
    let learn = [thread.group_id];
    let hearers = Hearers::of(Some(&learn));
    edit::add_tag(&mut tx, agent.organization_id, hearers, &[thread.contact_id], tag_id).await?;
    tx.commit().await?;
    Ok(NoContent)
}

/// Takes a tag from the contact, for the conversation's group; other groups keep theirs.
#[utoipa::path(delete, path = "/v1/agent/threads/{thread_id}/tags/{tag_id}", tag = "agent")]
pub(crate) async fn delete(
    State(api): State<Api>,
    agent: Agent,
    Path((id, tag_id)): Path<(ThreadId, Uuid)>,
) -> Result<NoContent, Problem> {
    let mut tx = api.pool.begin().await?;
    let thread = settable(&mut tx, &agent, id, tag_id).await?;
    let learn = [thread.group_id];
    let hearers = Hearers::of(Some(&learn));
    edit::remove_tag(&mut tx, agent.organization_id, hearers, &[thread.contact_id], tag_id).await?;
    tx.commit().await?;
    Ok(NoContent)
}
