//! `batch-release`: the next step of a goal's release plan (rule B6).
//!
//! Batches are released inside the organization's hours in the group's zone. Where each contact of
//! a batch may be, and the law there, is decided at the hand-over: a batch holds people of many
//! places, and agents may work before all of them may be texted.

use chrono::TimeDelta;
use muster_domain::{
    goals::{
        availability::Work,
        estimate::estimate,
        release::{Again, WaitsFor, first_tick, next_tick},
    },
    sending::admission::strictest,
    zone::Zone,
};
use muster_jobs::{kinds::BatchRelease, timer::TimerKind};
use muster_storage::{
    Tx,
    engine::{claim::ClaimedJob, timers},
    goals::{self, batches},
    sending::{caps, rates},
    tenancy::organizations,
};

use crate::{Context, Leased, error::JobError};

impl Leased for BatchRelease {
    async fn run(self, ctx: &Context, job: &ClaimedJob) -> Result<Tx, JobError> {
        let mut tx = ctx.pool.begin().await?;
        // A request that changes the terms finds the batches that wait by them, and moves these
        // (`storage::sending::waiting`).
        if let Some(id) = job.organization_id {
            organizations::lock_terms_shared(&mut tx, id).await?;
        }
        let organization = ctx.organization(&mut tx, job).await?;
        let Some(goal) = goals::lock(&mut tx, organization.id, self.goal_id).await? else {
            return Err(JobError::fail("the goal does not exist"));
        };
        let now = tx.clock().await?;
        // Opening and resuming enqueue this job again.
        if goal.partitioned_at.is_none() || !goal.moment(now).allows(Work::Initials) {
            return Ok(tx);
        }
        let each = estimate(&goal.content.script, organization.settings.smart_encoding).segments.into();
        batches::set_estimate(&mut tx, goal.id, each).await?;
        let held = batches::unreleased(&mut tx, goal.id, each).await?;
        if held.is_empty() {
            return Ok(tx);
        }
        // Opening, resuming and the like look at it ahead of its time.
        let next = timers::fires_at(&mut tx, TimerKind::BatchRelease, goal.id.0).await?;
        let waits_for = batches::waits_for(&mut tx, goal.id).await?;
        let paces = match waits_for {
            Some(WaitsFor::Pace) => next.is_some_and(|next| next > now),
            Some(WaitsFor::Hours | WaitsFor::Cap) => false,
            None => goal.content.release_plan.pace.waits(next, now),
        };
        if paces {
            return Ok(tx);
        }
        let zone = Zone::parse(&goal.content.zone).map_err(|error| JobError::fail(error.to_string()))?;
        let ticks = goal.content.release_plan.pace.ticks(&zone);
        if let Some(ticks) = &ticks
            && waits_for.is_none()
        {
            // Nothing was released yet: the first tick since the opening is due, or to come.
            match first_tick(ticks, goal.clock.opens_at) {
                Some(first) if first <= now => {}
                Some(first) => {
                    batches::wait(&mut tx, goal.id, organization.id, WaitsFor::Pace, first).await?;
                    return Ok(tx);
                }
                None => return Ok(tx),
            }
        }
        match organization.settings.sending_hours.next_in_all(&[zone], now) {
            Some(open) if open == now => {}
            Some(open) => {
                batches::wait(&mut tx, goal.id, organization.id, WaitsFor::Hours, open).await?;
                return Ok(tx);
            }
            None => return Err(JobError::fail("the sending hours never open")),
        }
        let day = ctx.calendar.day(now);
        // Which carriers a batch's contacts have does not matter here: the strictest cap is the
        // pace.
        let limits = rates::limits(&mut tx, organization.brand_id).await?;
        let strictest = strictest(&limits.caps).and_then(|carrier| Some((carrier, *limits.caps.get(carrier)?)));
        let room = match strictest {
            Some((carrier, cap)) => caps::room_to_release(&mut tx, organization.brand_id, carrier, cap, day).await?,
            None => None,
        };
        let estimates: Vec<i64> = held.iter().map(|batch| batch.segments).collect();
        let step = goal.content.release_plan.step(&estimates, room);
        let released: Vec<_> = held[..step.batches].iter().map(|batch| batch.id).collect();
        batches::release(&mut tx, &released).await?;
        let again = match step.again {
            Again::Never => None,
            Again::NextTick => {
                let next = ticks.as_ref().and_then(|ticks| next_tick(ticks, now));
                next.map(|next| (WaitsFor::Pace, next))
            }
            Again::Minutes(minutes) => Some((WaitsFor::Pace, now + TimeDelta::minutes(minutes.into()))),
            Again::NextCarrierDay => Some((WaitsFor::Cap, ctx.calendar.next_day_starts(now))),
        };
        if let Some((waits_for, at)) = again {
            batches::wait(&mut tx, goal.id, organization.id, waits_for, at).await?;
        }
        tracing::info!(goal.id = %goal.id, released = released.len(), held = held.len() - released.len(), "released batches");
        Ok(tx)
    }
}
