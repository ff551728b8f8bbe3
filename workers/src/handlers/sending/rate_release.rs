//! `rate-release`: lets go texts that have their turn in the lanes that they wait for (rule S4).
//!
//! All lanes of an organization are looked after at once, at most once in
//! `domain::rate::SHORTEST_WAIT`. Goals take turns in a lane. `domain::lane_turns` decides; here
//! are the locks before it and the writes after it.

use std::collections::BTreeMap;

use muster_domain::sending::lane_turns::{self, Found, Turns, Waiting};
use muster_jobs::{kinds::RateRelease, timer::TimerKind};
use muster_storage::{
    Tx,
    engine::{claim::ClaimedJob, timers},
    sending::{self, Cancelled, Queued, rates},
    tenancy::organizations,
};

use super::pace;
use crate::{Context, Leased, error::JobError};

/// Texts that one job takes of a lane at most.
const ROUND: i64 = 5_000;

impl Leased for RateRelease {
    async fn run(self, ctx: &Context, job: &ClaimedJob) -> Result<Tx, JobError> {
        let mut tx = ctx.pool.begin().await?;
        // Settings and goals that decide stay as they are read until this commits (rule S9).
        organizations::lock_terms_shared(&mut tx, self.organization_id).await?;
        let organization = ctx.organization(&mut tx, job).await?;
        if organization.id != self.organization_id {
            return Err(JobError::fail("the job is another organization's"));
        }
        let limits = rates::limits(&mut tx, organization.brand_id).await?;
        rates::make_carrier_lanes(&mut tx, organization.brand_id, &limits).await?;
        let before = rates::lock_all(&mut tx, organization.brand_id).await?;
        let now = tx.clock().await?;
        let looks = lane_turns::looks(&before, ROUND, now);
        let waiting = rates::lock_waiting(&mut tx, organization.id, &looks).await?;
        let ids: Vec<_> = waiting.iter().filter_map(|waiting| waiting.id).collect();
        let messages = sending::read(&mut tx, &ids, &organization.settings).await?;
        let messages: BTreeMap<_, _> = messages.into_iter().map(|message| (message.id, message)).collect();
        let lanes_of = |message: &Queued| pace::lanes_of(message, &organization, &limits).into_keys().collect();
        let found = waiting.iter().map(|waiting| {
            let text = match waiting.id.map(|id| messages.get(&id)) {
                None => Found::Locked,
                Some(None) => Found::Gone,
                Some(Some(message)) => Found::Text {
                    id: message.id,
                    segments: message.segments,
                    lanes: lanes_of(message),
                    candidate: &message.candidate,
                },
            };
            Waiting { lane: &waiting.lane, text }
        });
        let Turns { urgent, ordinary, waits, cancelled, lanes, again } =
            lane_turns::give(before.clone(), &looks, &found.collect::<Vec<_>>(), now);

        rates::store(&mut tx, &before, &lanes).await?;
        let held: Vec<_> = waits.iter().map(|(id, wait)| pace::held(*id, wait)).collect();
        sending::hold(&mut tx, &held).await?;
        let cancelled: Vec<_> = cancelled.into_iter().map(|(id, reason)| Cancelled { id, reason }).collect();
        sending::cancel(&mut tx, &cancelled).await?;
        sending::release_from_lanes(&mut tx, &urgent, true, now, &ctx.origin(job)).await?;
        sending::release_from_lanes(&mut tx, &ordinary, false, now, &ctx.origin(job)).await?;
        rates::settle_waiting(&mut tx, &looks.into_iter().map(|(lane, _)| lane).collect::<Vec<_>>()).await?;
        let in_groups = waits.iter().filter_map(|(id, wait)| Some((messages.get(id)?.group_id, wait)));
        pace::wake_when_waits_end(&mut tx, &organization, in_groups).await?;
        if let Some(at) = again {
            timers::set_earliest(&mut tx, TimerKind::RateOpens, organization.id.0, at, organization.id).await?;
        }
        let released = urgent.len() + ordinary.len();
        if released > 0 {
            tracing::debug!(messages = released, "had their turn in their lanes");
        }
        Ok(tx)
    }
}
