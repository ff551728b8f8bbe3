//! Rule W4: a contact that is assigned to another agent and has not been texted yet moves between
//! the agents' batches at once, also out of one in hand, and so does a conversation in hand.
//!
//! Assignments take locks in one order: goals, contacts, agents, memberships, batches, targets,
//! threads. The hand-over of messages takes them in the same order, so that nobody waits in a
//! circle.
//!
//! Texts that are queued or held wait for none of this. A hand-over cancels texts to contacts that
//! are another agent's by now (rule S9), and a job for each goal cancels the ones that no hand-over
//! looks at for long, and gives back their contacts ([`take_back`]). It never waits for a message:
//! one that is locked is being handed over, which cancels it or lets it go by the contact's agent
//! then.

use muster_domain::{
    goals::goal::AssignmentStrategy,
    ids::{GoalId, GroupId, OrganizationId},
};
use muster_jobs::kinds::{BatchPartition, ReminderOpen};
use uuid::Uuid;

use crate::{
    Result, Tx,
    engine::enqueue::{Origin, enqueue},
    goals::Goal,
    tenancy::organizations,
};

/// Locks the launched goals of a group in which each agent texts their own contacts, in the order
/// of their ids: none of them is cut into batches meanwhile.
pub(crate) async fn lock_goals(tx: &mut Tx, group_id: GroupId) -> Result<Vec<Uuid>> {
    let goals = sqlx::query_scalar!(
        "select id from goal
         where group_id = $1 and strategy = 'assigned' and launched_at is not null and closes_at > now()
         order by id for no key update",
        group_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(goals)
}

/// Moves contacts of a group, with assignments that are as they should be by now, between the
/// batches of goals that are locked, and has the waiting texts to them looked after.
pub(crate) async fn move_contacts(tx: &mut Tx, group_id: GroupId, goals: &[Uuid], contacts: &[Uuid]) -> Result<()> {
    if goals.is_empty() || contacts.is_empty() {
        return Ok(());
    }
    place(tx, group_id, goals, contacts).await?;
    let unreminded = leave_reminders(tx, group_id, goals, contacts).await?;
    let waiting = sqlx::query_scalar!(
        r#"select distinct t.goal_id as "goal_id!"
           from target t
           join membership mb on mb.group_id = $1 and mb.contact_id = t.contact_id
           join message m on m.id in (t.initial_message_id, t.reminder_message_id)
           where t.goal_id = any($2) and t.contact_id = any($3) and m.state in ('queued', 'held')
             and m.agent_id is distinct from mb.assigned_agent_id
           order by 1"#,
        group_id.0,
        goals,
        contacts,
    )
    .fetch_all(tx.conn())
    .await?;
    if waiting.is_empty() && unreminded.is_empty() {
        return Ok(());
    }
    let organization_id = sqlx::query_scalar!("select organization_id from contact_group where id = $1", group_id.0)
        .fetch_one(tx.conn())
        .await?;
    let origin = Origin { organization_id: Some(OrganizationId(organization_id)), traceparent: None };
    for goal_id in waiting {
        enqueue(tx, &BatchPartition { goal_id: GoalId(goal_id) }, &origin).await?;
    }
    for goal_id in unreminded {
        enqueue(tx, &ReminderOpen { goal_id }, &origin).await?;
    }
    Ok(())
}

/// Moves the conversations of contacts that were assigned anew (rule W4) to their present agent:
/// those in hand for a whole response window, or back to all agents when the contact has none.
/// Comes last: an agent that sends a batch holds its targets before its threads.
pub(crate) async fn move_threads(tx: &mut Tx, group_id: GroupId, contacts: &[Uuid]) -> Result<()> {
    if contacts.is_empty() {
        return Ok(());
    }
    let minutes = organizations::settings_of_group(tx, group_id).await?.response_window_minutes;
    sqlx::query!(
        "with moving as (
             select t.id, m.assigned_agent_id as agent_id,
                 coalesce(t.held_until > clock_timestamp() and t.held_by is distinct from m.assigned_agent_id, false) as in_hand
             from thread t
             join membership m on m.group_id = t.group_id and m.contact_id = t.contact_id
             where t.group_id = $1 and t.contact_id = any($2)
             order by t.id for no key update of t
         )
         update thread t
         set agent_id = w.agent_id, next_agent_id = case when t.next_agent_id is not null then w.agent_id end,
             held_by = case when w.in_hand then w.agent_id else t.held_by end,
             held_since = case when w.in_hand then clock_timestamp() else t.held_since end,
             held_until = case when not w.in_hand then t.held_until
                 when w.agent_id is not null then clock_timestamp() + make_interval(mins => $3) end
         from moving w where t.id = w.id",
        group_id.0,
        contacts,
        minutes,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Effects of [`take_back`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenBack {
    /// Contacts that can get their initial from their present agent.
    pub initials: usize,
    /// Contacts that can get their reminder so: reminder batches are to be made for them.
    pub reminders: usize,
}

/// Cancels queued and held texts of a goal to contacts that are another agent's by now, and of
/// agents that text in the group no more (rule A6), and gives the contacts of these texts back: to
/// their agent, or in a goal without assigned agents to the batch that they were in, which can be
/// claimed again. Only a text that is queued or held is ever cancelled, so that the carrier does
/// not have it: nobody gets two initials (rule B7). The goal is locked, so that nobody assigns
/// anybody of it meanwhile.
pub async fn take_back(tx: &mut Tx, goal: &Goal) -> Result<TakenBack> {
    let assigned = goal.content.strategy == AssignmentStrategy::Assigned;
    // A transaction that locks a message queues it again or hands it over, and then decides about
    // it by the same facts.
    sqlx::query!(
        "with late as (
             select m.id from message m
             join membership mb on mb.group_id = $2 and mb.contact_id = m.contact_id
             where m.goal_id = $1 and m.state in ('queued', 'held') and m.kind in ('initial', 'reminder')
               and (($3 and m.agent_id is distinct from mb.assigned_agent_id)
                    or (m.agent_id is not null and not texts_in($2, m.agent_id)))
             order by m.id for update of m skip locked
         )
         update message m set state = 'cancelled', reason = 'reassigned', held_until = null
         from late where m.id = late.id",
        goal.id.0,
        goal.group_id.0,
        assigned,
    )
    .execute(tx.conn())
    .await?;
    if !assigned {
        // A batch is not finished while a contact comes back into it. An agent that sends holds it
        // before its targets.
        sqlx::query!(
            "select from batch where id in (
                 select t.batch_id from target t join message m on m.id = t.initial_message_id
                 where t.goal_id = $1 and m.goal_id = $1 and m.state = 'cancelled' and m.reason = 'reassigned')
             order by id for no key update",
            goal.id.0,
        )
        .fetch_all(tx.conn())
        .await?;
    }
    let initials = sqlx::query_scalar!(
        "with free as (
             select t.contact_id from target t join message m on m.id = t.initial_message_id
             where t.goal_id = $1 and m.goal_id = $1 and m.state = 'cancelled' and m.reason = 'reassigned'
             order by t.position for no key update of t
         )
         update target t set initial_message_id = null from free
         where t.goal_id = $1 and t.contact_id = free.contact_id
         returning t.contact_id",
        goal.id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    if !initials.is_empty() {
        if assigned {
            place(tx, goal.group_id, &[goal.id.0], &initials).await?;
        } else {
            sqlx::query!(
                "update batch set state = 'released' where state = 'finished' and id in (
                     select batch_id from target where goal_id = $1 and contact_id = any($2))",
                goal.id.0,
                &initials,
            )
            .execute(tx.conn())
            .await?;
        }
    }
    let reminders = sqlx::query!(
        "with free as (
             select t.contact_id from target t join message m on m.id = t.reminder_message_id
             where t.goal_id = $1 and m.goal_id = $1 and m.state = 'cancelled' and m.reason = 'reassigned'
             order by t.position for no key update of t
         )
         update target t set reminder_message_id = null, reminder_batch_id = null from free
         where t.goal_id = $1 and t.contact_id = free.contact_id",
        goal.id.0,
    )
    .execute(tx.conn())
    .await?;
    let reminders = usize::try_from(reminders.rows_affected()).unwrap_or(usize::MAX);
    Ok(TakenBack { initials: initials.len(), reminders })
}

