//! The relay: from committed rows to confirmed messages.
//!
//! A round takes due rows, publishes them and marks them published when the broker has confirmed, all in one transaction: if this
//! process dies anywhere in between, the rows are pending still and another relay takes them. A job that is published twice so
//! is harmless (engine promise J3).

use std::time::Duration;

use anyhow::Context;
use muster_broker::{Message, Publisher, ReconnectDelays};
use muster_jobs::{Envelope, JobRef, names::NOTIFY_JOBS};
use muster_service::trace;
use muster_storage::engine::relay::{self, DueJob};
use tracing::info_span;

use crate::Scheduler;

/// Jobs of a kind that one round takes at most.
const ROUND: i64 = 250;

/// Relays until it is time to stop.
pub(crate) async fn run(scheduler: &Scheduler, mut publisher: Publisher) {
    let poll = Duration::from_millis(scheduler.settings.relay_poll_ms);
    let mut delays = ReconnectDelays::default();
    while !scheduler.stop.is_cancelled() {
        match round(scheduler, &mut publisher).await {
            Ok(published) => {
                delays.reset();
                scheduler.readiness.report("broker", publisher.check().await.map_err(|error| error.to_string()));
                if published == 0 {
                    tokio::select! {
                        () = scheduler.stop.cancelled() => {}
                        () = scheduler.enqueued.notified() => {}
                        () = tokio::time::sleep(poll) => {}
                    }
                }
            }
            Err(error) => {
                scheduler.metrics.relay_errors.inc();
                scheduler.readiness.report("broker", Err(format!("{error:#}")));
                tracing::warn!(error = format!("{error:#}"), "the relay could not publish; jobs stay pending");
                scheduler.pause(delays.next_delay()).await;
            }
        }
    }
}

async fn round(scheduler: &Scheduler, publisher: &mut Publisher) -> anyhow::Result<usize> {
    let mut tx = scheduler.pool.begin().await.context("begin")?;
    let due = relay::take_due(&mut tx, ROUND).await.context("take due jobs")?;
    if due.is_empty() {
        return Ok(0);
    }
    let messages = due.iter().map(message).collect::<Result<Vec<_>, _>>().context("encode")?;
    let confirmed = publisher.publish(&messages).await.context("publish")?;
    let published: Vec<_> = due.iter().zip(&confirmed).filter(|(_, ok)| **ok).map(|(job, _)| job.id).collect();
    relay::mark_published(&mut tx, &published).await.context("mark published")?;
    tx.commit().await.context("commit")?;
    let returned = due.len() - published.len();
    scheduler.metrics.jobs_published.inc_by(published.len() as u64);
    if returned > 0 {
        scheduler.metrics.jobs_returned.inc_by(returned as u64);
        tracing::warn!(jobs = returned, "the broker returned or refused messages; their jobs stay pending");
        // Without this, jobs that cannot be routed would be published in a tight loop.
        scheduler.pause(Duration::from_secs(1)).await;
    }
    Ok(published.len())
}

/// One message for one job, published within the trace of whoever enqueued it.
fn message(job: &DueJob) -> Result<Message, serde_json::Error> {
    let span = info_span!(
        "publish",
        otel.name = format!("publish {}", job.kind),
        otel.kind = "producer",
        messaging.system = "rabbitmq",
        messaging.destination.name = job.kind.as_str(),
        messaging.operation.r#type = "send",
        job.id = %job.id,
        job.run_at = %job.run_at,
    );
    trace::set_parent(&span, job.traceparent.as_deref());
    let traceparent = trace::of(&span).or_else(|| job.traceparent.clone());
    let body = Envelope::new(job.kind, vec![JobRef { id: job.id, traceparent }]).encode()?;
    Ok(Message { kind: job.kind, body })
}

/// Wakes the relay when somebody commits a job. Polling makes up for whatever is missed here.
pub(crate) async fn listen(scheduler: &Scheduler) {
    while !scheduler.stop.is_cancelled() {
        let listening = async {
            let mut listener = scheduler.pool.listen(NOTIFY_JOBS).await?;
            loop {
                listener.wait().await?;
                scheduler.enqueued.notify_one();
            }
        };
        let ended: Result<(), muster_storage::Error> = tokio::select! {
            () = scheduler.stop.cancelled() => return,
            ended = listening => ended,
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "not listening for a while; the relay polls");
        }
        scheduler.pause(Duration::from_secs(1)).await;
    }
}
