//! Batches, leases and release (rules B1 to B6, W6).

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use muster_domain::{
    goals::{
        batch::{Batch, BatchCommand, BatchKind, BatchPhase, BatchState, Holding, LeaseRefusal},
        goal::AssignmentStrategy,
        release::WaitsFor,
    },
    ids::{BatchId, ContactId, GoalId, MemberId, OrganizationId},
    people::knowledge::{Knowledge, Values},
    sending::batch_send::BatchContact,
};
use muster_jobs::timer::TimerKind;
use uuid::Uuid;

use crate::{Result, Tx, db::error::read_word, engine::timers, goals::Goal};

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
    /// The batch as it was locked.
    batch: Batch,
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

/// A batch's row.
pub(super) struct BatchRow {
    pub(super) id: Uuid,
    pub(super) goal_id: Uuid,
    pub(super) kind: String,
    pub(super) number: i32,
    pub(super) assigned_agent_id: Option<Uuid>,
    pub(super) state: String,
    pub(super) leased_to: Option<Uuid>,
    pub(super) lease_token: i64,
    pub(super) lease_expires_at: Option<DateTime<Utc>>,
}

impl BatchRow {
    /// Returns the batch as the domain knows it.
    pub(super) fn batch(&self) -> Result<Batch> {
        let holding = self.leased_to.map(MemberId).zip(self.lease_expires_at);
        let phase = match (read_word("batch", &self.state)?, holding) {
            (BatchState::Held, _) => BatchPhase::Held,
            (BatchState::Leased, Some((agent_id, expires_at))) => BatchPhase::Leased(Holding { agent_id, expires_at }),
            // The table allows no lease without an agent and an end.
            (BatchState::Released | BatchState::Leased, _) => BatchPhase::Released,
            (BatchState::Finished, _) => BatchPhase::Finished,
        };
        Ok(Batch { phase, token: self.lease_token, assigned_to: self.assigned_agent_id.map(MemberId) })
    }

    /// Returns the lease that an agent has on it.
    pub(super) fn lease(&self, batch: Batch, expires_at: DateTime<Utc>) -> Result<Lease> {
        Ok(Lease {
            batch_id: BatchId(self.id),
            goal_id: GoalId(self.goal_id),
            kind: read_word("batch", &self.kind)?,
            number: self.number,
            token: batch.token,
            expires_at,
            batch,
        })
    }
}

