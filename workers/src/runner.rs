//! From a delivery to an outcome in Postgres, and only then to an acknowledgement.
//!
//! Every way that an attempt can end is decided here, in one place: done, to be tried again, parked, handed back, or lost to another
//! worker. A delivery is acknowledged once that is in Postgres; if Postgres cannot be reached, it is not, and the lease or the broker
//! brings the work back.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt;
use muster_broker::Delivery;
use muster_jobs::{Envelope, JobKind, JobRef};
use muster_service::{clock, trace};
use muster_storage::{
    Error,
    engine::{
        claim::{self, ClaimedJob, Fate},
        dead_letters,
    },
};
use tracing::{Instrument, info_span};

use crate::{Context, error::JobError, registry};

/// Runs the jobs of a delivery and acknowledges it.
pub(crate) async fn run(ctx: &Context, delivery: Delivery) {
    let settled = match Envelope::decode(delivery.body()) {
        Ok(envelope) => {
            let mut settled = true;
            for job in envelope.jobs {
                settled &= attempt(ctx, delivery.kind, job).await;
            }
            settled
        }
        Err(error) => {
            ctx.metrics.count(delivery.kind, "undecodable");
            tracing::error!(job.kind = %delivery.kind, %error, "a message cannot be decoded; it is parked");
            let queue = muster_jobs::names::queue(delivery.kind);
            kept(ctx, dead_letters::park(&ctx.engine_pool, &queue, delivery.body(), &error.to_string()).await)
        }
    };
    if settled && let Err(error) = delivery.ack().await {
        tracing::debug!(%error, "an acknowledgement was lost; the message comes again and does nothing");
    }
}

/// Claims and runs a job; true when its outcome is in Postgres.
async fn attempt(ctx: &Context, kind: JobKind, job_ref: JobRef) -> bool {
    // The semaphore is never closed.
    let _slot = ctx.slots.acquire().await;
    let name = &ctx.settings.process_name;
    let job = match claim::claim(&ctx.engine_pool, job_ref.id, name, ctx.settings.job_lease()).await {
        Ok(Some(job)) => job,
        Ok(None) => {
            ctx.metrics.count(kind, "duplicate");
            tracing::debug!(job.id = %job_ref.id, "nothing to claim: the job runs, is done, or is not due");
            return true;
        }
        Err(error) => return kept::<()>(ctx, Err(error)),
    };
    let span = info_span!(
        "run",
        otel.name = format!("run {}", job.kind),
        otel.kind = "consumer",
        messaging.system = "rabbitmq",
        messaging.destination.name = job.kind.as_str(),
        messaging.operation.r#type = "process",
        job.id = %job.id,
        job.kind = job.kind.as_str(),
        job.attempt = job.attempt,
        job.wait_ms = (job.claimed_at - job.run_at).num_milliseconds(),
        organization.id = job.organization_id.map(tracing::field::display),
    );
    if job.attempt == 1 {
        trace::set_parent(&span, job_ref.traceparent.as_deref());
    } else {
        // A retry is a trace of its own, linked to the first attempt.
        trace::link(&span, job.first_attempt.as_deref().or(job.traceparent.as_deref()));
    }
    async {
        let started = clock::start();
        let (outcome, settled) = finish(ctx, &job, work(ctx, &job).await).await;
        ctx.metrics.took(job.kind, outcome, started.elapsed().as_secs_f64());
        settled
    }
    .instrument(span)
    .await
}

/// Runs the handler with its time limit and heartbeat, and commits its effects with the completion.
async fn work(ctx: &Context, job: &ClaimedJob) -> Result<(), JobError> {
    let handler = async {
        let mut tx = registry::handle(ctx, job).await?;
        claim::complete(&mut tx, job).await?;
        tx.commit().await?;
        Ok(())
    };
    let limit = job.kind.time_limit();
    tokio::select! {
        ended = tokio::time::timeout(limit, AssertUnwindSafe(handler).catch_unwind()) => match ended {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => Err(JobError::retry(format!("panic: {}", message(&*panic)))),
            Err(_) => Err(JobError::retry(format!("the time limit of {} s is over", limit.as_secs()))),
        },
        () = heartbeat(ctx, job) => Err(JobError::Lost),
        () = ctx.hand_back.cancelled() => Err(JobError::NotYet { delay: Duration::ZERO, why: "the worker stops" }),
    }
}

/// Extends the lease until it is lost.
async fn heartbeat(ctx: &Context, job: &ClaimedJob) {
    let lease = ctx.settings.job_lease();
    loop {
        tokio::time::sleep(lease / 3).await;
        match claim::heartbeat(&ctx.engine_pool, job, lease).await {
            Ok(true) => {}
            Ok(false) => return,
            // The lease runs on without; if the database stays away it is lost, and the completion will say so.
            Err(error) => tracing::warn!(%error, "a heartbeat failed"),
        }
    }
}

/// Puts the outcome of an attempt into Postgres: its name, and whether it is there.
async fn finish(ctx: &Context, job: &ClaimedJob, result: Result<(), JobError>) -> (&'static str, bool) {
    match result {
        Ok(()) => ("succeeded", true),
        Err(JobError::Lost) => {
            tracing::warn!("the lease was lost; nothing was written");
            ("lost", true)
        }
        Err(JobError::NotYet { delay, why }) => {
            tracing::info!(delay_ms = delay.as_millis(), why, "handed back");
            ("handed_back", kept(ctx, claim::hand_back(&ctx.engine_pool, job, delay).await))
        }
        Err(JobError::Retry { error, database_lost: true, .. }) => {
            // Whether the effects are in is not known; the row knows, and the lease brings the job back if they are not.
            tracing::warn!(error, "the database was lost during the attempt");
            ctx.database_lost.notify_one();
            ("database_lost", false)
        }
        Err(JobError::Retry { delay, error, .. }) => {
            let delay = delay.unwrap_or_else(|| ctx.retry.delay(job.attempt, clock::jitter()));
            let fate = claim::retry(&ctx.engine_pool, job, delay, &error, trace::current().as_deref()).await;
            match &fate {
                Ok(Fate::Parked) => tracing::error!(error, "the last attempt failed; the job is parked"),
                _ => tracing::warn!(error, delay_ms = delay.as_millis(), "the attempt failed"),
            }
            (if matches!(fate, Ok(Fate::Parked)) { "parked" } else { "retried" }, kept(ctx, fate))
        }
        Err(JobError::Fail(error)) => {
            tracing::error!(error, "the job can never succeed; it is parked");
            ("parked", kept(ctx, claim::park(&ctx.engine_pool, job, &error).await))
        }
    }
}

/// May the delivery be acknowledged? Not while Postgres is away: then no more jobs are taken until it answers, and the broker delivers
/// again. If Postgres answers and refuses, delivering again would be refused again; the job's row brings the work back.
fn kept<T>(ctx: &Context, written: Result<T, Error>) -> bool {
    match written {
        Ok(_) => true,
        Err(error) if error.is_unavailable() => {
            tracing::warn!(%error, "an outcome could not be written; the lease or the broker brings the work back");
            ctx.database_lost.notify_one();
            false
        }
        Err(error) => {
            tracing::error!(%error, "Postgres refuses an outcome; the lease or the sweep brings the work back");
            true
        }
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a message".to_owned())
}
