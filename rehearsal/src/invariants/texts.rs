//! Invariants about texts: both directions, compared with the carrier's own record.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    Finding,
    evidence::{Demo, Evidence, Pause},
    found, some,
};
use crate::campaign::{
    carrier::{Accepted, Kind},
    moment::Moment,
};

pub(super) fn one_initial(evidence: &Evidence) -> Finding {
    let mut rows = BTreeSet::new();
    let in_tables = evidence
        .tables
        .messages
        .iter()
        .filter(|message| message.kind == "initial" || message.kind == "reminder")
        .filter(|message| !rows.insert((&message.goal, &message.contact, &message.kind)))
        .count();
    let mut texts = BTreeSet::new();
    let once = [Kind::Initial, Kind::Reminder, Kind::OptOutConfirmation];
    let at_carrier = evidence
        .accepted
        .iter()
        .filter(|message| once.contains(&message.kind()) && !texts.insert((&message.to, message.kind())))
        .count();
    let figures = format!("{in_tables} second ones in the tables, {at_carrier} second texts at the carrier");
    found(in_tables + at_carrier == 0, figures)
}

pub(super) fn no_message_twice(evidence: &Evidence) -> Finding {
    let rows: Vec<(&str, Option<&str>)> = evidence
        .tables
        .messages
        .iter()
        .filter(|message| message.is_at_carrier())
        .map(|message| (message.sid.as_deref().unwrap_or_default(), message.to.as_deref()))
        .collect();
    let ours: BTreeSet<&str> = rows.iter().map(|(sid, _)| *sid).collect();
    let theirs: BTreeMap<&str, &str> =
        evidence.accepted.iter().map(|message| (message.sid.as_str(), message.to.as_str())).collect();
    // A redacted person has no number here any more.
    let agrees =
        |(sid, to): &&(&str, Option<&str>)| theirs.get(sid).is_some_and(|theirs| to.is_none_or(|to| to == *theirs));
    let only_ours: Vec<&str> = rows.iter().filter(|row| !agrees(row)).map(|(sid, _)| *sid).collect();
    let only_theirs: Vec<&str> = theirs.keys().filter(|sid| !ours.contains(*sid)).copied().collect();
    let repeated = rows.len() - ours.len();
    let equal = evidence.carrier.duplicates;
    let unknown = evidence.tables.messages.iter().filter(|message| message.state == "unknown").count();
    let holds = only_ours.is_empty() && only_theirs.is_empty() && repeated == 0 && equal == 0 && unknown == 0;
    let figures = format!(
        "{} accepted, {} in the tables: {} only there, {} only here, {repeated} ids of two messages, {equal} equal texts, {unknown} unknown; \
         {} were accepted without an answer {} {}",
        theirs.len(),
        ours.len(),
        only_theirs.len(),
        only_ours.len(),
        evidence.carrier.dropped.after_accept,
        some(&only_theirs),
        some(&only_ours),
    );
    found(holds, figures.trim_end().to_owned())
}

pub(super) fn work_finished(evidence: &Evidence, demo: &Demo) -> Finding {
    let unsettled = evidence
        .tables
        .messages
        .iter()
        .filter(|message| matches!(message.state.as_str(), "queued" | "sending" | "unknown"))
        .count();
    let running = evidence.tables.jobs.states.get("running").copied().unwrap_or_default();
    let leases = &demo.leases;
    let figures = format!(
        "{running} jobs running, {unsettled} messages unsettled; {} leases ran out, jobs done: {:?}",
        leases.expired, leases.done
    );
    found(running == 0 && unsettled == 0, figures)
}

