//! `rate-release`: lets go what has its turn in the lanes that it waits for (rule S4).
//!
//! All lanes of an organization are looked after at once, at most once in [`TICK`]. Goals take turns in a lane. What is let go has taken
//! its time in its lanes, so that the hand-over lets it pass; what could not be handed over now in any case (a goal is paused, hours
//! have ended) takes none, and leaves the room to others.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use muster_domain::sending::{
    Decision, HoldReason,
    rate::{Lane, Lanes, TICK},
};
use muster_jobs::{payloads::RateRelease, timer::TimerKind};
use muster_storage::{
    Tx,
    engine::{claim::ClaimedJob, timers},
    sending::{self, Held, rates},
    tenancy::organizations,
};

use super::pace;
use crate::{Context, error::JobError};

/// Texts that one job takes of a lane at most.
const ROUND: i64 = 5_000;

pub(crate) async fn run(ctx: &Context, job: &ClaimedJob, payload: RateRelease) -> Result<Tx, JobError> {
    let mut tx = ctx.pool.begin().await?;
    // Settings and goals that decide stay as they are read until this commits (rule S9).
    organizations::keep_terms(&mut tx, payload.organization_id).await?;
    let organization = ctx.organization(&mut tx, job).await?;
    if organization.id != payload.organization_id {
        return Err(JobError::fail("the job is another organization's"));
    }
    let limits = rates::limits(&mut tx, organization.brand_id).await?;
    rates::make_carrier_lanes(&mut tx, organization.brand_id, &limits).await?;
    let before = rates::lock_all(&mut tx, organization.brand_id).await?;
    let now = tx.clock().await?;
    let mut lanes = before.clone();
    // One more than fits, so that it is seen when something stays behind.
    let most: Vec<_> = waited_for(&lanes).map(|(key, lane)| (key.clone(), lane.room(now).min(ROUND) + 1)).collect();
    let waiting = rates::lock_waiting(&mut tx, organization.id, &most).await?;
    let ids: Vec<_> = waiting.iter().filter_map(|waiting| waiting.id).collect();
    let mut messages: BTreeMap<_, _> = sending::read(&mut tx, &ids, &organization.settings)
        .await?
        .into_iter()
        .map(|message| (message.id, message))
        .collect();
    let (mut urgent, mut ordinary, mut held, mut cancelled) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut moved = false;
    // How much was looked at of each lane, and when the first text that stays behind may go.
    let mut seen = BTreeMap::<String, (i64, Option<DateTime<Utc>>)>::new();
    for waiting in waiting {
        let seen = seen.entry(waiting.lane.clone()).or_default();
        seen.0 += 1;
        let Some(id) = waiting.id else {
            seen.1 = Some(now);
            continue;
        };
        let Some(message) = messages.remove(&id) else { continue };
        let leaves = match message.candidate.decide(now) {
            Decision::Cancel(reason) => {
                cancelled.push((message.id, reason.as_str()));
                true
            }
            Decision::Hold(reason, until) => {
                let held_now = Held { id: message.id, reason: reason.as_str(), until, lane: None };
                held.push((message.group_id, held_now));
                true
            }
            Decision::HandOver => {
                let paces = pace::lanes_of(&message, &organization, &limits);
                let keys: Vec<_> = paces.into_keys().collect();
                match lanes.take(&keys, message.segments, false, now) {
                    Ok(()) => {
                        let urgent_one = !message.candidate.kind.belongs_to_goal();
                        if urgent_one {
                            urgent.push(message.id);
                        } else {
                            ordinary.push(message.id);
                        }
                        true
                    }
                    Err(full) if full.lane == waiting.lane => {
                        let opens = lanes.0[&full.lane].opens_at(now, message.segments);
                        seen.1 = Some(seen.1.map_or(opens, |first| first.min(opens)));
                        false
                    }
                    Err(full) => {
                        lanes.wait(&full.lane, message.segments);
                        moved = true;
                        let (reason, until) = (HoldReason::Rate.as_str(), Some(full.expected_at));
                        held.push((message.group_id, Held { id: message.id, reason, until, lane: Some(full.lane) }));
                        true
                    }
                }
            }
        };
        if leaves {
            left(&mut lanes, &waiting.lane, message.segments);
        }
    }
    rates::store(&mut tx, &before, &lanes).await?;
    let timed: Vec<_> = held.iter().filter(|(_, held)| held.lane.is_none()).cloned().collect();
    sending::hold(&mut tx, &held.into_iter().map(|(_, held)| held).collect::<Vec<_>>()).await?;
    sending::cancel(&mut tx, &cancelled).await?;
    let released = urgent.len() + ordinary.len();
    sending::release_from_lanes(&mut tx, &urgent, true, now, &ctx.origin(job)).await?;
    sending::release_from_lanes(&mut tx, &ordinary, false, now, &ctx.origin(job)).await?;
    rates::settle_waiting(&mut tx, &most.iter().map(|(lane, _)| lane.clone()).collect::<Vec<_>>()).await?;
    pace::wake_when_held_ends(&mut tx, &organization, &timed).await?;
    // What stays behind says when it may go; where all that was looked at has left, there may be more.
    let more = most.iter().filter_map(|(lane, most)| {
        let (count, opens) = seen.get(lane)?;
        opens.or_else(|| (count >= most).then_some(now))
    });
    if let Some(opens) = more.chain(moved.then_some(now)).min() {
        let at = opens.max(now + TICK);
        timers::set_earliest(&mut tx, TimerKind::RateOpens, organization.id.0, at, organization.id).await?;
    }
    if released > 0 {
        tracing::debug!(messages = released, "had their turn in their lanes");
    }
    Ok(tx)
}

fn waited_for(lanes: &Lanes) -> impl Iterator<Item = (&String, &Lane)> {
    lanes.0.iter().filter(|(_, lane)| lane.waiting_segments > 0)
}

/// A text does not wait for this lane any more; something else may.
fn left(lanes: &mut Lanes, lane: &str, segments: i64) {
    if let Some(lane) = lanes.0.get_mut(lane) {
        lane.waiting_segments = (lane.waiting_segments - segments).max(1);
    }
}
