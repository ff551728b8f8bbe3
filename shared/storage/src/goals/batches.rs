//! Batches, leases and release (rules B1 to B6, W6).

use chrono::{DateTime, Utc};
use muster_domain::{
    goals::{batch::BatchKind, goal::AssignmentStrategy, release::WaitsFor},
    ids::{BatchId, ContactId, GoalId, MemberId, OrganizationId},
    people::knowledge::{Knowledge, Values},
};

use crate::{Result, Tx, db::error::read_word, engine::timers, goals::Goal};
use muster_jobs::timer::TimerKind;

/// A lease on a batch.
#[derive(Debug, Clone)]
pub struct Lease {
    /// The batch.
    pub batch_id: BatchId,
    /// Its goal.
    pub goal_id: GoalId,
    /// Its purpose.
    pub kind: BatchKind,
    /// Its number in the goal, from 1.
    pub number: i32,
    /// The fencing token: every write under the lease names it.
    pub token: i64,
    /// When it runs out, by the database's clock.
    pub expires_at: DateTime<Utc>,
}

/// Keeps the segments that one initial of a goal may count, by which its batches are paced
/// (rule B6): of batches that are released already as well.
pub async fn set_estimate(tx: &mut Tx, goal_id: GoalId, segments_each: i64) -> Result<()> {
    sqlx::query!(
        "insert into goal_estimate as e (goal_id, segments_each) values ($1, $2)
         on conflict (goal_id) do update set segments_each = excluded.segments_each
         where e.segments_each <> excluded.segments_each",
        goal_id.0,
        segments_each,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Returns the condition that a goal's held batches were last found to wait for (rule B6).
pub async fn waits_for(tx: &mut Tx, goal_id: GoalId) -> Result<Option<WaitsFor>> {
    let word = sqlx::query_scalar!("select release_waits_for from goal_estimate where goal_id = $1", goal_id.0)
        .fetch_optional(tx.conn())
        .await?;
    word.flatten().map(|word| read_word("goal_estimate", &word)).transpose()
}

/// Has a goal's next release looked at, at that instant, and keeps the condition that its batches
/// wait for until then.
pub async fn wait(
    tx: &mut Tx,
    goal_id: GoalId,
    organization_id: OrganizationId,
    waits_for: WaitsFor,
    until: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update goal_estimate set release_waits_for = $2 where goal_id = $1 and release_waits_for is distinct from $2",
        goal_id.0,
        waits_for.as_str(),
    )
    .execute(tx.conn())
    .await?;
    timers::set(tx, TimerKind::BatchRelease, goal_id.0, until, organization_id).await
}

/// A batch that waits for its release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnreleasedBatch {
    /// The batch.
    pub id: BatchId,
    /// Segments that the initials of its contacts may count.
    pub segments: i64,
}

/// Returns the batches that are still held, in their order.
pub async fn unreleased(tx: &mut Tx, goal_id: GoalId, segments_each: i64) -> Result<Vec<UnreleasedBatch>> {
    let rows = sqlx::query!(
        r#"select b.id, $2 * (
               select count(*) from target t
               where t.batch_id = b.id and t.initial_message_id is null and t.skipped_at is null) as "segments!"
           from batch b where b.goal_id = $1 and b.kind = 'initial' and b.state = 'held' order by b.number for update of b"#,
        goal_id.0,
        segments_each,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| UnreleasedBatch { id: BatchId(row.id), segments: row.segments }).collect())
}

