//! Conversations as lists and readers see them, the latest first (rules W7 and W9).
//!
//! A list looks at so many conversations of its source at a time, the latest first, and at their
//! contacts and texts for the rest of its filters. A page ends when it is full, or when it has
//! looked at [`LOOKED_AT`]: then it may have few items or none, and its cursor goes on behind them.
//! So a search costs a bounded amount, needs no index of words that sending would have to keep, and
//! finds nothing in texts that are redacted.

use chrono::{DateTime, Utc};
use muster_domain::{
    conversations::thread::ThreadProgress,
    ids::{ContactId, GoalId, GroupId, MemberId, MessageId, OrganizationId, ThreadId},
    people::e164::E164,
    sending::{
        MessageReason,
        message::{MessageKind, MessageState},
        segments::Encoding,
    },
};
use uuid::Uuid;

use crate::{Page, Pool, Result, db::error::read_word};

/// Conversations that one page looks at, at most.
pub const LOOKED_AT: i64 = 1_000;

/// A thread as it is told.
#[derive(Debug, Clone)]
pub struct Thread {
    /// The thread.
    pub id: ThreadId,
    /// Its group.
    pub group_id: GroupId,
    /// Its contact.
    pub contact_id: ContactId,
    /// The contact's given name.
    pub first_name: String,
    /// The contact's family name.
    pub last_name: String,
    /// The goal that last texted here.
    pub goal_id: Option<GoalId>,
    /// The agent that last texted here.
    pub agent_id: Option<MemberId>,
    /// The contact's agent in the group.
    pub assigned_agent_id: Option<MemberId>,
    /// Its holder.
    pub held_by: Option<MemberId>,
    /// Until when.
    pub held_until: Option<DateTime<Utc>>,
    /// Since when the contact waits for an answer.
    pub unread_since: Option<DateTime<Utc>>,
    /// When its last text was made or received.
    pub last_message_at: DateTime<Utc>,
    /// The contact has opted out.
    pub opted_out: bool,
    /// The contact is deactivated in the group.
    pub deactivated: bool,
}

/// One text of a thread.
#[derive(Debug, Clone)]
pub struct ThreadMessage {
    /// The message.
    pub id: MessageId,
    /// Its kind; `Inbound` for the contact's.
    pub kind: MessageKind,
    /// Its state.
    pub state: MessageState,
    /// Why it waits or will not go.
    pub reason: Option<MessageReason>,
    /// Until when it waits.
    pub held_until: Option<DateTime<Utc>>,
    /// The carrier's code of its failure.
    pub error_code: Option<i32>,
    /// The goal that it belongs to.
    pub goal_id: Option<GoalId>,
    /// The agent that wrote it; none for the contact's and the engine's.
    pub agent_id: Option<MemberId>,
    /// The text.
    pub body: String,
    /// An initial that its agent has edited (rule W9).
    pub edited: bool,
    /// How it travels.
    pub encoding: Encoding,
    /// Parts that the carrier bills.
    pub segments: i32,
    /// Pictures and the like that came with it.
    pub media: Vec<Media>,
    /// The channel that it came by, where it is not plain texts.
    pub channel: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When the carrier took it.
    pub sent_at: Option<DateTime<Utc>>,
    /// When the handset had it.
    pub delivered_at: Option<DateTime<Utc>>,
}

/// A picture or the like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// Its type, such as `image/jpeg`.
    pub content_type: Option<String>,
    /// Its address at the carrier; none once redacted.
    pub url: Option<String>,
}

/// How much of the contacts is told with their threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// All that the organization has.
    Organization,
    /// The knowledge of the thread's group (rule A5).
    Group,
}

