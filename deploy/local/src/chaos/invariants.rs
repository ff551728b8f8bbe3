//! What must be true whatever was broken meanwhile, each with the figures that show it. All are functions of the evidence alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::evidence::Evidence;
use crate::campaign::carrier::{Accepted, Kind};
use crate::campaign::moment::Moment;

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
        batches_conserved(evidence),
        one_initial(evidence),
        no_message_twice(evidence),
        caps_kept(evidence),
        nobody_after_opting_out(evidence),
        pause_kept(evidence),
        inbound_once(evidence),
        receipts_applied(evidence),
        timers_fired(evidence),
        ticks_conserved(evidence),
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
    let wrong: Vec<&str> = evidence
        .imports
        .iter()
        .filter(|import| !import.counted.add_up() || import.counted != import.expected)
        .map(|import| import.file.as_str())
        .collect();
    let rows: i64 = evidence.imports.iter().map(|import| import.counted.rows_read).sum();
    let figures = format!("{rows} rows in {} imports; wrong: {}", evidence.imports.len(), wrong.len());
    invariant("C7", "every row is counted once", wrong.is_empty(), figures)
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

fn one_initial(evidence: &Evidence) -> Invariant {
    let mut rows = BTreeSet::new();
    let in_tables = evidence
        .tables
        .messages
        .iter()
        .filter(|message| message.kind == "initial" || message.kind == "reminder")
        .filter(|message| !rows.insert((&message.goal, &message.to, &message.kind)))
        .count();
    let mut texts = BTreeSet::new();
    let once = [Kind::Initial, Kind::Reminder, Kind::OptOutConfirmation];
    let at_carrier = evidence
        .accepted
        .iter()
        .filter(|message| once.contains(&message.kind()) && !texts.insert((&message.to, message.kind())))
        .count();
    let figures = format!("{in_tables} second ones in the tables, {at_carrier} second texts at the carrier");
    invariant("B7", "nobody gets a second initial, reminder or confirmation", in_tables + at_carrier == 0, figures)
}

fn no_message_twice(evidence: &Evidence) -> Invariant {
    let rows: Vec<(&str, &str)> = evidence
        .tables
        .messages
        .iter()
        .filter(|message| message.is_at_carrier())
        .map(|message| (message.sid.as_deref().unwrap_or_default(), message.to.as_deref().unwrap_or_default()))
        .collect();
    let ours: BTreeSet<_> = rows.iter().copied().collect();
    let theirs: BTreeSet<_> =
        evidence.accepted.iter().map(|message| (message.sid.as_str(), message.to.as_str())).collect();
    let (only_ours, only_theirs): (Vec<_>, Vec<_>) =
        (ours.difference(&theirs).collect(), theirs.difference(&ours).collect());
    let repeated = rows.len() - ours.len();
    let equal = evidence.carrier.duplicates;
    let unknown = evidence.tables.messages.iter().filter(|message| message.state == "unknown").count();
    let holds = only_ours.is_empty() && only_theirs.is_empty() && repeated == 0 && equal == 0 && unknown == 0;
    let dropped = evidence.carrier.dropped;
    let mut figures = format!(
        "{} accepted, {} in the tables: {} only there, {} only here, {repeated} ids of two messages, {equal} equal texts, {unknown} unknown; \
         {} were accepted without an answer",
        theirs.len(),
        ours.len(),
        only_theirs.len(),
        only_ours.len(),
        dropped.after_accept,
    );
    for (sid, _) in only_theirs.iter().chain(&only_ours).take(3) {
        figures.push(' ');
        figures.push_str(sid);
    }
    invariant("S2", "no message twice, and both records agree", holds, figures)
}

fn caps_kept(evidence: &Evidence) -> Invariant {
    let accepted: i64 = evidence.accepted.iter().map(|message| message.segments).sum();
    let days = &evidence.tables.caps;
    let settled: i64 = days.iter().map(|day| day.settled).sum();
    let reserved: i64 = days.iter().map(|day| day.reserved).sum();
    let within =
        days.iter().all(|day| day.settled + day.reserved <= day.daily_limit && day.daily_limit <= evidence.cap);
    // A campaign over the carrier's midnight has two days.
    let limit = evidence.cap * i64::try_from(days.len()).unwrap_or(i64::MAX);
    let held = evidence.tables.messages.iter().filter(|message| message.reason.as_deref() == Some("cap")).count();
    let each: Vec<String> =
        days.iter().map(|day| format!("{}: {} of {} settled", day.day, day.settled, day.daily_limit)).collect();
    invariant(
        "S3",
        "caps are never exceeded, and the ledger is the carrier's bill",
        within && accepted <= limit && settled == accepted && reserved == 0,
        format!("{accepted} segments accepted; {}; {reserved} reserved, {held} messages held", each.join(", ")),
    )
}

