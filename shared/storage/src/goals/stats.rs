//! Live figures of goals and campaigns (rule G12).

use std::collections::BTreeMap;

use muster_domain::{
    goals::answer::Answer,
    ids::GoalId,
    sending::message::{MessageKind, MessageState},
};

use crate::{Pool, Result, Tx, db::error::read_word};

/// Figures of the targets and messages of some goals.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// Contacts targeted.
    pub targeted: i64,
    /// Targets that are in a batch.
    pub batched: i64,
    /// Batches by state.
    pub batches: BTreeMap<String, i64>,
    /// Targets with an initial that was handed to the carrier (rule T1).
    pub messaged: i64,
    /// Targets that will get no initial: skipped by an agent, or by a rule that forbade it. The
    /// reasons are in `skip_reasons`.
    pub skipped: i64,
    /// Why targets were skipped.
    pub skip_reasons: BTreeMap<String, i64>,
    /// Targets that wrote back.
    pub replied: i64,
    /// Answers: yes, no, maybe.
    pub answers: BTreeMap<String, i64>,
    /// Targets that opted out in these goals.
    pub opted_out: i64,
    /// Reminders that were handed to the carrier.
    pub reminded: i64,
    /// Outbound messages by kind and state, as `kind.state`.
    pub messages: BTreeMap<String, i64>,
    /// Held and cancelled messages by reason.
    pub reasons: BTreeMap<String, i64>,
    /// Messages that failed or were not delivered, by the carrier's code.
    pub errors: BTreeMap<String, i64>,
    /// Segments that the carrier has.
    pub segments: i64,
}

/// Which figures of messages in a state are told.
struct Shown {
    reason: bool,
    error: bool,
    segments: bool,
}

impl Shown {
    const fn of(state: MessageState) -> Self {
        let (reason, error, segments) = match state {
            MessageState::Held | MessageState::Cancelled => (true, false, false),
            MessageState::Failed => (false, true, false),
            MessageState::Undelivered => (false, true, true),
            MessageState::Sent | MessageState::Delivered => (false, false, true),
            MessageState::Queued | MessageState::Sending | MessageState::Unknown | MessageState::Received => {
                (false, false, false)
            }
        };
        Self { reason, error, segments }
    }
}

