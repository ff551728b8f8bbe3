//! Messages come into being here, before any carrier hears of them (rules S1 and B7).

use muster_domain::{
    conversations::thread::RecentReplies,
    goals::batch::BatchKind,
    ids::{ContactId, GoalId, GroupId, JobId, MemberId, MessageId, OrganizationId, ThreadId},
    people::e164::E164,
    sending::{message::MessageKind, segments::Segments},
};
use muster_jobs::kinds;
use serde_json::Value;

use crate::{
    Result, Tx,
    engine::enqueue::{JobOrder, Origin, enqueue_all},
    goals::batches::Lease,
};

/// Common parts of one request's messages.
#[derive(Debug, Clone, Copy)]
pub struct Batch {
    /// The tenant.
    pub organization_id: OrganizationId,
    /// The group.
    pub group_id: GroupId,
    /// The goal that they belong to.
    pub goal_id: Option<GoalId>,
    /// The agent that sends them; none for the engine's own answers.
    pub agent_id: Option<MemberId>,
    /// Why they exist.
    pub kind: MessageKind,
}

/// A message to be made.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Its identity, and its idempotency reference towards the carrier.
    pub id: MessageId,
    /// Recipient.
    pub contact_id: ContactId,
    /// In which thread.
    pub thread_id: ThreadId,
    /// The rendered text.
    pub body: String,
    /// Its count.
    pub segments: Segments,
}

/// Takes contacts of a leased batch for one initial or reminder each, and returns the ones that
/// were still free: a contact gets at most one of each in a goal, because the row of the target
/// holds the one message (rules B7 and W6).
pub async fn take_targets(tx: &mut Tx, lease: &Lease, wanted: &[(ContactId, MessageId)]) -> Result<Vec<ContactId>> {
    let contacts: Vec<_> = wanted.iter().map(|(contact, _)| contact.0).collect();
    let messages: Vec<_> = wanted.iter().map(|(_, message)| message.0).collect();
    let taken = match lease.kind {
        BatchKind::Initial => {
            sqlx::query_scalar!(
                "update target t set initial_message_id = w.message_id
                 from unnest($3::uuid[], $4::uuid[]) as w (contact_id, message_id)
                 where t.goal_id = $1 and t.contact_id = w.contact_id and t.batch_id = $2
                   and t.initial_message_id is null and t.skipped_at is null
                 returning t.contact_id",
                lease.goal_id.0,
                lease.batch_id.0,
                &contacts,
                &messages,
            )
            .fetch_all(tx.conn())
            .await?
        }
        BatchKind::Reminder => {
            sqlx::query_scalar!(
                "update target t set reminder_message_id = w.message_id
                 from unnest($3::uuid[], $4::uuid[]) as w (contact_id, message_id)
                 where t.goal_id = $1 and t.contact_id = w.contact_id and t.reminder_batch_id = $2
                   and t.reminder_message_id is null and t.skipped_at is null
                 returning t.contact_id",
                lease.goal_id.0,
                lease.batch_id.0,
                &contacts,
                &messages,
            )
            .fetch_all(tx.conn())
            .await?
        }
    };
    Ok(taken.into_iter().map(ContactId).collect())
}

/// Makes messages and the jobs that will hand them over, at most [`kinds::Send::MAX_MESSAGES`] a
/// job.
pub async fn queue(tx: &mut Tx, batch: Batch, new: &[NewMessage], origin: &Origin) -> Result<()> {
    make(tx, batch, new, false, origin).await
}

/// Makes an initial that its agent has edited, and the job that will hand it over (rule W9).
pub async fn queue_edited(tx: &mut Tx, batch: Batch, new: &NewMessage, origin: &Origin) -> Result<()> {
    make(tx, batch, std::slice::from_ref(new), true, origin).await
}