pub(super) fn caps_kept(evidence: &Evidence) -> Finding {
    let accepted: i64 = evidence.accepted.iter().map(|message| message.segments).sum();
    let days = &evidence.tables.caps;
    let settled: i64 = days.iter().map(|day| day.settled).sum();
    let reserved: i64 = days.iter().map(|day| day.reserved).sum();
    let within =
        days.iter().all(|day| day.settled + day.reserved <= day.daily_limit && day.daily_limit <= evidence.seen.cap);
    // A campaign over the carrier's midnight has two days.
    let limit = evidence.seen.cap * i64::try_from(days.len()).unwrap_or(i64::MAX);
    let held = evidence.tables.messages.iter().filter(|message| message.reason.as_deref() == Some("cap")).count();
    let each: Vec<String> =
        days.iter().map(|day| format!("{}: {} of {} settled", day.day, day.settled, day.daily_limit)).collect();
    let holds =
        within && accepted <= limit && settled == accepted && reserved == 0 && evidence.carrier.segments == accepted;
    let figures =
        format!("{accepted} segments accepted; {}; {reserved} reserved, {held} messages held", each.join(", "));
    found(holds, figures)
}

pub(super) fn over_the_cap_is_held(evidence: &Evidence, _: &Demo) -> Finding {
    let held = || evidence.tables.messages.iter().filter(|message| message.state == "held");
    let at_cap = held().filter(|message| message.reason.as_deref() == Some("cap")).count();
    let others = held().count() - at_cap;
    let figures = format!("{at_cap} messages held until the next carrier day, {others} for other reasons");
    found(at_cap > 0 && others == 0, figures)
}

pub(super) fn nobody_after_opting_out(evidence: &Evidence) -> Finding {
    let mut opted_out: HashMap<&str, Moment> = HashMap::new();
    let mut lost = 0;
    for text in evidence.inbound.iter().filter(|text| text.opts_out()) {
        match text.first_delivered_at {
            Some(at) => {
                let first = opted_out.entry(&text.from).or_insert(at);
                *first = at.min(*first);
            }
            None => lost += 1,
        }
    }
    let handed_over: HashMap<&str, Moment> = evidence
        .tables
        .messages
        .iter()
        .filter_map(|message| Some((message.sid.as_deref()?, message.handed_over_at()?)))
        .collect();
    // A text that was on its way when the opt-out was recorded may arrive, however long a stopped
    // worker took to carry it; one decided later may not. Both instants are this machine's.
    let is_late = |message: &&Accepted| {
        let out = opted_out.get(message.to.as_str());
        let decided = handed_over.get(message.sid.as_str());
        message.kind() != Kind::OptOutConfirmation
            && out.is_some_and(|out| decided.copied().unwrap_or(message.accepted_at) > *out)
    };
    let late: Vec<&str> = evidence.accepted.iter().filter(is_late).map(|message| message.sid.as_str()).collect();
    let confirmed =
        |message: &&Accepted| message.kind() == Kind::OptOutConfirmation && opted_out.contains_key(message.to.as_str());
    let figures = format!(
        "{} people, {} texts decided later {}, {lost} opt-outs that were never answered, {} confirmations",
        opted_out.len(),
        late.len(),
        some(&late),
        evidence.accepted.iter().filter(confirmed).count()
    );
    found(late.is_empty() && lost == 0, figures)
}

/// Returns the initials and reminders of the goal that was paused, with the instant of their
/// hand-over.
fn of_paused_goal<'a>(evidence: &'a Evidence, pause: &'a Pause) -> impl Iterator<Item = (&'a str, Moment)> {
    evidence
        .tables
        .messages
        .iter()
        .filter(|message| {
            message.goal.as_deref() == Some(pause.goal.as_str()) && matches!(&*message.kind, "initial" | "reminder")
        })
        .filter_map(|message| Some((message.id.as_str(), message.handed_over_at()?)))
}

pub(super) fn pause_kept(evidence: &Evidence) -> Finding {
    let Some(pause) = &evidence.seen.pause else { return found(true, "nothing was paused".to_owned()) };
    let during: Vec<&str> = of_paused_goal(evidence, pause)
        .filter(|(_, at)| *at > pause.from && *at < pause.to)
        .map(|(id, _)| id)
        .collect();
    let figures = format!("{} handed over while paused {}", during.len(), some(&during));
    found(during.is_empty(), figures.trim_end().to_owned())
}

