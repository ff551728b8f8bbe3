//! `message-reconcile`: settles hand-overs without an outcome by asking the carrier (rule S2).
//!
//! A message that the carrier has is sent. One that it says it never had is queued again; nothing else ever is. While the carrier
//! cannot be asked, nothing changes; after 24 hours the messages stay `unknown` for good and are reported.

use std::{collections::BTreeSet, time::Duration};

use chrono::TimeDelta;
use muster_jobs::{payloads::MessageReconcile, timer::TimerKind};
use muster_storage::{
    Tx,
    engine::{claim::ClaimedJob, timers},
    sending::{self, Outcomes},
};

use crate::{Context, error::JobError};

/// How far the carrier's clock may be behind the database's.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(5);

pub(crate) async fn run(ctx: &Context, job: &ClaimedJob, payload: MessageReconcile) -> Result<Tx, JobError> {
    let age = Duration::from_secs(ctx.settings.reconcile_after_seconds);
    let mut tx = ctx.pool.begin().await?;
    let organization = ctx.organization(&mut tx, job).await?;
    let unsettled = sending::unsettled(&mut tx, payload.send_job_id, age.as_secs_f64()).await?;
    tx.rollback().await?;

    let (mut outcomes, mut never_had, mut unreachable) = (Outcomes::default(), Vec::new(), None);
    let mut used = BTreeSet::new();
    for message in &unsettled {
        let copies = match ctx.gateway.sent_to(&message.to, message.handed_over_at - CLOCKS_DIFFER).await {
            Ok(copies) => copies,
            Err(error) => {
                unreachable = Some(error);
                continue;
            }
        };
        let sids: Vec<String> = copies
            .into_iter()
            .filter(|copy| copy.from == message.from.as_str() && copy.body == message.body && !used.contains(&copy.sid))
            .map(|copy| copy.sid)
            .collect();
        let mut tx = ctx.pool.begin().await?;
        let known = sending::known_sids(&mut tx, message.id, &sids).await?;
        tx.rollback().await?;
        match sids.into_iter().find(|sid| !known.contains(sid)) {
            Some(sid) => {
                used.insert(sid.clone());
                outcomes.accepted.push((message.id, sid));
            }
            None => never_had.push(message.id),
        }
    }

    let mut tx = ctx.pool.begin().await?;
    sending::settle(&mut tx, &outcomes).await?;
    sending::settle_ledger(&mut tx, organization.brand_id, &outcomes).await?;
    sending::send_again(&mut tx, organization.brand_id, &never_had, &ctx.origin(job)).await?;
    tracing::info!(
        job.send_id = %payload.send_job_id,
        accepted = outcomes.accepted.len(),
        never_had = never_had.len(),
        "reconciled with the carrier"
    );
    if let Some(error) = unreachable {
        // What could be settled is; the rest is asked about again.
        tx.commit().await?;
        return Err(JobError::retry(error));
    }
    if sending::has_unsettled(&mut tx, payload.send_job_id).await? {
        let again = tx.clock().await? + age;
        timers::set(&mut tx, TimerKind::ReconcileDue, payload.send_job_id.0, again, organization.id).await?;
    }
    Ok(tx)
}
