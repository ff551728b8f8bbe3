//! Invariants of the engine: jobs, timers, schedules, daemons.

use super::{
    Finding,
    evidence::{Chaos, Evidence},
    found,
};

pub(super) fn at_rest(evidence: &Evidence) -> Finding {
    let rest = &evidence.seen.rest;
    let figures = if rest.left.is_empty() {
        format!("{} s after the last event", rest.seconds)
    } else {
        format!("still after {} s: {}", rest.seconds, rest.left.join(", "))
    };
    found(rest.left.is_empty(), figures)
}

pub(super) fn nobody_fell(evidence: &Evidence) -> Finding {
    let fallen = &evidence.seen.fallen;
    let figures = if fallen.is_empty() { "none did".to_owned() } else { fallen.join(", ") };
    found(fallen.is_empty(), figures)
}

pub(super) fn jobs_conserved(evidence: &Evidence) -> Finding {
    let jobs = &evidence.tables.jobs;
    let in_state = |state: &str| jobs.states.get(state).copied().unwrap_or_default();
    let [succeeded, parked, cancelled] = ["succeeded", "parked", "cancelled"].map(in_state);
    let live: i64 = ["pending", "published", "running"].map(in_state).iter().sum();
    let holds = jobs.vanished == 0
        && jobs.enqueued == succeeded + parked + cancelled + live
        && parked == 0
        && jobs.dead_letters == 0;
    let mut figures = format!(
        "{} enqueued = {succeeded} succeeded + {parked} parked + {cancelled} cancelled + {live} live; {} vanished, {} dead letters, \
         {} claimed more than once",
        jobs.enqueued, jobs.vanished, jobs.dead_letters, jobs.claimed_again
    );
    if let Some(first) = jobs.parked.first() {
        figures.push_str("; parked: ");
        figures.push_str(first);
    }
    found(holds, figures)
}

pub(super) fn completed_once(evidence: &Evidence) -> Finding {
    let jobs = &evidence.tables.jobs;
    let holds = jobs.completions == jobs.completed_jobs && jobs.succeeded_unseen == 0 && jobs.revived == 0;
    let figures = format!(
        "{} completions of {} jobs, {} succeeded without one or the other way round, {} went on after their end",
        jobs.completions, jobs.completed_jobs, jobs.succeeded_unseen, jobs.revived
    );
    found(holds, figures)
}

pub(super) fn timers_fired(evidence: &Evidence) -> Finding {
    let timers = &evidence.tables.timers;
    found(timers.overdue == 0, format!("{} overdue, {} in the future", timers.overdue, timers.waiting))
}

pub(super) fn ticks_conserved(_: &Evidence, chaos: &Chaos) -> Finding {
    let ticks = &chaos.ticks;
    let holds = ticks.planned > 0 && ticks.planned == ticks.fired + ticks.coalesced + ticks.skipped;
    let figures = format!(
        "{} planned = {} fired + {} coalesced + {} skipped",
        ticks.planned, ticks.fired, ticks.coalesced, ticks.skipped
    );
    found(holds, figures)
}

pub(super) fn ticks_fire_once(_: &Evidence, chaos: &Chaos) -> Finding {
    let ticks = &chaos.ticks;
    found(ticks.jobs == ticks.fired, format!("{} jobs of {} ticks that fired", ticks.jobs, ticks.fired))
}