pub(super) fn resumed(evidence: &Evidence, _: &Demo) -> Finding {
    let Some(pause) = &evidence.seen.pause else { return found(false, "nothing was paused".to_owned()) };
    let after = of_paused_goal(evidence, pause).filter(|(_, at)| *at >= pause.to).count();
    found(after > 0, format!("{after} initials and reminders handed over after it was resumed"))
}

pub(super) fn inbound_once(evidence: &Evidence) -> Finding {
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
    found(holds, figures)
}

pub(super) fn receipts_applied(evidence: &Evidence) -> Finding {
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
    found(differ.is_empty() && waiting == 0 && given_up == 0, figures)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        campaign::privacy::Found,
        invariants::{
            evidence::{Arrivals, Chaos, Rehearsed, Rest, Seen, Ticks},
            tables::{Jobs, Received, Tables, Timers},
        },
    };

    /// Returns a text that was handed over and accepted at these instants, to a contact with a STOP
    /// that was answered a second after 1970 began.
    fn opted_out_and_texted(handed_over_ms: i64, accepted_at: &str) -> Evidence {
        let message = json!({
            "id": "m", "kind": "initial", "state": "delivered", "contact": "c", "to": "+12125550100", "sid": "SM1",
            "handed_over_ms": handed_over_ms,
        });
        let accepted = json!({
            "sid": "SM1", "to": "+12125550100", "from": "+12125550199", "body": "Hi", "segments": 1,
            "accepted_at": accepted_at, "fate": {},
        });
        let stop = json!({
            "sid": "SM2", "from": "+12125550100", "body": "STOP", "first_delivered_at": "1970-01-01T00:00:01.000Z",
        });
        let carrier = json!({
            "accepted": 1, "segments": 1, "duplicates": 0, "refused": {},
            "dropped": { "before_accept": 0, "after_accept": 0 },
            "receipts": { "sent": 1, "pending": 0, "given_up": 0 },
            "replies": { "sent": 1, "pending": 0, "given_up": 0 },
        });
        Evidence {
            seen: Seen { imports: Vec::new(), cap: 1, pause: None, rest: Rest::default(), fallen: Vec::new() },
            tables: Tables {
                jobs: Jobs::default(),
                messages: vec![serde_json::from_value(message).unwrap()],
                caps: Vec::new(),
                received: Received::default(),
                batches: BTreeMap::new(),
                targets: 1,
                strays: Vec::new(),
                timers: Timers::default(),
            },
            accepted: vec![serde_json::from_value(accepted).unwrap()],
            statuses: BTreeMap::from([("SM1".to_owned(), "delivered".to_owned())]),
            inbound: vec![serde_json::from_value(stop).unwrap()],
            carrier: serde_json::from_value(carrier).unwrap(),
            logs: Found::default(),
            of: Rehearsed::Chaos(Chaos {
                reports: Vec::new(),
                people: 0,
                arrivals: Arrivals { people: 0, right: 0 },
                ticks: Ticks { planned: 3, jobs: 2, fired: 2, coalesced: 1, skipped: 0 },
            }),
        }
    }

    #[test]
    fn what_was_handed_over_before_an_opt_out_may_arrive_after_it_and_what_was_later_may_not() {
        let late_arrival = opted_out_and_texted(999, "1970-01-01T00:00:09.000Z");
        assert!(nobody_after_opting_out(&late_arrival).holds);
        let late_decision = opted_out_and_texted(1_001, "1970-01-01T00:00:01.002Z");
        assert!(!nobody_after_opting_out(&late_decision).holds);
    }

    #[test]
    fn a_text_that_only_one_side_knows_breaks_the_agreement() {
        let agreed = || opted_out_and_texted(0, "1970-01-01T00:00:00.001Z");
        assert!(no_message_twice(&agreed()).holds);
        let only_here = Evidence { accepted: Vec::new(), ..agreed() };
        assert!(!no_message_twice(&only_here).holds);
        let mut only_there = agreed();
        only_there.tables.messages.clear();
        assert!(!no_message_twice(&only_there).holds);
    }
}
