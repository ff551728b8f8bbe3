//! Conversations as answers tell them.

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{ContactId, GoalId, GroupId, MemberId, MessageId, ThreadId},
    sending::message::{MessageKind, MessageState},
};
use muster_storage::conversations::threads::{Reader, Thread, ThreadMessage};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{auth::Admin, list::Item, shapes};

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

impl Item for ThreadBody {
    type Id = ThreadId;

    const PAGE: &'static str = "ThreadPage";
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

/// Group admins are told the conversation's group's knowledge of contacts (rule A5).
pub(crate) fn reader(admin: &Admin) -> Reader {
    if admin.groups().is_some() { Reader::Group } else { Reader::Organization }
}
