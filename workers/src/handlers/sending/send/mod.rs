//! `send`: hands queued messages to the carrier (rules S1, S2, S3, S7 and S9).
//!
//! Jobs of one organization that travelled together are worked on together: for a brand's lanes and
//! ledgers, on which all its hand-overs wait for each other, hundreds of single texts then cost as
//! much as one.
//!
//! Three steps, and a crash between any two loses nothing and repeats nothing:
//! 1. One transaction decides about each message by the present state, takes its time in its lanes,
//!    reserves its segments under the cap and marks it `sending`.
//! 2. The carrier is called, outside any transaction, and only while this attempt's time for it
//!    lasts and nothing that was decided has changed (`hand`). However slow it is, that is only
//!    this organization's loss: meanwhile the slot is others' (engine promise J6).
//! 3. One transaction records the carrier's answers and completes the jobs.
//!
//! If the worker dies in step 2, the messages stay `sending`. A later attempt never calls the
//! carrier for them: it makes them `unknown`, and `message-reconcile`, with a timer that step 1 has
//! set, settles them by asking the carrier.

mod decide;
mod hand;
mod record;

use std::{collections::BTreeMap, sync::Arc};

use futures::{FutureExt, StreamExt, stream};
use muster_carrier::{Gateway, OutboundText, Outcome, Permit};
use muster_domain::ids::OrganizationId;
use muster_jobs::kinds::Send;
use muster_service::{clock, trace};
use muster_storage::{
    Tx,
    engine::claim::ClaimedJob,
    sending::{self, Queued},
};
use tracing::{Instrument, info_span};

use self::{
    decide::{Locks, mark, window},
    hand::Hand,
    record::record,
};
use crate::{Context, Slot, Together, error::JobError};

impl Together for Send {
    /// Puts jobs that are best worked on together into one group each: those of one organization,
    /// up to so many messages as one job may have.
    async fn groups<'a>(ctx: &Context, jobs: &'a [ClaimedJob]) -> Result<Vec<Vec<&'a ClaimedJob>>, JobError> {
        if let [alone] = jobs {
            return Ok(vec![vec![alone]]);
        }
        let ids: Vec<_> = jobs.iter().map(|job| job.id).collect();
        let counts = sending::count_queued(&ctx.pool, &ids).await?;
        let sized = jobs.iter().map(|job| (job.organization_id, counts.get(&job.id).copied().unwrap_or(0), job));
        Ok(fill(sized, Send::MAX_MESSAGES))
    }

    /// Hands over the messages of jobs of one organization. The returned transaction holds the
    /// effects of all of them.
    async fn run(ctx: &Context, jobs: &[&ClaimedJob], slot: &mut Slot) -> Result<Tx, JobError> {
        let organization_id = jobs.first().and_then(|job| job.organization_id);
        let turn = match organization_id {
            Some(id) => match ctx.turns.try_take(id) {
                Some(turn) => Some(turn),
                None => slot.lent_while(ctx.turns.take(id)).await,
            },
            None => None,
        };
        let marked = match mark(ctx, jobs, Locks::Late).await? {
            Some(marked) => Some(marked),
            None => mark(ctx, jobs, Locks::First).await?,
        };
        let Some(marked) = marked else {
            return Err(JobError::retry("what was locked was taken by others"));
        };
        if marked.handed_over.is_empty() {
            return Ok(marked.tx);
        }
        let hand = Hand::of(ctx, &marked, window(ctx));
        marked.tx.commit().await?;
        drop(turn);

        let outcomes = slot.lent_while(call_carrier(ctx, &hand, &marked.handed_over)).await;

        let mut tx = ctx.pool.begin_repeated().await?;
        record(ctx, &mut tx, jobs, &marked.organization, &marked.handed_over, outcomes).await?;
        Ok(tx)
    }
}

