//! What must be true whatever was broken meanwhile, each with the figures that show it. All are functions of the evidence alone.

mod texts;

use super::evidence::Evidence;

/// An invariant and its outcome.
#[derive(Debug, Clone)]
pub(crate) struct Invariant {
    /// Its rule or promise, by which a planted violation says who must catch it.
    pub(crate) code: &'static str,
    pub(crate) what: &'static str,
    pub(crate) holds: bool,
    pub(crate) figures: String,
}

fn invariant(code: &'static str, what: &'static str, holds: bool, figures: String) -> Invariant {
    Invariant { code, what, holds, figures }
}

/// All of them.
pub(crate) fn all(evidence: &Evidence) -> Vec<Invariant> {
    vec![
        at_rest(evidence),
        nobody_fell(evidence),
        jobs_conserved(evidence),
        completed_once(evidence),
        rows_counted(evidence),
        arrived_once(evidence),
        batches_conserved(evidence),
        texts::one_initial(evidence),
        texts::no_message_twice(evidence),
        texts::caps_kept(evidence),
        texts::nobody_after_opting_out(evidence),
        texts::pause_kept(evidence),
        texts::inbound_once(evidence),
        texts::receipts_applied(evidence),
        timers_fired(evidence),
        ticks_conserved(evidence),
        ticks_fire_once(evidence),
        nobody_in_logs(evidence),
    ]
}

fn at_rest(evidence: &Evidence) -> Invariant {
    let left = &evidence.rest.left;
    let figures = if left.is_empty() {
        format!("{} s after the last fault was mended", evidence.rest.seconds)
    } else {
        format!("still after {} s: {}", evidence.rest.seconds, left.join(", "))
    };
    invariant("rest", "the system comes to rest", left.is_empty(), figures)
}

fn nobody_fell(evidence: &Evidence) -> Invariant {
    let fallen = &evidence.fallen;
    let figures = if fallen.is_empty() { "none did".to_owned() } else { fallen.join(", ") };
    invariant("fall", "no daemon ends by itself", fallen.is_empty(), figures)
}

fn jobs_conserved(evidence: &Evidence) -> Invariant {
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
    invariant("J1", "jobs are conserved", holds, figures)
}

fn completed_once(evidence: &Evidence) -> Invariant {
    let jobs = &evidence.tables.jobs;
    let holds = jobs.completions == jobs.completed_jobs && jobs.succeeded_unseen == 0 && jobs.revived == 0;
    let figures = format!(
        "{} completions of {} jobs, {} succeeded without one or the other way round, {} went on after their end",
        jobs.completions, jobs.completed_jobs, jobs.succeeded_unseen, jobs.revived
    );
    invariant("J2", "effects happen once", holds, figures)
}

fn rows_counted(evidence: &Evidence) -> Invariant {
    let imports = || evidence.imports.iter().chain(&evidence.beside.reports);
    let wrong: Vec<&str> = imports()
        .filter(|import| !import.counted.add_up() || import.counted != import.expected)
        .map(|import| import.file.as_str())
        .collect();
    let rows: i64 = imports().map(|import| import.counted.rows_read).sum();
    let figures = format!("{rows} rows in {} imports; wrong: {} {}", imports().count(), wrong.len(), some(&wrong))
        .trim_end()
        .to_owned();
    invariant("C7", "every row is counted once", wrong.is_empty(), figures)
}

fn arrived_once(evidence: &Evidence) -> Invariant {
    let (beside, arrivals) = (&evidence.beside, evidence.arrivals);
    let holds = arrivals.people == beside.people() && arrivals.right == arrivals.people;
    let figures = format!(
        "{} people of {} files, {} are there, {} as their last file has them",
        beside.people(),
        beside.files(),
        arrivals.people,
        arrivals.right
    );
    invariant("C1", "whoever was imported beside the faults is there once", holds, figures)
}

fn batches_conserved(evidence: &Evidence) -> Invariant {
    let tables = &evidence.tables;
    let created: i64 = evidence.imports.iter().map(|import| import.counted.created).sum();
    let strays: Vec<String> = tables
        .strays
        .iter()
        .filter(|stray| stray.count > 0)
        .map(|stray| format!("{} {}", stray.count, stray.what))
        .collect();
    let holds = strays.is_empty() && created == tables.targets;
    let mut figures = format!("{created} contacts = {} targets; batches {:?}", tables.targets, tables.batches);
    if !strays.is_empty() {
        figures.push_str("; ");
        figures.push_str(&strays.join(", "));
    }
    invariant("B1", "batches are conserved, everybody is accounted for", holds, figures)
}

fn timers_fired(evidence: &Evidence) -> Invariant {
    let timers = &evidence.tables.timers;
    let figures = format!("{} overdue, {} in the future", timers.overdue, timers.waiting);
    invariant("J9", "timers have fired or are in the future", timers.overdue == 0, figures)
}

fn ticks_conserved(evidence: &Evidence) -> Invariant {
    let what = "every planned tick is accounted for";
    let ticks = &evidence.tables.ticks;
    let holds = ticks.planned > 0 && ticks.planned == ticks.fired + ticks.coalesced + ticks.skipped;
    let figures = format!(
        "{} planned = {} fired + {} coalesced + {} skipped",
        ticks.planned, ticks.fired, ticks.coalesced, ticks.skipped
    );
    invariant("J11", what, holds, figures)
}

fn ticks_fire_once(evidence: &Evidence) -> Invariant {
    let ticks = &evidence.tables.ticks;
    let figures = format!("{} jobs of {} ticks that fired", ticks.jobs, ticks.fired);
    invariant("J9", "each tick that fired has made one job", ticks.jobs == ticks.fired, figures)
}

fn nobody_in_logs(evidence: &Evidence) -> Invariant {
    let logs = &evidence.logs;
    let holds = logs.hits.is_empty() && logs.logs > 0;
    let places: Vec<&str> = logs.hits.iter().map(String::as_str).collect();
    let figures =
        format!("{} hits in {} logs of {} MB {}", places.len(), logs.logs, logs.bytes / 1_000_000, some(&places));
    invariant("R5", "no log names anybody", holds, figures)
}

/// The first few, for somebody to look them up.
fn some(ids: &[&str]) -> String {
    ids.iter().take(3).copied().collect::<Vec<_>>().join(" ")
}