/// Moves the contacts of a goal that are in batches of agents that do not have them any more: those
/// that were assigned while the goal was closed, when no assignment looked at it (rule G9a). The
/// goal is locked. Returns how many there were, without those that wait for a reminder.
pub async fn catch_up(tx: &mut Tx, goal: &Goal, origin: &Origin) -> Result<usize> {
    if goal.content.strategy != AssignmentStrategy::Assigned {
        return Ok(0);
    }
    let (goals, group_id) = ([goal.id.0], goal.group_id);
    let initials = sqlx::query_scalar!(
        "select t.contact_id from target t
         join membership m on m.group_id = $2 and m.contact_id = t.contact_id
         left join batch b on b.id = t.batch_id
         where t.goal_id = $1 and t.initial_message_id is null and t.skipped_at is null
           and b.assigned_agent_id is distinct from m.assigned_agent_id",
        goal.id.0,
        group_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    if !initials.is_empty() {
        place(tx, group_id, &goals, &initials).await?;
    }
    let reminders = sqlx::query_scalar!(
        "select t.contact_id from target t
         join membership m on m.group_id = $2 and m.contact_id = t.contact_id
         join batch b on b.id = t.reminder_batch_id
         where t.goal_id = $1 and t.reminder_message_id is null and t.skipped_at is null
           and b.assigned_agent_id is distinct from m.assigned_agent_id",
        goal.id.0,
        group_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    if !reminders.is_empty() {
        for goal_id in leave_reminders(tx, group_id, &goals, &reminders).await? {
            enqueue(tx, &ReminderOpen { goal_id }, origin).await?;
        }
    }
    Ok(initials.len())
}

/// Puts contacts without an initial yet into a batch of their agent that is not finished, the last
/// one, or into a new one. A contact without an agent is in no batch. A contact in a batch that the
/// release plan holds, or in none, goes on waiting for the plan as long as it holds any (rule B6):
/// a new batch of them is held, and released in its turn.
async fn place(tx: &mut Tx, group_id: GroupId, goals: &[Uuid], contacts: &[Uuid]) -> Result<()> {
    // A batch that gains a contact is not finished meanwhile. An agent that sends holds their batch
    // before its targets.
    sqlx::query!(
        "select from batch
         where goal_id = any($2) and kind = 'initial' and state <> 'finished'
           and assigned_agent_id in (select assigned_agent_id from membership where group_id = $1 and contact_id = any($3))
         order by id for no key update",
        group_id.0,
        goals,
        contacts,
    )
    .fetch_all(tx.conn())
    .await?;
    sqlx::query_file!("src/goals/reassign_batches.sql", group_id.0, goals, contacts).execute(tx.conn()).await?;
    sqlx::query_file!("src/goals/reassign_place.sql", group_id.0, goals, contacts).execute(tx.conn()).await?;
    // A held batch that everybody has left is no step of the release plan.
    sqlx::query!(
        "update batch b set state = 'finished'
         where b.goal_id = any($1) and b.kind = 'initial' and b.state = 'held' and not exists (
             select from target t where t.batch_id = b.id and t.initial_message_id is null and t.skipped_at is null)",
        goals,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes contacts out of the reminder batches of agents that do not have them any more; returns the
/// goals with a contact that waits for a reminder batch.
async fn leave_reminders(tx: &mut Tx, group_id: GroupId, goals: &[Uuid], contacts: &[Uuid]) -> Result<Vec<GoalId>> {
    sqlx::query!(
        "with leaving as (
             select t.goal_id, t.contact_id from target t
             join batch b on b.id = t.reminder_batch_id
             join membership m on m.group_id = $1 and m.contact_id = t.contact_id
             where t.goal_id = any($2) and t.contact_id = any($3) and t.reminder_message_id is null and t.skipped_at is null
               and b.assigned_agent_id is distinct from m.assigned_agent_id
             order by t.goal_id, t.position for no key update of t
         )
         update target t set reminder_batch_id = null from leaving l
         where t.goal_id = l.goal_id and t.contact_id = l.contact_id",
        group_id.0,
        goals,
        contacts,
    )
    .execute(tx.conn())
    .await?;
    let wait = sqlx::query_scalar!(
        "select distinct goal_id from target
         where goal_id = any($1) and contact_id = any($2) and answer = 'yes' and reminder_batch_id is null and skipped_at is null
         order by goal_id",
        goals,
        contacts,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(wait.into_iter().map(GoalId).collect())
}
