//! The relay: from committed rows to confirmed messages.
//!
//! A round looks at the lines of due jobs, takes each tenant's share of them, publishes these in
//! bundles and marks them published, the last three in one transaction, which commits when the
//! broker has confirmed: if this process dies anywhere in between, the rows are pending still and
//! another relay takes them. A job that is published twice so is harmless (engine promise J3).

use std::time::Duration;

use anyhow::Context;
use muster_broker::{Address, Message, Publisher};
use muster_domain::engine::retry::ReconnectDelays;
use muster_jobs::{Envelope, Execution, JobKind, JobRef, fair, names};
use muster_service::{clock, config::SchedulerSettings, trace};
use muster_storage::{
    Pool,
    engine::relay::{self, DueJob, Taken},
};
use tracing::{Span, info_span};

use crate::{LONGEST_ROUND, Scheduler};

/// Jobs of a kind that one round takes at most.
const JOBS_PER_ROUND: i64 = 500;
/// Messages that a round would rather make of a backlog than fewer and fuller ones, so that every
/// worker gets some.
const MESSAGES_PER_ROUND: usize = 8;
/// Jobs that share a transaction travel in as few messages as hold so many each: a transaction
/// costs as much as many of its jobs.
const JOBS_PER_TRANSACTION: usize = 50;
/// The longest that taken rows stay locked by a relay that stands still; the broker has less to
/// answer in.
const IDLE_LIMIT: Duration = Duration::from_secs(20);
/// The longest that the relay rests after a round.
const LONGEST_REST: Duration = Duration::from_millis(100);

/// Returns the relay's own connections: one for its transaction and one for its look-ups meanwhile.
/// Its commits do not wait for the disk: they only say that the broker has a message, and a job
/// with a lost mark is published twice, which is harmless.
pub(crate) fn pool(settings: &SchedulerSettings) -> muster_storage::Result<Pool> {
    let options = muster_storage::PoolOptions {
        name: settings.process.name.clone(),
        max_connections: 2,
        durable: false,
        by_index: true,
        idle_transaction_limit: IDLE_LIMIT,
        ..muster_storage::PoolOptions::default()
    };
    Pool::connect_lazily(&settings.database.url, &options)
}