/// Returns the figures of these goals together.
pub async fn of(pool: &Pool, goals: &[GoalId]) -> Result<Stats> {
    let goals: Vec<_> = goals.iter().map(|id| id.0).collect();
    let mut stats = Stats::default();
    let targets = sqlx::query!(
        r#"select count(*) as "targeted!", count(batch_id) as "batched!",
                  count(*) filter (where skipped_at is not null and initial_message_id is null) as "skipped!", count(replied_at) as "replied!", count(opted_out_at) as "opted_out!",
                  count(*) filter (where answer = 'yes') as "yes!", count(*) filter (where answer = 'no') as "no!",
                  count(*) filter (where answer = 'maybe') as "maybe!"
           from target where goal_id = any($1)"#,
        &goals,
    )
    .fetch_one(&mut *pool.connection().await?)
    .await?;
    stats.targeted = targets.targeted;
    stats.batched = targets.batched;
    stats.skipped = targets.skipped;
    stats.replied = targets.replied;
    stats.opted_out = targets.opted_out;
    stats.answers = Answer::ALL
        .iter()
        .map(|answer| {
            let count = match answer {
                Answer::Yes => targets.yes,
                Answer::No => targets.no,
                Answer::Maybe => targets.maybe,
            };
            (answer.as_str().to_owned(), count)
        })
        .collect();
    let skipped = sqlx::query!(
        r#"select skip_reason as "reason!", count(*) as "targets!" from target
           where goal_id = any($1) and skipped_at is not null and initial_message_id is null and skip_reason is not null
           group by skip_reason"#,
        &goals
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    stats.skip_reasons = skipped.into_iter().map(|row| (row.reason, row.targets)).collect();
    let batches = sqlx::query!(
        r#"select kind || '.' || state as "state!", count(*) as "batches!" from batch where goal_id = any($1) group by 1"#,
        &goals
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    stats.batches = batches.into_iter().map(|row| (row.state, row.batches)).collect();
    let messages = sqlx::query!(
        r#"select kind, state, reason, error_code, count(*) as "messages!", sum(segments)::bigint as "segments!"
           from message where goal_id = any($1) and kind <> 'inbound' group by kind, state, reason, error_code"#,
        &goals,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    for row in messages {
        let state: MessageState = read_word("message", &row.state)?;
        if state.is_messaged() {
            // At most one initial and one reminder to each contact of a goal is ever handed over
            // (rules B7 and W6).
            match read_word("message", &row.kind)? {
                MessageKind::Initial => stats.messaged += row.messages,
                MessageKind::Reminder => stats.reminded += row.messages,
                MessageKind::Reply
                | MessageKind::OptOutConfirmation
                | MessageKind::Help
                | MessageKind::Test
                | MessageKind::Inbound => {}
            }
        }
        *stats.messages.entry(format!("{}.{}", row.kind, row.state)).or_default() += row.messages;
        let shown = Shown::of(state);
        if let (true, Some(reason)) = (shown.reason, row.reason) {
            *stats.reasons.entry(reason).or_default() += row.messages;
        }
        if let (true, Some(code)) = (shown.error, row.error_code) {
            *stats.errors.entry(code.to_string()).or_default() += row.messages;
        }
        if shown.segments {
            stats.segments += row.segments;
        }
    }
    Ok(stats)
}

/// Figures of one goal, as lists tell them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Contacts targeted.
    pub targeted: i64,
    /// Targets with an initial that was handed to the carrier (rule T1).
    pub messaged: i64,
    /// Initials that are queued or held.
    pub waiting: i64,
    /// Targets that will get no initial.
    pub skipped: i64,
    /// Targets that wrote back.
    pub replied: i64,
    /// Targets that said yes.
    pub yes: i64,
    /// Targets that said no.
    pub no: i64,
    /// Targets that said maybe.
    pub maybe: i64,
    /// Targets that opted out.
    pub opted_out: i64,
}

impl Figures {
    /// Returns both together.
    #[must_use]
    pub const fn and(self, other: &Self) -> Self {
        Self {
            targeted: self.targeted + other.targeted,
            messaged: self.messaged + other.messaged,
            waiting: self.waiting + other.waiting,
            skipped: self.skipped + other.skipped,
            replied: self.replied + other.replied,
            yes: self.yes + other.yes,
            no: self.no + other.no,
            maybe: self.maybe + other.maybe,
            opted_out: self.opted_out + other.opted_out,
        }
    }
}

/// Returns the figures of each of these goals; none for a goal without targets.
pub async fn figures(tx: &mut Tx, goals: &[GoalId]) -> Result<BTreeMap<GoalId, Figures>> {
    let goals: Vec<_> = goals.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select t.goal_id, count(*) as "targeted!", count(replied_at) as "replied!", count(opted_out_at) as "opted_out!",
                  count(*) filter (where skipped_at is not null and initial_message_id is null) as "skipped!",
                  count(*) filter (where answer = 'yes') as "yes!", count(*) filter (where answer = 'no') as "no!",
                  count(*) filter (where answer = 'maybe') as "maybe!"
           from target t where t.goal_id = any($1) group by t.goal_id"#,
        &goals,
    )
    .fetch_all(tx.conn())
    .await?;
    let mut figures: BTreeMap<_, _> = rows
        .into_iter()
        .map(|row| {
            let figures = Figures {
                targeted: row.targeted,
                skipped: row.skipped,
                replied: row.replied,
                yes: row.yes,
                no: row.no,
                maybe: row.maybe,
                opted_out: row.opted_out,
                ..Figures::default()
            };
            (GoalId(row.goal_id), figures)
        })
        .collect();
    let initials = sqlx::query!(
        r#"select goal_id as "goal_id!", state, count(*) as "messages!" from message
           where goal_id = any($1) and kind = 'initial' group by goal_id, state"#,
        &goals,
    )
    .fetch_all(tx.conn())
    .await?;
    for row in initials {
        let state: MessageState = read_word("message", &row.state)?;
        let of = figures.entry(GoalId(row.goal_id)).or_default();
        match state {
            MessageState::Queued | MessageState::Held => of.waiting += row.messages,
            state if state.is_messaged() => of.messaged += row.messages,
            _ => {}
        }
    }
    Ok(figures)
}
