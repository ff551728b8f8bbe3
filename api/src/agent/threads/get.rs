//! `GET /v1/agent/threads/{thread_id}`: one of the agent's own conversations (rule W9).

use axum::{Json as Answer, extract::State};
use muster_domain::ids::{MessageId, ThreadId};
use muster_storage::{
    conversations::threads::{self, Reader},
    people::contacts,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    admin::conversations::body::{MessageBody, READ_TEXTS, ThreadBody, body, earlier, message},
    agent::threads::body::{AgentContact, contact},
    auth::Agent,
    extract::{Path, Query},
    problem::Problem,
    state::Api,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Before {
    /// Only texts before this one: the `earlier` of the answer before.
    #[param(value_type = Option<uuid::Uuid>)]
    before: Option<MessageId>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct OwnConversation {
    thread: ThreadBody,
    contact: AgentContact,
    /// The last 200 texts, oldest first.
    messages: Vec<MessageBody>,
    /// For `before`, where there may be earlier texts; else null.
    #[schema(value_type = Option<uuid::Uuid>)]
    earlier: Option<MessageId>,
}

/// Reads one of the agent's own conversations, at any status of its goal. Reading marks
/// nothing read.
#[utoipa::path(get, path = "/v1/agent/threads/{thread_id}", tag = "agent")]
pub(crate) async fn get(
    State(api): State<Api>,
    agent: Agent,
    Path(id): Path<ThreadId>,
    Query(Before { before }): Query<Before>,
) -> Result<Answer<OwnConversation>, Problem> {
    let no_thread = || Problem::no("thread");
    let mut tx = api.pool.begin().await?;
    let present = threads::at_present(&mut tx, agent.organization_id, id).await?.ok_or_else(no_thread)?;
    agent.group(present.group_id).map_err(|_| no_thread())?;
    if !present.thread.is_read_by(agent.member.id, present.now) {
        return Err(no_thread());
    }
    let readers = [present.group_id];
    let known = contacts::get(&mut tx, agent.organization_id, Some(&readers), present.contact_id).await?;
    tx.commit().await?;
    let thread = threads::get(&api.pool, agent.organization_id, Reader::Group, id).await?.ok_or_else(no_thread)?;
    let texts = threads::messages(&api.pool, id, before, READ_TEXTS).await?;
    Ok(Answer(OwnConversation {
        thread: body(thread),
        contact: contact(known.ok_or_else(no_thread)?),
        earlier: earlier(&texts),
        messages: texts.into_iter().map(message).collect(),
    }))
}
