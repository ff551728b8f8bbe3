//! The facts of agents' homes (rules G5, W3, B4 and B6), for any number of agents by the same
//! number of statements. `domain::goals::home` decides by them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use muster_domain::{
    goals::{
        availability::GoalMoment,
        batch::BatchKind,
        goal::{AssignmentStrategy, GoalClock, GoalStatus},
    },
    ids::{BatchId, GoalId, GroupId, MemberId, OrganizationId},
    tenancy::settings::OrganizationSettings,
};
use muster_jobs::timer::TimerKind;

use crate::{
    Result, Tx,
    db::error::read_word,
    tenancy::{members::Member, organizations},
};

/// Goals of a group that a home has, the last to close first.
const GROUP_GOALS_LIMIT: i64 = 50;

/// A launched goal that is not over for long.
#[derive(Debug, Clone)]
pub struct HomeGoal {
    /// The goal.
    pub id: GoalId,
    /// Its tenant.
    pub organization_id: OrganizationId,
    /// Its group.
    pub group_id: GroupId,
    /// Its name.
    pub name: String,
    /// Instructions for agents.
    pub instructions: String,
    /// How batches go to agents.
    pub strategy: AssignmentStrategy,
    /// The group's zone.
    pub zone: String,
    /// The parts that decide its status.
    pub clock: GoalClock,
    /// When its reminder window opens and closes.
    pub reminder_window: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// It is not open and was active before.
    pub was_active: bool,
    /// Its contacts are cut into batches.
    pub partitioned: bool,
    /// When its batches are looked at for the next release.
    pub next_release: Option<DateTime<Utc>>,
}

impl HomeGoal {
    /// Returns the facts that decide about work on it (rule G5).
    pub fn moment(&self, now: DateTime<Utc>) -> GoalMoment {
        let moment = GoalMoment::at(&self.clock, self.reminder_window, now);
        if self.was_active { moment.texted() } else { moment }
    }
}

/// Unfinished batches of a goal's workflow that are for one agent, or for any.
#[derive(Debug, Clone, Copy)]
pub struct OpenBatches {
    /// The goal.
    pub goal_id: GoalId,
    /// The workflow.
    pub kind: BatchKind,
    /// The only agent that may claim them.
    pub assigned_to: Option<MemberId>,
    /// Batches that can be claimed.
    pub released: i64,
    /// Batches that wait for their release.
    pub held: i64,
    /// When the first lease of one of them ends.
    pub lease_ends_at: Option<DateTime<Utc>>,
}

/// A batch in an agent's hand.
#[derive(Debug, Clone, Copy)]
pub struct HeldBatch {
    /// The batch.
    pub id: BatchId,
    /// Its goal.
    pub goal_id: GoalId,
    /// The workflow.
    pub kind: BatchKind,
    /// Its number in the goal.
    pub number: i32,
    /// The agent.
    pub agent_id: MemberId,
    /// When the lease ends.
    pub expires_at: DateTime<Utc>,
    /// Contacts in it that are neither texted nor skipped.
    pub left: i64,
}

/// Conversations of a group with unread replies, together.
#[derive(Debug, Clone, Copy)]
pub struct UnreadThreads {
    /// The group.
    pub group_id: GroupId,
    /// The goal that they are about.
    pub goal_id: Option<GoalId>,
    /// The agent that holds them.
    pub held_by: Option<MemberId>,
    /// The only agent that may claim them.
    pub assigned_to: Option<MemberId>,
    /// The goal allows answers (rule G5).
    pub allowed: bool,
    /// How many.
    pub threads: i64,
    /// Since when the first waits.
    pub oldest: DateTime<Utc>,
    /// When the first claim of them ends.
    pub held_until: Option<DateTime<Utc>>,
}

/// The facts about the homes of some agents.
#[derive(Debug, Clone)]
pub struct HomeFacts {
    /// The instant of the look, by the database's clock.
    pub now: DateTime<Utc>,
    /// Settings of their organizations.
    pub settings: BTreeMap<OrganizationId, OrganizationSettings>,
    /// The goals of their groups.
    pub goals: Vec<HomeGoal>,
    /// Unfinished batches of the goals that are active.
    pub batches: Vec<OpenBatches>,
    /// Batches in their hands.
    pub in_hand: Vec<HeldBatch>,
    /// Unread replies in their groups.
    pub unread: Vec<UnreadThreads>,
    /// The groups in which each has a number.
    pub numbers: BTreeSet<(GroupId, MemberId)>,
}

/// Contacts of a goal's unfinished batches that are neither texted nor skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// The goal.
    pub goal_id: GoalId,
    /// The workflow.
    pub kind: BatchKind,
    /// The only agent that may text them.
    pub assigned_to: Option<MemberId>,
    /// How many.
    pub contacts: i64,
}

/// Returns the facts about the homes of these agents.
pub async fn facts(tx: &mut Tx, agents: &[Member]) -> Result<HomeFacts> {
    let groups: BTreeSet<_> = agents.iter().flat_map(|agent| &agent.groups).map(|id| id.0).collect();
    let groups: Vec<_> = groups.into_iter().collect();
    let organizations: BTreeSet<_> = agents.iter().filter_map(|agent| agent.organization_id).collect();
    let members: BTreeSet<_> = agents.iter().map(|agent| agent.id.0).collect();
    let members: Vec<_> = members.into_iter().collect();
    let now = tx.clock().await?;
    let settings = organizations::settings_of(tx, &organizations.into_iter().collect::<Vec<_>>()).await?;
    let goals = goals(tx, &groups).await?;
    let active: Vec<_> = active(&goals, now).map(|id| id.0).collect();
    let batches = batches(tx, &active).await?;
    let in_hand = in_hand(tx, &members).await?;
    let unread = unread(tx, &groups).await?;
    let numbers = sqlx::query!(
        r#"select group_id as "group_id!", agent_id as "agent_id!" from sender_number
           where group_id = any($1) and agent_id = any($2)"#,
        &groups,
        &members,
    )
    .fetch_all(tx.conn())
    .await?;
    let numbers = numbers.into_iter().map(|row| (GroupId(row.group_id), MemberId(row.agent_id))).collect();
    Ok(HomeFacts { now, settings, goals, batches, in_hand, unread, numbers })
}