/// Conversations that a list is about.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// All of the organization.
    Organization,
    /// Of these groups.
    Groups(&'a [GroupId]),
    /// Of an agent in these groups, as `domain::conversations::thread::Thread::is_read_by` says.
    Agent(MemberId, &'a [GroupId]),
    /// Of the contact with this number.
    Contact(&'a E164),
}

/// Conversations that a list has; each member narrows it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    /// In these groups.
    pub groups: Option<&'a [GroupId]>,
    /// So far.
    pub progress: ThreadProgress,
    /// Of an agent: held, texted last, or with their contact.
    pub agent_id: Option<MemberId>,
    /// With a text of this goal.
    pub goal_id: Option<GoalId>,
    /// With a contact with this tag.
    pub tag: Option<&'a str>,
    /// With all of these words in the contact's name or in one text. They are in small letters.
    pub words: &'a [String],
    /// Or else, where there are words, with these digits in the contact's number.
    pub digits: Option<&'a str>,
    /// Without those with an opt-out, which are hidden from agents (rule I3).
    pub open_alone: bool,
}

/// A page of a list by recency.
#[derive(Debug, Clone)]
pub struct Recent {
    /// Its conversations, the latest first.
    pub threads: Vec<Thread>,
    /// The cursor of the next page; none on the last.
    pub next: Option<Uuid>,
}

/// Returns a thread of this organization.
pub async fn get(pool: &Pool, organization_id: OrganizationId, reader: Reader, id: ThreadId) -> Result<Option<Thread>> {
    Ok(read(pool, organization_id, reader, &[id.0], &Filter::default(), 1).await?.pop().map(|(_, thread)| thread))
}

/// Returns a page of an organization's conversations by recency, the latest first.
pub async fn page(
    pool: &Pool,
    organization_id: OrganizationId,
    reader: Reader,
    source: Source<'_>,
    filter: &Filter<'_>,
    page: Page<Uuid>,
) -> Result<Recent> {
    let looked_at = look(pool, organization_id, source, filter, page.after).await?;
    let ids: Vec<_> = looked_at.iter().map(|place| place.id).collect();
    let found = read(pool, organization_id, reader, &ids, filter, page.limit).await?;
    let full = i64::try_from(found.len()) == Ok(page.limit);
    // By the places as they were looked at: a conversation may have got a text since.
    let place_of = |id: ThreadId| looked_at.iter().find(|place| place.id == id.0).map(|place| place.recency);
    let next = if full {
        found.last().and_then(|(_, thread)| place_of(thread.id))
    } else if i64::try_from(looked_at.len()) == Ok(LOOKED_AT) {
        looked_at.last().map(|place| place.recency)
    } else {
        None
    };
    Ok(Recent { threads: found.into_iter().map(|(_, thread)| thread).collect(), next })
}

/// A conversation's place by recency.
struct Place {
    id: Uuid,
    recency: Uuid,
}

/// Returns the latest conversations of a source behind a place, the latest first.
async fn look(
    pool: &Pool,
    organization_id: OrganizationId,
    source: Source<'_>,
    filter: &Filter<'_>,
    after: Option<Uuid>,
) -> Result<Vec<Place>> {
    let ids = |groups: &[GroupId]| groups.iter().map(|id| id.0).collect::<Vec<_>>();
    let progress = filter.progress.as_str();
    let mut connection = pool.connection().await?;
    let places = match source {
        Source::Organization if filter.progress == ThreadProgress::Unresponded => {
            sqlx::query_as!(
                Place,
                "select t.id, t.recency from contact_group g join thread t on t.group_id = g.id
                 where g.organization_id = $1 and t.unread_since is not null and ($2::uuid is null or t.recency < $2)
                 order by t.recency desc limit $3",
                organization_id.0,
                after,
                LOOKED_AT,
            )
            .fetch_all(&mut *connection)
            .await?
        }
        Source::Organization => {
            sqlx::query_as!(
                Place,
                "select id, recency from thread where organization_id = $1 and ($2::uuid is null or recency < $2)
                 order by recency desc limit $3",
                organization_id.0,
                after,
                LOOKED_AT,
            )
            .fetch_all(&mut *connection)
            .await?
        }
        Source::Groups(groups) => {
            sqlx::query_file_as!(
                Place,
                "src/conversations/threads/of_groups.sql",
                organization_id.0,
                &ids(groups),
                after,
                LOOKED_AT,
                progress
            )
            .fetch_all(&mut *connection)
            .await?
        }
        Source::Agent(agent_id, groups) => {
            sqlx::query_file_as!(
                Place,
                "src/conversations/threads/of_agent.sql",
                organization_id.0,
                &ids(groups),
                agent_id.0,
                after,
                LOOKED_AT,
                progress
            )
            .fetch_all(&mut *connection)
            .await?
        }
        Source::Contact(phone) => {
            sqlx::query_as!(
                Place,
                "select t.id, t.recency from contact c join thread t on t.contact_id = c.id
                 where c.organization_id = $1 and c.e164 = $2 and ($3::uuid is null or t.recency < $3)
                 order by t.recency desc limit $4",
                organization_id.0,
                phone.as_str(),
                after,
                LOOKED_AT,
            )
            .fetch_all(&mut *connection)
            .await?
        }
    };
    Ok(places)
}

/// Returns those of these threads that a filter leaves, the latest first, with their places.
async fn read(
    pool: &Pool,
    organization_id: OrganizationId,
    reader: Reader,
    ids: &[Uuid],
    filter: &Filter<'_>,
    limit: i64,
) -> Result<Vec<(Uuid, Thread)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let groups: Option<Vec<_>> = filter.groups.map(|groups| groups.iter().map(|id| id.0).collect());
    let rows = sqlx::query_file!(
        "src/conversations/threads/told.sql",
        organization_id.0,
        ids,
        reader == Reader::Group,
        groups.as_deref(),
        filter.progress.as_str(),
        filter.agent_id.map(|id| id.0),
        filter.goal_id.map(|id| id.0),
        filter.tag,
        filter.words,
        filter.open_alone,
        limit,
        filter.digits,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let thread = Thread {
                id: ThreadId(row.id),
                group_id: GroupId(row.group_id),
                contact_id: ContactId(row.contact_id),
                first_name: row.first_name,
                last_name: row.last_name,
                goal_id: row.goal_id.map(GoalId),
                agent_id: row.agent_id.map(MemberId),
                assigned_agent_id: row.assigned_agent_id.map(MemberId),
                held_by: row.held_by.map(MemberId),
                held_until: row.held_until,
                unread_since: row.unread_since,
                last_message_at: row.last_message_at,
                opted_out: row.opted_out,
                deactivated: row.deactivated,
            };
            (row.recency, thread)
        })
        .collect())
}

