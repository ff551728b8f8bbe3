//! Which handler runs which kind: one flat list, complete because the compiler says so.

use muster_jobs::{JobKind, JobPayload, payloads};
use muster_storage::{Tx, engine::claim::ClaimedJob};

use crate::{
    Context,
    error::JobError,
    handlers::{
        batch_partition, batch_release, carrier_lookup, csv_ingestion, delivery_receipt, goal_transition, hold_release,
        import_admit, import_apply, import_cut, import_end, import_fetch, import_undo, inbound_message, lease_expiry,
        message_reconcile, probe, rate_release, redaction, reminder_open, send, upkeep,
    },
    slot::Slot,
};

/// Runs a job's handler. What comes back is the open transaction that holds the job's effects; the runner adds the completion and
/// commits both together. Whoever waits for somebody else meanwhile lends its slot.
pub(crate) async fn handle(ctx: &Context, job: &ClaimedJob, slot: &mut Slot) -> Result<Tx, JobError> {
    match job.kind {
        JobKind::ImportCut => import_cut::run(ctx, job, payload(job)?).await,
        JobKind::CsvIngestion => csv_ingestion::run(ctx, job, payload(job)?).await,
        JobKind::ImportAdmit => import_admit::run(ctx, job, payload(job)?).await,
        JobKind::ImportApply => import_apply::run(ctx, job, payload(job)?).await,
        JobKind::ImportEnd => import_end::run(ctx, job, payload(job)?).await,
        JobKind::ImportFetch => import_fetch::run(ctx, job, payload(job)?).await,
        JobKind::ImportUndo => import_undo::run(ctx, payload(job)?).await,
        JobKind::CarrierLookup => carrier_lookup::run(ctx, job, payload(job)?).await,
        JobKind::BatchPartition => batch_partition::run(ctx, job, payload(job)?).await,
        JobKind::GoalTransition => goal_transition::run(ctx, job, payload(job)?).await,
        JobKind::BatchRelease => batch_release::run(ctx, job, payload(job)?).await,
        JobKind::ReminderOpen => reminder_open::run(ctx, job, payload(job)?).await,
        JobKind::LeaseExpiry => lease_expiry::run(ctx, job, payload(job)?).await,
        JobKind::Send => handle_together(ctx, &[job], slot).await,
        JobKind::HoldRelease => hold_release::run(ctx, job, payload(job)?).await,
        JobKind::RateRelease => rate_release::run(ctx, job, payload(job)?).await,
        JobKind::MessageReconcile => message_reconcile::run(ctx, job, payload(job)?).await,
        JobKind::DeliveryReceipt => delivery_receipt::run(ctx, job, payload(job)?).await,
        JobKind::Redaction => redaction::run(ctx, job, payload(job)?).await,
        JobKind::Upkeep => upkeep::run(ctx, job, payload(job)?).await,
        JobKind::InboundMessage | JobKind::Probe => {
            let mut tx = ctx.pool.begin().await?;
            act(ctx, &mut tx, job).await?;
            Ok(tx)
        }
    }
}

/// Puts the jobs of a bundle whose kind is executed together into groups.
pub(crate) async fn groups<'a>(ctx: &Context, jobs: &'a [ClaimedJob]) -> Result<Vec<Vec<&'a ClaimedJob>>, JobError> {
    send::groups(ctx, jobs).await
}

/// Runs the handler of a group of jobs. What comes back holds the effects of all of them.
pub(crate) async fn handle_together(ctx: &Context, jobs: &[&ClaimedJob], slot: &mut Slot) -> Result<Tx, JobError> {
    for job in jobs {
        let payloads::Send {} = payload(job)?;
    }
    send::run(ctx, jobs, slot).await
}

/// Runs the handler of a job whose kind is executed in one transaction, within that transaction.
pub(crate) async fn act(ctx: &Context, tx: &mut Tx, job: &ClaimedJob) -> Result<(), JobError> {
    match job.kind {
        JobKind::InboundMessage => inbound_message::run(ctx, tx, job, payload(job)?).await,
        JobKind::Probe => probe::run(&payload(job)?),
        kind => Err(JobError::fail(format!("{kind} needs a lease"))),
    }
}

/// A payload that cannot be read is parked at once (engine promise J7).
fn payload<P: JobPayload>(job: &ClaimedJob) -> Result<P, JobError> {
    serde_json::from_value(job.payload.clone()).map_err(|error| JobError::fail(format!("payload: {error}")))
}
