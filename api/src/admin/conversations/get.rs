//! `GET /v1/organizations/{organization_id}/conversations/{thread_id}`: review (rule W7). Reading
//! here marks nothing read.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::ThreadId;
use muster_storage::conversations::threads;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    admin::conversations::body::{MessageBody, ThreadBody, body, message, reader},
    auth::Admin,
    extract::Path,
    problem::Problem,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct Conversation {
    thread: ThreadBody,
    /// The last 200 texts, oldest first.
    messages: Vec<MessageBody>,
}

/// Reads a conversation.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/conversations/{thread_id}", tag = "conversations")]
pub(crate) async fn get(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ThreadId)>,
) -> Result<Answer<Conversation>, Problem> {
    let found = threads::get(&api.pool, admin.organization_id, reader(&admin), id).await?;
    let thread =
        found.filter(|thread| admin.group(thread.group_id).is_ok()).ok_or_else(|| Problem::no("conversation"))?;
    let messages = threads::messages(&api.pool, id, 200).await?.into_iter().map(message).collect();
    Ok(Answer(Conversation { thread: body(thread), messages }))
}