/// Returns texts of a thread, oldest first: the last ones, or the last ones before one of them.
pub async fn messages(pool: &Pool, id: ThreadId, before: Option<MessageId>, limit: i64) -> Result<Vec<ThreadMessage>> {
    let rows = sqlx::query!(
        r#"select id as "id!", kind as "kind!", state as "state!", reason, held_until, error_code, goal_id, agent_id,
               body as "body!", edited as "edited!", encoding as "encoding!", segments as "segments!", channel, created_at as "created_at!",
               sent_at, delivered_at,
               array(select one.value ->> 'content_type' from jsonb_array_elements(last.media) one) as "types!: Vec<Option<String>>",
               array(select one.value ->> 'url' from jsonb_array_elements(last.media) one) as "urls!: Vec<Option<String>>"
           from (
               select * from message where thread_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3
           ) last order by id"#,
        id.0,
        before.map(|id| id.0),
        limit,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    rows.into_iter()
        .map(|row| {
            let media = row.types.into_iter().zip(row.urls);
            Ok(ThreadMessage {
                id: MessageId(row.id),
                kind: read_word("message", &row.kind)?,
                state: read_word("message", &row.state)?,
                reason: row.reason.as_deref().and_then(MessageReason::parse),
                held_until: row.held_until,
                error_code: row.error_code,
                goal_id: row.goal_id.map(GoalId),
                agent_id: row.agent_id.map(MemberId),
                body: row.body,
                edited: row.edited,
                encoding: read_word("message", &row.encoding)?,
                segments: row.segments,
                media: media.map(|(content_type, url)| Media { content_type, url }).collect(),
                channel: row.channel,
                created_at: row.created_at,
                sent_at: row.sent_at,
                delivered_at: row.delivered_at,
            })
        })
        .collect()
}