/// Relays until it is time to stop.
pub(crate) async fn run(scheduler: &Scheduler, pool: &Pool, mut publisher: Publisher) {
    let poll = Duration::from_millis(scheduler.settings.engine.relay_poll_ms);
    let mut delays = ReconnectDelays::default();
    let mut turn = 0_usize;
    while !scheduler.stop.is_cancelled() {
        let begun = clock::start();
        let round_end = match tokio::time::timeout(LONGEST_ROUND, round(scheduler, pool, &mut publisher, turn)).await {
            Ok(round_end) => round_end,
            Err(_) => Err(anyhow::anyhow!("a round took longer than {LONGEST_ROUND:?}")),
        };
        turn = turn.wrapping_add(1);
        match round_end {
            Ok(more) => {
                delays.reset();
                if !publisher.is_open() {
                    // Whether another can be made is known some seconds later.
                    scheduler.readiness.report("broker", Err("connecting".to_owned()));
                }
                scheduler.readiness.report("broker", publisher.check().await.map_err(|error| error.to_string()));
                // A job that is committed after the round's look wakes the relay.
                if !more {
                    scheduler.pause(rest(begun.elapsed())).await;
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
                scheduler.pause(delays.next_delay(clock::jitter())).await;
            }
        }
    }
}

/// Returns how long the relay rests after a round that found no backlog: as long as the round took.
/// Jobs of the meantime share the next round and its messages, and with them the transactions of
/// workers. A round takes longer where the machine is busy, so that rounds become fewer and fuller
/// with the load; alone a job waits for no rest, because the last round is long over.
fn rest(round: Duration) -> Duration {
    round.min(LONGEST_REST)
}

/// Publishes due jobs; returns whether more of them may be due.
async fn round(scheduler: &Scheduler, pool: &Pool, publisher: &mut Publisher, turn: usize) -> anyhow::Result<bool> {
    let mut survey = relay::survey(pool).await.context("look for due jobs")?;
    if survey.lanes.is_empty() {
        return Ok(false);
    }
    let mut tx = pool.begin().await.context("begin")?;
    if survey.limited {
        relay::apply_limits(&mut tx, &mut survey.lanes).await.context("apply limits")?;
    }
    relay::apply_shares(&mut tx, &mut survey.lanes).await.context("apply shares")?;
    let shares = fair::shares(&survey.lanes, JOBS_PER_ROUND, turn);
    let Taken { due, more } = relay::take_due(&mut tx, &survey.lanes, shares).await.context("take due jobs")?;
    if due.is_empty() {
        return Ok(false);
    }
    let bundles = bundles(&due);
    let broker = Address::of(&scheduler.settings.broker.url);
    let spans: Vec<Vec<Span>> = bundles
        .iter()
        .map(|bundle| bundle.iter().map(|job| span(job, bundles.len(), broker.as_ref())).collect())
        .collect();
    let messages = bundles
        .iter()
        .zip(&spans)
        .map(|(bundle, spans)| message(bundle, spans))
        .collect::<Result<Vec<_>, _>>()
        .context("encode")?;
    // The mark is written while the broker writes; it counts when this commits, and that is after
    // the confirmation. Callers of the relay wait for the commit.
    let ids: Vec<_> = due.iter().map(|job| job.id).collect();
    let publish = async {
        let begun = clock::start();
        let confirmed = publisher.publish(&messages).await;
        scheduler.metrics.published(&messages, confirmed.as_deref().ok(), begun.elapsed());
        end(spans, confirmed.as_deref().ok());
        confirmed
    };
    let (confirmed, marked) = tokio::join!(publish, relay::mark_published(&mut tx, &ids));
    let confirmed = confirmed.context("publish")?;
    marked.context("mark published")?;
    let returned: Vec<_> = bundles
        .iter()
        .zip(&confirmed)
        .filter(|(_, ok)| !**ok)
        .flat_map(|(jobs, _)| jobs.iter().map(|job| job.id))
        .collect();
    if !returned.is_empty() {
        relay::unmark(&mut tx, &returned).await.context("take marks off")?;
    }
    tx.commit().await.context("commit")?;
    let published = due.len() - returned.len();
    scheduler.metrics.jobs_published.inc_by(published as u64);
    scheduler.metrics.messages_published.inc_by(confirmed.len() as u64);
    if !returned.is_empty() {
        scheduler.metrics.jobs_returned.inc_by(returned.len() as u64);
        tracing::warn!(jobs = returned.len(), "the broker returned or refused messages; their jobs stay pending");
        // Without this, jobs that cannot be routed would be published in a tight loop.
        scheduler.pause(Duration::from_secs(1)).await;
    }
    Ok(more && published > 0)
}

/// Cuts due jobs into messages: alone while there are few, in bundles when there is a backlog; a
/// suspect is always alone. Jobs that share a transaction do so from the second on. Jobs that a
/// worker works on together always travel together: a brand's statements that run one after the
/// other are made once for all of them.
fn bundles(due: &[DueJob]) -> Vec<Vec<&DueJob>> {
    let mut bundles = Vec::new();
    for kind in JobKind::ALL {
        let (suspects, others): (Vec<_>, Vec<_>) =
            due.iter().filter(|job| job.kind == kind).partition(|job| job.suspect);
        let size = match kind.execution() {
            Execution::Together => kind.policy().bundle,
            Execution::InTransaction => {
                others.len().div_ceil(MESSAGES_PER_ROUND).max(JOBS_PER_TRANSACTION).min(kind.policy().bundle)
            }
            Execution::Leased => others.len().div_ceil(MESSAGES_PER_ROUND).clamp(1, kind.policy().bundle),
        };
        bundles.extend(suspects.into_iter().map(|job| vec![job]));
        bundles.extend(others.chunks(size).map(<[_]>::to_vec));
    }
    bundles
}

/// Returns the span of a job that is published with so many messages, within the trace of the
/// request or job that enqueued it. It ends when the broker has answered.
fn span(job: &DueJob, messages: usize, broker: Option<&Address>) -> Span {
    let kind = job.kind;
    let span = info_span!(
        "publish",
        otel.name = format!("publish {kind}"),
        otel.kind = "producer",
        otel.status_code = tracing::field::Empty,
        messaging.system = "rabbitmq",
        messaging.destination.name = format!("{}:{kind}", names::EXCHANGE),
        messaging.rabbitmq.destination.routing_key = kind.as_str(),
        messaging.operation.name = "publish",
        "messaging.operation.type" = "send",
        messaging.batch.message_count = i64::try_from(messages).unwrap_or(i64::MAX),
        server.address = broker.map(|broker| broker.host.as_str()),
        server.port = broker.map(|broker| i64::from(broker.port)),
        "error.type" = tracing::field::Empty,
        job.id = %job.id,
        job.kind = kind.as_str(),
        job.run_at = %job.run_at,
    );
    trace::set_parent(&span, job.traceparent.as_deref());
    span
}

/// Returns one message for a bundle, which carries the trace context of each job's span.
fn message(bundle: &[&DueJob], spans: &[Span]) -> Result<Message, serde_json::Error> {
    let job_ref = |(job, span): (&&DueJob, &Span)| {
        let traceparent = trace::of(span).or_else(|| job.traceparent.clone());
        JobRef { id: job.id, traceparent, suspect: job.suspect }
    };
    let kind = bundle[0].kind;
    let body = Envelope::new(kind, bundle.iter().zip(spans).map(job_ref).collect()).encode()?;
    Ok(Message { kind, body })
}

/// Ends the spans of a publish with the broker's answer to each message; none where no answer is
/// known.
fn end(spans: Vec<Vec<Span>>, confirmed: Option<&[bool]>) {
    for (nth, spans) in spans.into_iter().enumerate() {
        let failed = match confirmed.map(|confirmed| confirmed.get(nth)) {
            Some(Some(true)) => None,
            Some(_) => Some("returned"),
            None => Some("_OTHER"),
        };
        for span in spans {
            if let Some(kind) = failed {
                trace::record_error(&span, kind);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    };

    use chrono::DateTime;
    use muster_domain::ids::JobId;
    use tracing::{
        Subscriber,
        field::{Field, Visit},
        span::{Attributes, Id, Record},
    };
    use tracing_subscriber::{
        Layer,
        layer::{Context as LayerContext, SubscriberExt},
    };

    use super::*;

    fn due(kind: JobKind, jobs: usize) -> Vec<DueJob> {
        let job =
            |_| DueJob { id: JobId::new(), kind, traceparent: None, run_at: DateTime::UNIX_EPOCH, suspect: false };
        (0..jobs).map(job).collect()
    }

    fn sizes(due: &[DueJob]) -> Vec<usize> {
        bundles(due).iter().map(Vec::len).collect()
    }

    #[test]
    fn the_relay_rests_for_as_long_as_a_round_took_and_never_for_long() {
        assert_eq!(rest(Duration::from_millis(3)), Duration::from_millis(3));
        assert_eq!(rest(Duration::from_secs(15)), LONGEST_REST);
    }

    #[test]
    fn alone_a_job_travels_at_once_and_a_backlog_in_bundles() {
        assert_eq!(sizes(&due(JobKind::Probe, 1)), [1]);
        assert_eq!(sizes(&due(JobKind::Probe, 70)), [50, 20], "they share a transaction");
        assert_eq!(sizes(&due(JobKind::LeaseExpiry, 8)), [1; 8]);
        assert_eq!(sizes(&due(JobKind::Probe, 500)), [63, 63, 63, 63, 63, 63, 63, 59]);
        assert_eq!(sizes(&due(JobKind::CsvIngestion, 3)), [1; 3], "long kinds always alone");
        assert_eq!(sizes(&due(JobKind::Send, 6)), [6], "what is worked on together travels together");
        assert_eq!(sizes(&due(JobKind::Send, 40)), [16, 16, 8]);
    }

    /// Outcome of spans: fields that were recorded, and how many have ended.
    #[derive(Clone, Default)]
    struct Spans {
        recorded: Arc<Mutex<Vec<(String, String)>>>,
        ended: Arc<AtomicUsize>,
    }

    impl Visit for Spans {
        fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
            self.recorded.lock().unwrap().push((field.name().to_owned(), format!("{value:?}")));
        }
    }

    impl<S: Subscriber> Layer<S> for Spans {
        fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: LayerContext<'_, S>) {
            attributes.record(&mut self.clone());
        }

        fn on_record(&self, _: &Id, values: &Record<'_>, _: LayerContext<'_, S>) {
            values.record(&mut self.clone());
        }

        fn on_close(&self, _: Id, _: LayerContext<'_, S>) {
            self.ended.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn spans_count_messages_and_last_until_the_broker_has_answered() {
        let seen = Spans::default();
        let subscriber = tracing_subscriber::registry().with(seen.clone());
        let _current = tracing::subscriber::set_default(subscriber);
        let due = due(JobKind::Send, 6);
        let bundles = [due[..4].iter().collect::<Vec<_>>(), due[4..].iter().collect()];
        let spans: Vec<Vec<Span>> =
            bundles.iter().map(|bundle| bundle.iter().map(|job| span(job, bundles.len(), None)).collect()).collect();
        for (bundle, spans) in bundles.iter().zip(&spans) {
            message(bundle, spans).unwrap();
        }
        assert_eq!(seen.ended.load(Ordering::Relaxed), 0, "spans have ended before the publish");
        end(spans, Some(&[true, false]));
        assert_eq!(seen.ended.load(Ordering::Relaxed), 6);
        let recorded = |name: &str| {
            let all = seen.recorded.lock().unwrap();
            all.iter().filter(|(field, _)| field == name).map(|(_, value)| value.clone()).collect::<Vec<_>>()
        };
        assert_eq!(recorded("messaging.batch.message_count"), ["2"; 6], "messages, whatever the jobs in them");
        assert_eq!(recorded("error.type"), ["\"returned\""; 2]);
    }

    #[test]
    fn j7_a_suspect_travels_alone() {
        let mut jobs = due(JobKind::Probe, 100);
        jobs[50].suspect = true;
        let bundles = bundles(&jobs);
        assert!(bundles.iter().all(|bundle| bundle.len() == 1 || bundle.iter().all(|job| !job.suspect)));
        assert_eq!(bundles.iter().map(Vec::len).sum::<usize>(), 100);
    }
}
