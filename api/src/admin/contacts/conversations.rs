//! `/v1/organizations/{organization_id}/conversations`: review (rule W7). Reading here marks
//! nothing read.

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{ContactId, GoalId, GroupId, MemberId, MessageId, ThreadId},
    sending::message::{MessageKind, MessageState},
    tenancy::role::Role,
};
use muster_storage::{
    conversations::threads::{self, Reader, Thread, ThreadMessage},
    tenancy::groups,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    auth::Admin,
    bounds,
    extract::{Path, Query, page_limit},
    problem::Problem,
    shapes,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct ThreadBody {
    #[schema(value_type = Uuid)]
    pub(crate) id: ThreadId,
    #[schema(value_type = Uuid)]
    group_id: GroupId,
    #[schema(value_type = Uuid)]
    contact_id: ContactId,
    first_name: String,
    last_name: String,
    /// The goal that last texted here.
    #[schema(value_type = Option<Uuid>)]
    goal_id: Option<GoalId>,
    /// The agent with the claim on it.
    #[schema(value_type = Option<Uuid>)]
    held_by: Option<MemberId>,
    held_until: Option<DateTime<Utc>>,
    /// Since when the contact waits for an answer.
    unread_since: Option<DateTime<Utc>>,
    opted_out: bool,
}

pub(crate) fn body(thread: Thread) -> ThreadBody {
    let Thread {
        id,
        group_id,
        contact_id,
        first_name,
        last_name,
        goal_id,
        held_by,
        held_until,
        unread_since,
        opted_out,
    } = thread;
    ThreadBody {
        id,
        group_id,
        contact_id,
        first_name,
        last_name,
        goal_id,
        held_by,
        held_until,
        unread_since,
        opted_out,
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct MessageBody {
    #[schema(value_type = Uuid)]
    id: MessageId,
    /// `initial`, `reminder`, `reply`, `opt_out_confirmation`, `help`, or `inbound` for the
    /// contact's.
    #[schema(value_type = shapes::MessageKind)]
    kind: MessageKind,
    /// `queued`, `held`, `sending`, `unknown`, `sent`, `delivered`, `undelivered`, `failed`,
    /// `cancelled`, or `received`.
    #[schema(value_type = shapes::MessageState)]
    state: MessageState,
    body: String,
    /// Pictures and the like that came with it; null when there are none.
    media: Option<MediaBody>,
    /// The channel that it came by, such as `whatsapp`; null for plain texts.
    channel: Option<String>,
    created_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct MediaBody {
    /// How many.
    count: usize,
    /// Of each, such as `image/jpeg`.
    content_types: Vec<String>,
}

pub(crate) fn message(message: ThreadMessage) -> MessageBody {
    let ThreadMessage { id, kind, state, body, media, channel, created_at } = message;
    let media = (!media.is_empty()).then_some(MediaBody { count: media.len(), content_types: media });
    MessageBody { id, kind, state, body, media, channel, created_at }
}

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

/// Group admins are told the conversation's group's knowledge of contacts (rule A5).
fn reader(admin: &Admin) -> Reader {
    if admin.groups().is_some() { Reader::Group } else { Reader::Organization }
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
    let found =
        threads::page(&api.pool, admin.organization_id, reader(&admin), None, Some(id), false, None, 1).await?.pop();
    let thread =
        found.filter(|thread| admin.group(thread.group_id).is_ok()).ok_or_else(|| Problem::no("conversation"))?;
    let messages = threads::messages(&api.pool, id, 200).await?.into_iter().map(message).collect();
    Ok(Answer(Conversation { thread: body(thread), messages }))
}
