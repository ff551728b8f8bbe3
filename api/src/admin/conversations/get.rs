//! `GET /v1/organizations/{organization_id}/conversations/{thread_id}`: review (rule W7). Reading
//! here marks nothing read.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::{MessageId, ThreadId};
use muster_storage::conversations::threads;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    admin::conversations::body::{MessageBody, READ_TEXTS, ThreadBody, body, earlier, message, reader},
    auth::Admin,
    extract::{Path, Query},
    problem::Problem,
    state::Api,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Before {
    /// Only texts before this one: the `earlier` of the answer before.
    #[param(value_type = Option<Uuid>)]
    before: Option<MessageId>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Conversation {
    thread: ThreadBody,
    /// The last 200 texts, oldest first.
    messages: Vec<MessageBody>,
    /// For `before`, where there may be earlier texts; else null.
    #[schema(value_type = Option<Uuid>)]
    earlier: Option<MessageId>,
}

/// Reads a conversation.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/conversations/{thread_id}", tag = "conversations")]
pub(crate) async fn get(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ThreadId)>,
    Query(Before { before }): Query<Before>,
) -> Result<Answer<Conversation>, Problem> {
    let found = threads::get(&api.pool, admin.organization_id, reader(&admin), id).await?;
    let thread =
        found.filter(|thread| admin.group(thread.group_id).is_ok()).ok_or_else(|| Problem::no("conversation"))?;
    let texts = threads::messages(&api.pool, id, before, READ_TEXTS).await?;
    let earlier = earlier(&texts);
    Ok(Answer(Conversation { thread: body(thread), messages: texts.into_iter().map(message).collect(), earlier }))
}
