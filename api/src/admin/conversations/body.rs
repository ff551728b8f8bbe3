//! Conversations as answers tell them.

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{ContactId, GoalId, GroupId, MemberId, MessageId, ThreadId},
    sending::{
        message::{MessageKind, MessageState},
        segments::Encoding,
    },
};
use muster_storage::conversations::threads::{Media, Reader, Thread, ThreadMessage};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{admin::conversations::failure, auth::Admin, list::Item, shapes};

/// Texts of one look at a conversation.
pub(crate) const READ_TEXTS: i64 = 200;

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
    /// The agent that last texted here.
    #[schema(value_type = Option<Uuid>)]
    agent_id: Option<MemberId>,
    /// The contact's agent in the group.
    #[schema(value_type = Option<Uuid>)]
    assigned_agent_id: Option<MemberId>,
    /// The agent with the claim on it.
    #[schema(value_type = Option<Uuid>)]
    held_by: Option<MemberId>,
    held_until: Option<DateTime<Utc>>,
    /// Since when the contact waits for an answer.
    unread_since: Option<DateTime<Utc>>,
    /// When its last text was made or received.
    last_message_at: DateTime<Utc>,
    opted_out: bool,
    /// The contact is deactivated in the group.
    deactivated: bool,
}

impl Item for ThreadBody {
    /// A place by recency.
    type Id = Uuid;

    const PAGE: &'static str = "ThreadPage";
}

pub(crate) fn body(thread: Thread) -> ThreadBody {
    ThreadBody {
        id: thread.id,
        group_id: thread.group_id,
        contact_id: thread.contact_id,
        first_name: thread.first_name,
        last_name: thread.last_name,
        goal_id: thread.goal_id,
        agent_id: thread.agent_id,
        assigned_agent_id: thread.assigned_agent_id,
        held_by: thread.held_by,
        held_until: thread.held_until,
        unread_since: thread.unread_since,
        last_message_at: thread.last_message_at,
        opted_out: thread.opted_out,
        deactivated: thread.deactivated,
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
    /// Why it waits or did not arrive, in plain words; null for a text that goes its way.
    failure: Option<String>,
    /// Until when it waits, where that is known.
    held_until: Option<DateTime<Utc>>,
    /// The carrier's code of its failure.
    error_code: Option<i32>,
    /// The goal that it belongs to.
    #[schema(value_type = Option<Uuid>)]
    goal_id: Option<GoalId>,
    /// The agent that wrote it; null for the contact's texts and the engine's.
    #[schema(value_type = Option<Uuid>)]
    agent_id: Option<MemberId>,
    body: String,
    #[schema(value_type = shapes::TextEncoding)]
    encoding: Encoding,
    /// Parts that the carrier bills.
    segments: i32,
    /// An initial that its agent has edited.
    edited: bool,
    /// Pictures and the like that came with it; null when there are none.
    media: Option<MediaBody>,
    /// The channel that it came by, such as `whatsapp`; null for plain texts.
    channel: Option<String>,
    created_at: DateTime<Utc>,
    /// When the carrier took it.
    sent_at: Option<DateTime<Utc>>,
    /// When the handset had it.
    delivered_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct MediaBody {
    /// How many.
    count: usize,
    /// Of each, such as `image/jpeg`.
    content_types: Vec<Option<String>>,
    /// Of each its address at the carrier; null once redacted.
    urls: Vec<Option<String>>,
}

fn media(media: Vec<Media>) -> Option<MediaBody> {
    let count = media.len();
    let (content_types, urls) = media.into_iter().map(|one| (one.content_type, one.url)).unzip();
    (count > 0).then_some(MediaBody { count, content_types, urls })
}

pub(crate) fn message(message: ThreadMessage) -> MessageBody {
    MessageBody {
        failure: failure::in_words(&message),
        id: message.id,
        kind: message.kind,
        state: message.state,
        held_until: message.held_until,
        error_code: message.error_code,
        goal_id: message.goal_id,
        agent_id: message.agent_id,
        body: message.body,
        edited: message.edited,
        encoding: message.encoding,
        segments: message.segments,
        media: media(message.media),
        channel: message.channel,
        created_at: message.created_at,
        sent_at: message.sent_at,
        delivered_at: message.delivered_at,
    }
}

/// Returns the place before a full look at a conversation's texts.
pub(crate) fn earlier(texts: &[ThreadMessage]) -> Option<MessageId> {
    texts.first().filter(|_| i64::try_from(texts.len()) == Ok(READ_TEXTS)).map(|first| first.id)
}

/// Group admins are told the conversation's group's knowledge of contacts (rule A5).
pub(crate) fn reader(admin: &Admin) -> Reader {
    if admin.groups().is_some() { Reader::Group } else { Reader::Organization }
}