/// Writes a batch as a command has left it, and sets or ends the timer of its lease.
async fn store(tx: &mut Tx, id: BatchId, batch: &Batch, organization_id: Option<OrganizationId>) -> Result<()> {
    let holding = batch.phase.holding();
    sqlx::query!(
        "update batch set state = $2, leased_to = $3, lease_token = $4, lease_expires_at = $5 where id = $1",
        id.0,
        batch.phase.state().as_str(),
        holding.map(|holding| holding.agent_id.0),
        batch.token,
        holding.map(|holding| holding.expires_at),
    )
    .execute(tx.conn())
    .await?;
    match (holding, organization_id) {
        (Some(Holding { expires_at, .. }), Some(organization_id)) => {
            timers::set(tx, TimerKind::LeaseExpires, id.0, expires_at, organization_id).await
        }
        _ => timers::cancel(tx, TimerKind::LeaseExpires, id.0).await,
    }
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
    let held = sqlx::query_as!(
        BatchRow,
        "select id, goal_id, kind, number, assigned_agent_id, state, leased_to, lease_token, lease_expires_at from batch
         where goal_id = $1 and kind = $2 and state = 'leased' and leased_to = $3 for update",
        goal_id.0,
        kind.as_str(),
        agent_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    let now = tx.clock().await?;
    for row in &held {
        let batch = row.batch()?;
        if let Ok(expires_at) = batch.held_by(agent_id, batch.token, now) {
            return row.lease(batch, expires_at).map(Some);
        }
        // It ran out a moment ago, before its job: it goes back first, or they could not hold
        // another.
        expire(tx, BatchId(row.id)).await?;
    }
    let row = sqlx::query_as!(
        BatchRow,
        "select id, goal_id, kind, number, assigned_agent_id, state, leased_to, lease_token, lease_expires_at from batch
         where goal_id = $1 and kind = $2 and state = 'released' and (assigned_agent_id is null or assigned_agent_id = $3)
         order by number limit 1 for update skip locked",
        goal_id.0,
        kind.as_str(),
        agent_id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let expires_at = now + TimeDelta::minutes(lease_minutes.into());
    let holding = Holding { agent_id, expires_at };
    let Ok(batch) = row.batch()?.after(BatchCommand::Claim(holding), now) else { return Ok(None) };
    store(tx, BatchId(row.id), &batch, Some(organization_id)).await?;
    row.lease(batch, expires_at).map(Some)
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
    let row = sqlx::query_as!(
        BatchRow,
        "select b.id, b.goal_id, b.kind, b.number, b.assigned_agent_id, b.state, b.leased_to, b.lease_token, b.lease_expires_at
         from batch b join goal g on g.id = b.goal_id
         where b.id = $1 and g.organization_id = $2 for update of b",
        id.0,
        organization_id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(Err(LeaseRefusal::NotYours)) };
    let (batch, now) = (row.batch()?, tx.clock().await?);
    match batch.held_by(agent_id, token, now) {
        Ok(expires_at) => row.lease(batch, expires_at).map(Ok),
        Err(refusal) => Ok(Err(refusal)),
    }
}

/// Returns the contacts of a leased batch that are neither texted nor skipped, in their order, with
/// the facts that decide about a text from this agent. They are locked against a redaction: texts
/// that are written to them until the transaction ends are seen by it (rule R3). Where a request
/// names contacts, these and those that this agent may not text.
pub async fn contacts(
    tx: &mut Tx,
    goal: &Goal,
    lease: &Lease,
    agent_id: MemberId,
    named: Option<&[ContactId]>,
) -> Result<Vec<BatchContact>> {
    let named: Option<Vec<_>> = named.map(|contacts| contacts.iter().map(|id| id.0).collect());
    let rows = sqlx::query_file!(
        "src/goals/batch_contacts.sql",
        goal.id.0,
        goal.group_id.0,
        lease.batch_id.0,
        goal.content.strategy == AssignmentStrategy::Assigned,
        agent_id.0,
        lease.kind == BatchKind::Reminder,
        named.as_deref(),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(BatchContact {
                contact_id: ContactId(row.id),
                values: Knowledge::stored(row.knows)?.shows(Values {
                    first_name: row.first_name,
                    last_name: row.last_name,
                    email: row.email,
                    postal_code: row.postal_code,
                    notes: None,
                    external_id: row.external_id,
                    fields: row.fields,
                }),
                redacted: row.redacted,
                opted_out: row.opted_out,
                deactivated: row.deactivated,
                not_textable: row.not_textable,
                another_agents: row.another_agents,
            })
        })
        .collect()
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

/// Skips contacts of a batch, by reason.
pub async fn skip_all(tx: &mut Tx, lease: &Lease, by_reason: &BTreeMap<String, Vec<ContactId>>) -> Result<()> {
    for (reason, contacts) in by_reason {
        skip(tx, lease, contacts, reason).await?;
    }
    Ok(())
}

/// Returns whether contacts of a batch are neither texted nor skipped.
async fn contacts_left(tx: &mut Tx, lease: &Lease) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from target t
               -- A contact that is not in the group any more is not waited for (rule C16).
               join goal g on g.id = t.goal_id
               join membership m on m.group_id = g.group_id and m.contact_id = t.contact_id
               where t.goal_id = $1 and t.skipped_at is null and (
                   (not $3 and t.batch_id = $2 and t.initial_message_id is null)
                   or ($3 and t.reminder_batch_id = $2 and t.reminder_message_id is null))) as "left!""#,
        lease.goal_id.0,
        lease.batch_id.0,
        lease.kind == BatchKind::Reminder,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Has a leased batch obey; false when it refuses. The batch is locked.
async fn obey(tx: &mut Tx, lease: &Lease, command: impl FnOnce(bool) -> BatchCommand) -> Result<bool> {
    let left = contacts_left(tx, lease).await?;
    let now = tx.clock().await?;
    let Ok(after) = lease.batch.after(command(left), now) else { return Ok(false) };
    store(tx, lease.batch_id, &after, None).await?;
    Ok(true)
}

/// Finishes a batch if everybody in it is texted or skipped; true when it is.
pub async fn finish_if_done(tx: &mut Tx, lease: &Lease) -> Result<bool> {
    obey(tx, lease, |left| BatchCommand::Finish { left }).await
}

/// Hands a batch back early (rule B5); the rest of it can be claimed again.
pub async fn hand_back(tx: &mut Tx, lease: &Lease) -> Result<()> {
    obey(tx, lease, |left| BatchCommand::HandBack { left }).await?;
    Ok(())
}

/// Returns the rest of a batch with an expired lease to the released ones (rule B2); false when the
/// lease has not run out.
pub async fn expire(tx: &mut Tx, id: BatchId) -> Result<bool> {
    let row = sqlx::query_as!(
        BatchRow,
        "select id, goal_id, kind, number, assigned_agent_id, state, leased_to, lease_token, lease_expires_at
         from batch where id = $1 for update",
        id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(false) };
    let batch = row.batch()?;
    let Some(Holding { expires_at, .. }) = batch.phase.holding() else { return Ok(false) };
    obey(tx, &row.lease(batch, expires_at)?, |left| BatchCommand::Expire { left }).await
}