async fn make(tx: &mut Tx, batch: Batch, new: &[NewMessage], edited: bool, origin: &Origin) -> Result<()> {
    let jobs: Vec<JobId> = new.chunks(kinds::Send::MAX_MESSAGES).map(|_| JobId::new()).collect();
    let job_of = |index: usize| jobs[index / kinds::Send::MAX_MESSAGES].0;
    let column = |index: usize, message: &NewMessage| {
        (message.id.0, message.contact_id.0, message.thread_id.0, message.body.clone(), message.segments, job_of(index))
    };
    let rows: Vec<_> = new.iter().enumerate().map(|(index, message)| column(index, message)).collect();
    sqlx::query!(
        "insert into message (id, organization_id, group_id, goal_id, agent_id, kind, state, contact_id, thread_id, body, encoding,
             segments, send_job_id, traceparent, edited)
         select n.id, $1, $2, $3, $4, $5, 'queued', n.contact_id, n.thread_id, n.body, n.encoding, n.segments, n.job_id, $6, $14
         from unnest($7::uuid[], $8::uuid[], $9::uuid[], $10::text[], $11::text[], $12::int[], $13::uuid[])
             as n (id, contact_id, thread_id, body, encoding, segments, job_id)",
        batch.organization_id.0,
        batch.group_id.0,
        batch.goal_id.map(|id| id.0),
        batch.agent_id.map(|id| id.0),
        batch.kind.as_str(),
        origin.traceparent,
        &rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.1).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.2).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.3.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.4.encoding.as_str().to_owned()).collect::<Vec<_>>(),
        &rows.iter().map(|row| i32::try_from(row.4.segments).unwrap_or(i32::MAX)).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.5).collect::<Vec<_>>(),
        edited,
    )
    .execute(tx.conn())
    .await?;
    let payload = kinds::Send {};
    let jobs: Vec<_> = jobs.into_iter().map(|id| (id, &payload)).collect();
    // In a conversation somebody waits for the answer.
    let line = match batch.kind {
        MessageKind::Initial | MessageKind::Reminder => JobOrder::Ordinary,
        MessageKind::Reply
        | MessageKind::OptOutConfirmation
        | MessageKind::Help
        | MessageKind::Test
        | MessageKind::Inbound => JobOrder::Urgent,
    };
    enqueue_all(tx, &jobs, line, origin).await
}

/// A contact's text.
#[derive(Debug, Clone)]
pub struct Received {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The group.
    pub group_id: GroupId,
    /// The goal that its conversation is about.
    pub goal_id: Option<GoalId>,
    /// The words, the contact and the conversation.
    pub text: NewMessage,
    /// The carrier's id.
    pub carrier_sid: String,
    /// Pictures and the like, as a list of `{content_type, url}`; none when there are none.
    pub media: Option<Value>,
    /// The channel, where it is not plain texts.
    pub channel: Option<String>,
}

/// Records texts from contacts.
pub async fn receive(tx: &mut Tx, texts: &[Received]) -> Result<()> {
    sqlx::query!(
        "insert into message (id, organization_id, group_id, goal_id, contact_id, thread_id, kind, state, body, encoding, segments,
             carrier_sid, media, channel)
         select r.id, r.organization_id, r.group_id, r.goal_id, r.contact_id, r.thread_id, 'inbound', 'received', r.body,
             r.encoding, r.segments, r.carrier_sid, r.media, r.channel
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::int[],
                 $10::text[], $11::jsonb[], $12::text[])
             as r (id, organization_id, group_id, goal_id, contact_id, thread_id, body, encoding, segments, carrier_sid, media,
                 channel)",
        &column(texts, |received| received.text.id.0),
        &column(texts, |received| received.organization_id.0),
        &column(texts, |received| received.group_id.0),
        &column(texts, |received| received.goal_id.map(|id| id.0)) as &[Option<uuid::Uuid>],
        &column(texts, |received| received.text.contact_id.0),
        &column(texts, |received| received.text.thread_id.0),
        &column(texts, |received| received.text.body.clone()),
        &column(texts, |received| received.text.segments.encoding.as_str().to_owned()),
        &column(texts, |received| i32::try_from(received.text.segments.segments).unwrap_or(i32::MAX)),
        &column(texts, |received| received.carrier_sid.clone()),
        &column(texts, |received| received.media.clone()) as &[Option<Value>],
        &column(texts, |received| received.channel.clone()) as &[Option<String>],
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Returns one part of each text.
fn column<T>(texts: &[Received], part: impl Fn(&Received) -> T) -> Vec<T> {
    texts.iter().map(part).collect()
}

/// Returns the replies of agents in a thread within the last hour.
pub async fn replies_in_an_hour(tx: &mut Tx, thread_id: ThreadId) -> Result<RecentReplies> {
    Ok(sqlx::query_as!(
        RecentReplies,
        r#"select count(*) as "replies!", min(created_at) as oldest from message
           where thread_id = $1 and kind = 'reply' and created_at > clock_timestamp() - interval '1 hour'"#,
        thread_id.0,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Returns the number that an agent texts from in a group (rule A3).
pub async fn sender_of(tx: &mut Tx, group_id: GroupId, agent_id: MemberId) -> Result<Option<E164>> {
    let number = sqlx::query_scalar!(
        "select e164 from sender_number where group_id = $1 and agent_id = $2",
        group_id.0,
        agent_id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(number.as_deref().map(E164::parse).transpose()?)
}
