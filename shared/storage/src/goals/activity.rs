//! A goal's texts hour by hour and agent by agent (rule G12).

use chrono::{DateTime, Utc};
use muster_domain::ids::{GoalId, MemberId};

use crate::{Pool, Result};

/// Hours that an answer has at most: those of the longest window, and a day for its last texts.
const MOST_HOURS: i64 = 32 * 24;

/// Agents that an answer has at most.
const MOST_AGENTS: i64 = 500;

/// Initials and reminders that the carrier took in an hour, and their outcomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hour {
    /// When it began.
    pub at: DateTime<Utc>,
    /// Texts that the carrier took.
    pub sent: i64,
    /// Of these, texts that arrived.
    pub delivered: i64,
    /// Of these, texts that did not.
    pub failed: i64,
    /// Segments of them all.
    pub segments: i64,
}

/// An agent's texts in a goal, and their contacts' answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentShare {
    /// The agent.
    pub member_id: MemberId,
    /// Their first name.
    pub first_name: String,
    /// Their last name.
    pub last_name: String,
    /// Contacts with an initial of theirs that was handed to the carrier.
    pub messaged: i64,
    /// Of these, contacts with an initial that arrived.
    pub delivered: i64,
    /// Of these, contacts that wrote back.
    pub replied: i64,
    /// Of these, contacts that said yes.
    pub yes: i64,
    /// Of these, contacts that opted out.
    pub opted_out: i64,
}

/// Returns a goal's texts by hour, the earliest first. Hours without a text are left out.
pub async fn hours(pool: &Pool, goal: GoalId) -> Result<Vec<Hour>> {
    let rows = sqlx::query_as!(
        Hour,
        r#"select date_trunc('hour', sent_at, 'UTC') as "at!", count(*) as "sent!",
                  count(*) filter (where state = 'delivered') as "delivered!",
                  count(*) filter (where state in ('undelivered', 'failed')) as "failed!",
                  sum(segments)::bigint as "segments!"
           from message where goal_id = $1 and kind in ('initial', 'reminder') and sent_at is not null
           group by 1 order by 1 desc limit $2"#,
        goal.0,
        MOST_HOURS
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    Ok(rows.into_iter().rev().collect())
}

/// Returns the agents that have texted in a goal, those with the most contacts first.
pub async fn agents(pool: &Pool, goal: GoalId) -> Result<Vec<AgentShare>> {
    let rows = sqlx::query!(
        r#"select m.agent_id as "member_id!", a.first_name, a.last_name, count(*) as "messaged!",
                  count(*) filter (where m.state = 'delivered') as "delivered!", count(t.replied_at) as "replied!",
                  count(*) filter (where t.answer = 'yes') as "yes!", count(t.opted_out_at) as "opted_out!"
           from message m
           join member a on a.id = m.agent_id
           left join target t on t.goal_id = m.goal_id and t.contact_id = m.contact_id
           where m.goal_id = $1 and m.kind = 'initial' and is_messaged(m.state)
           group by m.agent_id, a.first_name, a.last_name
           order by count(*) desc, m.agent_id limit $2"#,
        goal.0,
        MOST_AGENTS
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    let shares = rows.into_iter().map(|row| AgentShare {
        member_id: MemberId(row.member_id),
        first_name: row.first_name,
        last_name: row.last_name,
        messaged: row.messaged,
        delivered: row.delivered,
        replied: row.replied,
        yes: row.yes,
        opted_out: row.opted_out,
    });
    Ok(shares.collect())
}