fn nobody_after_opting_out(evidence: &Evidence) -> Invariant {
    let mut opted_out: HashMap<&str, Moment> = HashMap::new();
    for text in evidence.inbound.iter().filter(|text| text.opts_out()) {
        if let Some(at) = text.first_delivered_at {
            let first = opted_out.entry(&text.from).or_insert(at);
            *first = at.min(*first);
        }
    }
    let handed_over: HashMap<&str, Moment> = evidence
        .tables
        .messages
        .iter()
        .filter_map(|message| Some((message.sid.as_deref()?, message.handed_over_at()?)))
        .collect();
    // What was on its way when the opt-out was recorded may arrive, however long a stopped worker took to carry it; what is decided
    // later may not. Both instants are this machine's.
    let is_late = |message: &&Accepted| {
        let out = opted_out.get(message.to.as_str());
        let decided = handed_over.get(message.sid.as_str());
        message.kind() != Kind::OptOutConfirmation
            && out.is_some_and(|out| decided.copied().unwrap_or(message.accepted_at) > *out)
    };
    let late: Vec<&str> = evidence.accepted.iter().filter(is_late).map(|message| message.sid.as_str()).collect();
    let figures = format!("{} people, {} texts decided later {}", opted_out.len(), late.len(), some(&late));
    invariant("I3", "nobody is texted after opting out", late.is_empty(), figures)
}

fn pause_kept(evidence: &Evidence) -> Invariant {
    let Some(pause) = &evidence.pause else {
        return invariant("G7", "a paused goal stands still", true, "nothing was paused".to_owned());
    };
    let of_goal = || {
        evidence.tables.messages.iter().filter(|message| {
            message.goal.as_deref() == Some(pause.goal.as_str()) && matches!(&*message.kind, "initial" | "reminder")
        })
    };
    let during: Vec<&str> = of_goal()
        .filter(|message| message.handed_over_at().is_some_and(|at| at > pause.from && at < pause.to))
        .map(|message| message.id.as_str())
        .collect();
    let after = of_goal().filter(|message| message.handed_over_at().is_some_and(|at| at >= pause.to)).count();
    let figures = format!("{} handed over while paused {}, {after} after it was resumed", during.len(), some(&during));
    invariant("G7", "a paused goal stands still", during.is_empty(), figures)
}

fn inbound_once(evidence: &Evidence) -> Invariant {
    let received = &evidence.tables.received;
    let sent: BTreeSet<&str> = evidence.inbound.iter().map(|text| text.sid.as_str()).collect();
    let recorded: BTreeSet<&str> = received.messages.iter().map(String::as_str).collect();
    let webhooks: BTreeSet<&str> = received.webhooks.iter().map(String::as_str).collect();
    let repeated = received.messages.len() - recorded.len() + received.webhooks.len() - webhooks.len();
    let given_up = evidence.carrier.replies.given_up;
    let holds = sent == recorded && sent == webhooks && repeated == 0 && received.unprocessed == 0 && given_up == 0;
    let figures = format!(
        "{} texts sent, {} recorded, {} received, {repeated} repeated, {} not handled, {given_up} never answered",
        sent.len(),
        webhooks.len(),
        recorded.len(),
        received.unprocessed
    );
    invariant("I1", "each text of a contact is recorded once", holds, figures)
}

fn receipts_applied(evidence: &Evidence) -> Invariant {
    let states: BTreeMap<&str, &str> = evidence
        .tables
        .messages
        .iter()
        .filter_map(|message| Some((message.sid.as_deref()?, message.state.as_str())))
        .collect();
    let differ: Vec<&str> = evidence
        .statuses
        .iter()
        .filter(|(sid, status)| states.get(sid.as_str()).is_some_and(|state| state != status))
        .map(|(sid, _)| sid.as_str())
        .collect();
    let waiting = evidence.tables.received.receipts_waiting;
    let given_up = evidence.carrier.receipts.given_up;
    let figures = format!(
        "{} receipts taken, {waiting} not applied, {given_up} never answered, {} messages in another state {}",
        evidence.carrier.receipts.sent,
        differ.len(),
        some(&differ)
    );
    invariant("S8", "each receipt is applied", differ.is_empty() && waiting == 0 && given_up == 0, figures)
}

fn timers_fired(evidence: &Evidence) -> Invariant {
    let timers = &evidence.tables.timers;
    let figures = format!("{} overdue, {} in the future", timers.overdue, timers.waiting);
    invariant("J9", "timers have fired or are in the future", timers.overdue == 0, figures)
}

fn ticks_conserved(evidence: &Evidence) -> Invariant {
    let what = "every planned tick is accounted for";
    let Some(ticks) = evidence.tables.ticks else {
        return invariant("J11", what, true, "this version has no recurring schedules".to_owned());
    };
    let holds = ticks.planned == ticks.fired + ticks.coalesced + ticks.skipped;
    let figures = format!(
        "{} planned = {} fired + {} coalesced + {} skipped",
        ticks.planned, ticks.fired, ticks.coalesced, ticks.skipped
    );
    invariant("J11", what, holds, figures)
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