/// Releases batches.
pub async fn release(tx: &mut Tx, ids: &[BatchId]) -> Result<()> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    sqlx::query!("update batch set state = 'released' where id = any($1) and state = 'held'", &ids)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Claims the next released batch of a goal for an agent, or returns the one that they hold already
/// (rule B4). `None` when there is nothing for them. The caller has made sure that they text in the
/// goal's group (`members::lock_texting`).
pub async fn claim(
    tx: &mut Tx,
    organization_id: OrganizationId,
    goal_id: GoalId,
    kind: BatchKind,
    agent_id: MemberId,
    lease_minutes: i32,
) -> Result<Option<Lease>> {
    // Claims of one agent at the same time wait for one another, and all answer the same batch.
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", format!("claim {goal_id} {agent_id}"))
        .execute(tx.conn())
        .await?;
    let held = sqlx::query!(
        r#"select id, number, lease_token, lease_expires_at as "expires_at!" from batch
           where goal_id = $1 and kind = $2 and state = 'leased' and leased_to = $3 and lease_expires_at > clock_timestamp()
           for update"#,
        goal_id.0,
        kind.as_str(),
        agent_id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    if let Some(row) = held {
        return Ok(Some(Lease {
            batch_id: BatchId(row.id),
            goal_id,
            kind,
            number: row.number,
            token: row.lease_token,
            expires_at: row.expires_at,
        }));
    }
    // A lease of theirs that ran out a moment ago, before its job: it goes back first, or they
    // could not hold another.
    let stale = sqlx::query_scalar!(
        "select id from batch where goal_id = $1 and kind = $2 and state = 'leased' and leased_to = $3",
        goal_id.0,
        kind.as_str(),
        agent_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    for id in stale {
        expire(tx, BatchId(id)).await?;
    }
    let row = sqlx::query!(
        r#"update batch set state = 'leased', leased_to = $3, lease_token = lease_token + 1,
                  lease_expires_at = clock_timestamp() + make_interval(mins => $4)
           where id = (
               select id from batch
               where goal_id = $1 and kind = $2 and state = 'released' and (assigned_agent_id is null or assigned_agent_id = $3)
               order by number limit 1 for update skip locked)
           returning id, number, lease_token, lease_expires_at as "expires_at!""#,
        goal_id.0,
        kind.as_str(),
        agent_id.0,
        lease_minutes,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    timers::set(tx, TimerKind::LeaseExpires, row.id, row.expires_at, organization_id).await?;
    Ok(Some(Lease {
        batch_id: BatchId(row.id),
        goal_id,
        kind,
        number: row.number,
        token: row.lease_token,
        expires_at: row.expires_at,
    }))
}

/// Why a write under a lease is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseRefusal {
    /// No such batch for this agent.
    NotYours,
    /// The token is stale: the batch was returned, and perhaps claimed by somebody else.
    StaleToken,
    /// The lease has run out, even if only a millisecond ago.
    Expired,
}

/// Locks a batch and makes sure that the agent holds its lease with this token (rule B3), by the
/// database's clock.
pub async fn lock_lease(
    tx: &mut Tx,
    organization_id: OrganizationId,
    id: BatchId,
    agent_id: MemberId,
    token: i64,
) -> Result<Result<Lease, LeaseRefusal>> {
    let row = sqlx::query!(
        r#"select b.goal_id, b.kind, b.number, b.state, b.leased_to, b.lease_token, b.lease_expires_at
           from batch b join goal g on g.id = b.goal_id
           where b.id = $1 and g.organization_id = $2 for update of b"#,
        id.0,
        organization_id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(Err(LeaseRefusal::NotYours)) };
    if row.leased_to.is_some_and(|holder| holder != agent_id.0) && row.lease_token == token {
        return Ok(Err(LeaseRefusal::NotYours));
    }
    if row.lease_token != token || row.leased_to != Some(agent_id.0) {
        return Ok(Err(LeaseRefusal::StaleToken));
    }
    let now = tx.clock().await?;
    let Some(expires_at) = row.lease_expires_at.filter(|expires| *expires > now) else {
        return Ok(Err(LeaseRefusal::Expired));
    };
    let kind = read_word("batch", &row.kind)?;
    Ok(Ok(Lease { batch_id: id, goal_id: GoalId(row.goal_id), kind, number: row.number, token, expires_at }))
}

/// A contact of a batch that is still to be texted, with the values that a script may use.
#[derive(Debug, Clone)]
pub struct Recipient {
    /// The contact.
    pub contact_id: ContactId,
    /// The goal's group's knowledge of the contact (rule A5).
    pub values: Values,
}

/// Returns the contacts of a leased batch that are still to be texted by this agent: not texted,
/// not skipped, and with nothing that forbids it now. A contact that was assigned to another agent
/// meanwhile has left the batch (rule W4). Contacts are locked against a redaction: texts that are
/// written to them until the transaction ends are seen by it (rule R3).
pub async fn recipients(tx: &mut Tx, goal: &Goal, lease: &Lease, agent_id: MemberId) -> Result<Vec<Recipient>> {
    let assigned = goal.content.strategy == AssignmentStrategy::Assigned;
    let rows = sqlx::query!(
        r#"select c.id, c.first_name, c.last_name, c.email, c.postal_code, c.external_id, c.fields, m.knows
           from target t
           join contact c on c.id = t.contact_id
           join membership m on m.group_id = $2 and m.contact_id = c.id
           where t.goal_id = $1
             and case when $6 then t.reminder_batch_id = $3 and t.reminder_message_id is null
                      else t.batch_id = $3 and t.initial_message_id is null end
             and t.skipped_at is null
             and c.opted_out_at is null and c.redacted_at is null and is_textable(c.line_type) and m.deactivated_at is null
             and (not $4 or m.assigned_agent_id = $5)
           order by t.position for key share of c"#,
        goal.id.0,
        goal.group_id.0,
        lease.batch_id.0,
        assigned,
        agent_id.0,
        lease.kind == BatchKind::Reminder,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Recipient {
                contact_id: ContactId(row.id),
                values: Knowledge::stored(row.knows)?.shows(Values {
                    first_name: row.first_name,
                    last_name: row.last_name,
                    email: row.email,
                    postal_code: row.postal_code,
                    external_id: row.external_id,
                    fields: row.fields,
                }),
            })
        })
        .collect()
}

