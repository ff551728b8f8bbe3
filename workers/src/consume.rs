//! The consumer's supervisor: a session with the broker as long as it lasts, then another; none
//! while the database is away.

use std::time::Duration;

use muster_broker::Session;
use muster_domain::engine::retry::ReconnectDelays;
use muster_service::{clock, health::Readiness};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{Context, runner};

/// Part of the grace time that is kept for requeueing unfinished jobs.
const HANDING_BACK: Duration = Duration::from_secs(5);
/// After how long without an answer the database counts as away.
const LONGEST_ANSWER: Duration = Duration::from_secs(10);

/// Consumes until it is time to stop, then finishes its jobs (engine promise J8).
pub(crate) async fn run(ctx: &Context, readiness: &Readiness, stop: &CancellationToken) {
    let running = TaskTracker::new();
    let mut delays = ReconnectDelays::default();
    let mut draining = ctx.draining.subscribe();
    while !stop.is_cancelled() {
        if *draining.borrow_and_update() {
            tracing::info!(jobs = running.len(), "draining: no more jobs are taken until an operator says so");
            let told = draining.wait_for(|draining| !draining);
            if stop.run_until_cancelled(told).await.is_none() {
                break;
            }
            continue;
        }
        // While the database does not answer, nothing is taken and nothing is acknowledged.
        if let Err(error) = database_answers(ctx).await {
            tracing::warn!(error, "the database does not answer; taking no jobs");
            readiness.report("database", Err(error));
            stop.run_until_cancelled(tokio::time::sleep(delays.next_delay(clock::jitter()))).await;
            continue;
        }
        let (url, name) = (&ctx.settings.broker.url, &ctx.settings.process.name);
        let prefetch = |kind| ctx.choice.prefetch(kind);
        match Session::open_on(&ctx.line, url, name, ctx.choice.kinds(), prefetch).await {
            Ok(session) => {
                delays.reset();
                readiness.report("broker", Ok(()));
                let session = drive(ctx, session, &running, stop, &mut draining).await;
                if stop.is_cancelled() {
                    drain(ctx, &running).await;
                } else if *draining.borrow() {
                    // Messages that were not begun go to others at once. Messages of running jobs
                    // go too, find these claimed, and do nothing (engine promise J3).
                    session.close().await;
                    continue;
                } else {
                    readiness.report("broker", Err("reconnecting".to_owned()));
                }
                session.close().await;
            }
            Err(error) => {
                readiness.report("broker", Err(error.to_string()));
                tracing::warn!(%error, "the broker cannot be consumed from; trying again");
            }
        }
        stop.run_until_cancelled(tokio::time::sleep(delays.next_delay(clock::jitter()))).await;
    }
    // There may be work of a session that was gone before it was time to stop.
    drain(ctx, &running).await;
}

async fn database_answers(ctx: &Context) -> Result<(), String> {
    match tokio::time::timeout(LONGEST_ANSWER, ctx.engine_pool.now()).await {
        Ok(answer) => answer.map(|_| ()).map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {LONGEST_ANSWER:?}")),
    }
}

/// Runs the session's deliveries until the session fails, the database is lost, or it is time to
/// drain or to stop.
async fn drive(
    ctx: &Context,
    mut session: Session,
    running: &TaskTracker,
    stop: &CancellationToken,
    draining: &mut watch::Receiver<bool>,
) -> Session {
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return session,
            // The sender lives as long as the context.
            _ = draining.wait_for(|draining| *draining) => return session,
            () = ctx.database_lost.notified() => {
                tracing::warn!("the database was lost; giving deliveries back until it answers");
                return session;
            }
            delivery = session.next() => match delivery {
                // The broker's prefetch bounds how many run at once.
                Some(delivery) => {
                    let ctx = ctx.clone();
                    running.spawn(async move {
                        let begun = ctx.metrics.begun(delivery.source);
                        runner::run(&ctx, delivery).await;
                        ctx.metrics.ended(begun);
                    });
                }
                None => {
                    tracing::warn!("the session with the broker ended; opening another");
                    return session;
                }
            },
        }
    }
}

/// Waits for running jobs, and has them requeued when the grace time is nearly over.
async fn drain(ctx: &Context, running: &TaskTracker) {
    running.close();
    ctx.stopping.cancel();
    let patience = ctx.settings.process.shutdown_grace().saturating_sub(HANDING_BACK);
    if tokio::time::timeout(patience, running.wait()).await.is_err() {
        tracing::warn!(jobs = running.len(), "handing back what is not done");
        ctx.hand_back.cancel();
        running.wait().await;
    }
}
