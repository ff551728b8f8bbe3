//! From a delivery to outcomes in Postgres, and only then to an acknowledgement.
//!
//! A bundle of short jobs that touch only Postgres is tried as one transaction first
//! (`one_transaction`). Jobs that did not succeed there, and every other kind, run under a lease
//! (`leased`). A delivery is acknowledged once the outcomes of all its jobs are in Postgres. If
//! Postgres cannot be reached, it is not, and the lease or the broker brings the work back.

mod leased;
mod one_transaction;
mod outcome;

use std::{any::Any, panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt;
use muster_broker::{Delivery, Source};
use muster_domain::ids::JobId;
use muster_jobs::{Envelope, Execution, JobRef, envelope::EnvelopeError, names};
use muster_service::trace::{self, Past};
use muster_storage::{
    Error,
    db::room::{self, Asker},
    engine::{
        claim::{self, ClaimedJob},
        dead_letters, sweep,
    },
};
use tracing::{Span, info_span};

use crate::{Context, error::JobError, modes::NEWER_WORKER_WAIT};

/// The longest that the engine waits for Postgres to answer a claim, a heartbeat or an outcome.
const LONGEST_ANSWER: Duration = Duration::from_secs(15);

/// Runs the jobs of a delivery and acknowledges it.
pub(crate) async fn run(ctx: &Context, delivery: Delivery) {
    let settled = match (Envelope::decode(delivery.body()), delivery.source) {
        (Ok(envelope), Source::Kind(_)) => bundle(ctx, envelope, delivery.redelivered()).await,
        (Ok(envelope), Source::Dead) => given_up(ctx, &envelope).await,
        (Err(EnvelopeError::Newer { version, jobs }), _) => {
            tracing::warn!(version, jobs = jobs.len(), "a message of a newer version; its jobs wait for such a worker");
            kept(ctx, in_time(claim::defer(&ctx.engine_pool, &jobs, NEWER_WORKER_WAIT)).await)
        }
        (Err(error), source) => {
            ctx.metrics.undecodable();
            let queue = source.queue();
            tracing::error!(queue, %error, "a message cannot be decoded; it is parked");
            let error = error.to_string();
            kept(ctx, in_time(dead_letters::store(&ctx.engine_pool, &queue, delivery.body(), &error)).await)
        }
    };
    if settled && let Err(error) = delivery.ack().await {
        tracing::debug!(%error, "an acknowledgement was lost; the message comes again and does nothing");
    }
}

/// Runs a bundle; true when every outcome is in Postgres.
async fn bundle(ctx: &Context, envelope: Envelope, redelivered: bool) -> bool {
    let suspect = envelope.jobs.iter().any(|job| job.suspect);
    let mut jobs = envelope.jobs;
    // A redelivered message may have killed its worker: then the attempt must show before anything
    // is tried.
    if envelope.kind.execution() == Execution::InTransaction && !redelivered && !suspect {
        match one_transaction::run(ctx, envelope.kind, jobs).await {
            Ok(left) => jobs = left,
            Err(one_transaction::DatabaseLost) => return false,
        }
    }
    if jobs.is_empty() {
        return true;
    }
    leased::run(ctx, envelope.kind, &jobs, suspect).await
}

/// Takes back the jobs of a dead letter.
async fn given_up(ctx: &Context, envelope: &Envelope) -> bool {
    let ids: Vec<JobId> = envelope.jobs.iter().map(|job| job.id).collect();
    let parked = in_time(sweep::return_given_up(&ctx.engine_pool, &ids)).await;
    let jobs = ids.len();
    tracing::error!(job.kind = %envelope.kind, jobs, parked = parked.as_ref().ok(), "the broker gave up a message");
    kept(ctx, parked)
}

/// Waits for Postgres, but not for ever: a connection that was cut off looks like one that is slow.
async fn in_time<T>(answer: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::time::timeout(LONGEST_ANSWER, answer).await.unwrap_or(Err(Error::NoAnswer(LONGEST_ANSWER)))
}

/// Returns whether the delivery may be acknowledged. Not while Postgres is away: then no more jobs
/// are taken until it answers, and the broker delivers again. If Postgres answers and refuses,
/// delivering again would be refused again; the job's row brings the work back.
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

/// Returns the span of an attempt: a child of the message that brought it, or linked to the first
/// attempt if there was one.
fn span(job: &ClaimedJob, refs: &[JobRef]) -> Span {
    let span = info_span!(
        "run",
        otel.name = format!("run {}", job.kind),
        otel.kind = "consumer",
        messaging.system = "rabbitmq",
        messaging.destination.name = format!("{}:{}:{}", names::EXCHANGE, job.kind, names::queue(job.kind)),
        messaging.rabbitmq.destination.routing_key = job.kind.as_str(),
        messaging.operation.name = "process",
        "messaging.operation.type" = "process",
        otel.status_code = tracing::field::Empty,
        "error.type" = tracing::field::Empty,
        job.bundle = i64::try_from(refs.len()).unwrap_or(i64::MAX),
        job.id = %job.id,
        job.kind = job.kind.as_str(),
        job.attempt = i64::from(job.attempt),
        job.wait_ms = (job.claimed_at - job.run_at).num_milliseconds(),
        organization.id = job.organization_id.map(tracing::field::display),
    );
    let message = refs.iter().find(|job_ref| job_ref.id == job.id).and_then(|message| message.traceparent.as_deref());
    if job.attempt == 1 {
        trace::set_parent(&span, message);
    } else {
        // A retry is a trace of its own, linked to the first attempt.
        trace::link(&span, job.first_attempt.as_deref().or(job.traceparent.as_deref()));
    }
    // The wait in the broker and in this worker's prefetch is over when the attempt begins.
    if let (Some(published_at), Some(message)) = (job.published_at, message) {
        let wait = Past {
            name: format!("wait {}", job.kind),
            from: published_at.into(),
            until: job.claimed_at.into(),
            attributes: [("job.id", job.id.to_string()), ("job.kind", job.kind.as_str().to_owned())],
        };
        trace::over(wait, message);
    }
    span
}

/// Returns the span of a commit, by OpenTelemetry's semantic conventions for databases.
fn commit_span() -> Span {
    info_span!(
        "commit",
        otel.name = "COMMIT",
        otel.kind = "client",
        "db.system.name" = "postgresql",
        "db.operation.name" = "COMMIT",
    )
}

/// Runs handlers for so long at most; a panic and a time-out are errors that may be tried again
/// (engine promise J7). They use one connection of a pool at a time.
async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, JobError>>) -> Result<T, JobError> {
    let work = room::alone(Asker::Ours, AssertUnwindSafe(work).catch_unwind());
    match tokio::time::timeout(limit, work).await {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => Err(JobError::retry(format!("panic: {}", panic_message(&*panic)))),
        Err(_) => Err(JobError::retry(format!("the time limit of {} s is over", limit.as_secs()))),
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_retry(result: &Result<(), JobError>, because: &str) -> bool {
        matches!(result, Err(JobError::Retry { error, database_lost: false, .. }) if error.contains(because))
    }

    #[tokio::test]
    #[expect(clippy::panic, reason = "what the test is about")]
    async fn j7_a_panic_is_an_error_of_the_attempt() {
        let result = within(Duration::from_hours(1), async { panic!("out of luck") }).await;
        assert!(is_retry(&result, "panic: out of luck"), "{result:?}");
    }

    #[tokio::test]
    async fn j7_a_handler_that_hangs_is_ended_when_its_time_is_over() {
        let result = within(Duration::ZERO, std::future::pending()).await;
        assert!(is_retry(&result, "time limit"), "{result:?}");
    }
}