/// Skips contacts of a batch that may not be texted any more: opted out, deactivated, not textable
/// or redacted since the goal was launched (rule T2). The reason is kept; without this, a batch
/// with such a contact would never be finished.
pub async fn skip_forbidden(tx: &mut Tx, goal: &Goal, lease: &Lease) -> Result<u64> {
    let done = sqlx::query!(
        "update target t set skipped_at = now(),
             skip_reason = case
                 when c.redacted_at is not null then 'redacted'
                 when c.opted_out_at is not null then 'opted_out'
                 when m.deactivated_at is not null then 'deactivated'
                 else 'not_textable'
             end
         from contact c join membership m on m.contact_id = c.id and m.group_id = $2
         where t.goal_id = $1 and c.id = t.contact_id and t.skipped_at is null
           and case when $4 then t.reminder_batch_id = $3 and t.reminder_message_id is null
                    else t.batch_id = $3 and t.initial_message_id is null end
           and (c.redacted_at is not null or c.opted_out_at is not null or m.deactivated_at is not null or not is_textable(c.line_type))",
        goal.id.0,
        goal.group_id.0,
        lease.batch_id.0,
        lease.kind == BatchKind::Reminder,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Skips contacts of a batch for good (rule B5); the reason is kept.
pub async fn skip(tx: &mut Tx, lease: &Lease, contacts: &[ContactId], reason: &str) -> Result<u64> {
    let contacts: Vec<_> = contacts.iter().map(|id| id.0).collect();
    let done = sqlx::query!(
        "update target set skipped_at = now(), skip_reason = $4
         where goal_id = $1 and contact_id = any($3) and (batch_id = $2 or reminder_batch_id = $2) and skipped_at is null
           and (reminder_batch_id = $2 or initial_message_id is null)",
        lease.goal_id.0,
        lease.batch_id.0,
        &contacts,
        reason,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Finishes a batch if everybody in it is texted or skipped; true when it is.
pub async fn finish_if_done(tx: &mut Tx, lease: &Lease) -> Result<bool> {
    let done = sqlx::query!(
        "update batch set state = 'finished', leased_to = null, lease_expires_at = null
         where id = $1 and state = 'leased' and not exists (
             select from target t where t.goal_id = batch.goal_id and t.skipped_at is null and (
                 (batch.kind = 'initial' and t.batch_id = batch.id and t.initial_message_id is null)
                 or (batch.kind = 'reminder' and t.reminder_batch_id = batch.id and t.reminder_message_id is null)))",
        lease.batch_id.0,
    )
    .execute(tx.conn())
    .await?;
    let finished = done.rows_affected() == 1;
    if finished {
        timers::cancel(tx, TimerKind::LeaseExpires, lease.batch_id.0).await?;
    }
    Ok(finished)
}

/// Hands a batch back early (rule B5); the rest of it can be claimed again.
pub async fn hand_back(tx: &mut Tx, lease: &Lease) -> Result<()> {
    if finish_if_done(tx, lease).await? {
        return Ok(());
    }
    sqlx::query!(
        "update batch set state = 'released', leased_to = null, lease_expires_at = null where id = $1 and state = 'leased'",
        lease.batch_id.0,
    )
    .execute(tx.conn())
    .await?;
    timers::cancel(tx, TimerKind::LeaseExpires, lease.batch_id.0).await
}

/// Returns the rest of a batch with an expired lease to the released ones (rule B2); false when the
/// lease has not run out.
pub async fn expire(tx: &mut Tx, id: BatchId) -> Result<bool> {
    let lease = sqlx::query!(
        r#"select goal_id, kind, number, lease_token, lease_expires_at as "expires_at!" from batch
           where id = $1 and state = 'leased' and lease_expires_at <= clock_timestamp() for update"#,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = lease else { return Ok(false) };
    let kind = read_word("batch", &row.kind)?;
    let lease = Lease {
        batch_id: id,
        goal_id: GoalId(row.goal_id),
        kind,
        number: row.number,
        token: row.lease_token,
        expires_at: row.expires_at,
    };
    hand_back(tx, &lease).await?;
    Ok(true)
}