/// Returns the goals that are active at an instant.
pub fn active(goals: &[HomeGoal], now: DateTime<Utc>) -> impl Iterator<Item = GoalId> {
    goals.iter().filter(move |goal| goal.clock.status(now) == GoalStatus::Active).map(|goal| goal.id)
}

async fn goals(tx: &mut Tx, groups: &[uuid::Uuid]) -> Result<Vec<HomeGoal>> {
    let rows =
        sqlx::query_file!("src/goals/home/goals.sql", groups, GROUP_GOALS_LIMIT, TimerKind::BatchRelease.as_str())
            .fetch_all(tx.conn())
            .await?;
    rows.into_iter()
        .map(|row| {
            Ok(HomeGoal {
                id: GoalId(row.id),
                organization_id: OrganizationId(row.organization_id),
                group_id: GroupId(row.group_id),
                name: row.name,
                instructions: row.instructions,
                strategy: read_word("goal", &row.strategy)?,
                zone: row.zone,
                clock: GoalClock {
                    launched_at: row.launched_at,
                    paused_at: row.paused_at,
                    opens_at: row.opens_at,
                    closes_at: row.closes_at,
                },
                reminder_window: row.reminder_opens_at.zip(row.reminder_closes_at),
                was_active: row.was_active,
                partitioned: row.partitioned,
                next_release: row.next_release,
            })
        })
        .collect()
}

async fn batches(tx: &mut Tx, goals: &[uuid::Uuid]) -> Result<Vec<OpenBatches>> {
    let rows = sqlx::query!(
        r#"select goal_id as "goal_id!", kind as "kind!", assigned_agent_id,
                  count(*) filter (where state = 'released') as "released!", count(*) filter (where state = 'held') as "held!",
                  min(lease_expires_at) as lease_ends_at
           from batch where goal_id = any($1) and state <> 'finished' group by 1, 2, 3"#,
        goals,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(OpenBatches {
                goal_id: GoalId(row.goal_id),
                kind: read_word("batch", &row.kind)?,
                assigned_to: row.assigned_agent_id.map(MemberId),
                released: row.released,
                held: row.held,
                lease_ends_at: row.lease_ends_at,
            })
        })
        .collect()
}

async fn in_hand(tx: &mut Tx, members: &[uuid::Uuid]) -> Result<Vec<HeldBatch>> {
    let rows = sqlx::query!(
        r#"select b.id as "id!", b.goal_id as "goal_id!", b.kind as "kind!", b.number as "number!", b.leased_to as "leased_to!",
                  b.lease_expires_at as "lease_expires_at!",
                  case b.kind
                      when 'initial' then (
                          select count(*) from target t
                          where t.batch_id = b.id and t.initial_message_id is null and t.skipped_at is null)
                      else (
                          select count(*) from target t
                          where t.reminder_batch_id = b.id and t.reminder_message_id is null and t.skipped_at is null)
                  end as "left!"
           from batch b
           where b.state = 'leased' and b.leased_to = any($1) and b.lease_expires_at > clock_timestamp()"#,
        members,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(HeldBatch {
                id: BatchId(row.id),
                goal_id: GoalId(row.goal_id),
                kind: read_word("batch", &row.kind)?,
                number: row.number,
                agent_id: MemberId(row.leased_to),
                expires_at: row.lease_expires_at,
                left: row.left,
            })
        })
        .collect()
}

async fn unread(tx: &mut Tx, groups: &[uuid::Uuid]) -> Result<Vec<UnreadThreads>> {
    let rows = sqlx::query_file!("src/goals/home/unread.sql", groups).fetch_all(tx.conn()).await?;
    Ok(rows
        .into_iter()
        .map(|row| UnreadThreads {
            group_id: GroupId(row.group_id),
            goal_id: row.goal_id.map(GoalId),
            held_by: row.held_by.map(MemberId),
            assigned_to: row.assigned_to.map(MemberId),
            allowed: row.allowed,
            threads: row.threads,
            oldest: row.oldest,
            held_until: row.held_until,
        })
        .collect())
}

/// Counts contacts that are left in these goals, by workflow and agent.
pub async fn left(tx: &mut Tx, goals: &[GoalId]) -> Result<Vec<Left>> {
    let goals: Vec<_> = goals.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select b.goal_id as "goal_id!", b.kind as "kind!", b.assigned_agent_id as assigned_agent_id, count(*) as "contacts!"
           from batch b join target t on t.batch_id = b.id
           where b.goal_id = any($1) and b.kind = 'initial' and b.state <> 'finished'
             and t.initial_message_id is null and t.skipped_at is null
           group by 1, 2, 3
           union all
           select b.goal_id, b.kind, b.assigned_agent_id, count(*)
           from batch b join target t on t.reminder_batch_id = b.id
           where b.goal_id = any($1) and b.kind = 'reminder' and b.state <> 'finished'
             and t.reminder_message_id is null and t.skipped_at is null
           group by 1, 2, 3"#,
        &goals,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Left {
                goal_id: GoalId(row.goal_id),
                kind: read_word("batch", &row.kind)?,
                assigned_to: row.assigned_agent_id.map(MemberId),
                contacts: row.contacts,
            })
        })
        .collect()
}