/// Fills groups of one organization with jobs of so many messages, each up to `most`; a larger job
/// is alone.
fn fill<J>(sized: impl Iterator<Item = (Option<OrganizationId>, usize, J)>, most: usize) -> Vec<Vec<J>> {
    let (mut full, mut open) = (Vec::new(), BTreeMap::<_, (usize, Vec<J>)>::new());
    for (organization_id, messages, job) in sized {
        let (filled, group) = open.entry(organization_id).or_default();
        if *filled + messages > most && !group.is_empty() {
            full.push(std::mem::take(group));
            *filled = 0;
        }
        *filled += messages;
        group.push(job);
    }
    full.extend(open.into_values().map(|(_, group)| group));
    full
}

/// Step 2: calls the carrier for each message, some at a time. Nothing is called once the time for
/// calls is over since the decision: an attempt that was stopped and wakes up late hands nothing
/// over, because the carrier may have been asked about its messages by then. Nor is anything called
/// that the carrier could not send in time, or that was forbidden since it was decided: the answer
/// for that is none.
async fn call_carrier(ctx: &Context, hand: &Arc<Hand>, messages: &[Queued]) -> Vec<Option<Outcome>> {
    let (gateway, hand, under_way) = (Arc::clone(&ctx.gateway), Arc::clone(hand), Arc::clone(&ctx.carrier_calls));
    // A call takes memory from its turn on: calls are made as the stream asks for them.
    let calls = messages.iter().cloned().map(move |message| {
        let (gateway, hand, under_way) = (Arc::clone(&gateway), Arc::clone(&hand), Arc::clone(&under_way));
        async move {
            // The semaphore is never closed.
            let _under_way = under_way.acquire().await;
            call(gateway, hand, message).await
        }
        .boxed()
    });
    stream::iter(calls).buffered(ctx.settings.gateway.concurrency).collect().await
}

async fn call(gateway: Arc<dyn Gateway>, hand: Arc<Hand>, message: Queued) -> Option<Outcome> {
    if hand.is_late() {
        return Some(Outcome::NotSent);
    }
    let subjects = hand.subjects(&message);
    if !hand.may_go(message.id, &subjects).await {
        return None;
    }
    let begun = clock::start();
    let valid_for = hand.life(&message)?;
    let Some(to) = message.to else { return Some(Outcome::NotSent) };
    let span = info_span!(
        "POST Messages",
        otel.kind = "client",
        otel.status_code = tracing::field::Empty,
        http.request.method = "POST",
        url.full = tracing::field::Empty,
        server.address = tracing::field::Empty,
        server.port = tracing::field::Empty,
        http.response.status_code = tracing::field::Empty,
        "error.type" = tracing::field::Empty,
        message.id = %message.id,
        message.segments = message.segments,
        outcome = tracing::field::Empty,
    );
    trace::link(&span, message.traceparent.as_deref());
    let traceparent = trace::of(&span);
    let text =
        OutboundText { message_id: message.id, to, from: message.from, body: message.body, valid_for, traceparent };
    let permit: Permit = hand.permits(message.id, subjects, begun).boxed();
    let outcome = gateway.send(&text, permit).instrument(span.clone()).await;
    span.record("outcome", name(&outcome));
    Some(outcome).filter(|outcome| *outcome != Outcome::Withheld)
}

const fn name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted { .. } => "accepted",
        Outcome::Refused { .. } => "refused",
        Outcome::NotSent => "not_sent",
        Outcome::Withheld => "withheld",
        Outcome::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_texts_of_an_organization_go_together_and_batches_do_not() {
        let (ours, theirs) = (OrganizationId::new(), OrganizationId::new());
        let singles = (0..250).map(|n| (Some(ours), 1, n));
        let sizes: Vec<_> = fill(singles, 100).iter().map(Vec::len).collect();
        assert_eq!(sizes, [100, 100, 50]);

        let mixed = [
            (Some(ours), 60, 0),
            (Some(theirs), 1, 1),
            (Some(ours), 60, 2),
            (Some(theirs), 0, 3),
            (Some(ours), 300, 4),
        ];
        let mut groups = fill(mixed.into_iter(), 100);
        groups.sort();
        assert_eq!(groups, [vec![0], vec![1, 3], vec![2], vec![4]]);
    }
}
