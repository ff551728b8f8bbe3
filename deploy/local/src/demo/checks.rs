//! What must be true at the end, each with the numbers that show it.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use serde_json::Value;

use super::evidence::Evidence;
use crate::campaign::{
    carrier::{Accepted, Kind},
    floor::Recorded,
    moment::Moment,
};

/// What may still be on the wire when an opt-out or a redaction is answered.
const ON_THE_WIRE: Duration = Duration::from_secs(1);
/// What may still be with the carrier when a pause is answered: one job's hand-overs.
const AFTER_PAUSE: Duration = Duration::from_millis(1_500);

/// A check and its outcome.
#[derive(Debug, Clone)]
pub(crate) struct Check {
    pub(crate) holds: bool,
    pub(crate) what: &'static str,
    pub(crate) numbers: String,
}

fn check(what: &'static str, holds: bool, numbers: String) -> Check {
    Check { holds, what, numbers }
}

/// All of them.
pub(crate) fn all(evidence: &Evidence) -> Vec<Check> {
    vec![
        rows(evidence),
        everybody(evidence),
        nobody_twice(evidence),
        nobody_after_opting_out(evidence),
        opt_outs_known(evidence),
        cap_kept(evidence),
        cap_hit(evidence),
        both_records_agree(evidence),
        pause_kept(evidence),
        work_finished(evidence),
        abandoned_batch(evidence),
        reminders(evidence),
        redacted(evidence),
        nobody_in_logs(evidence),
    ]
}

fn rows(evidence: &Evidence) -> Check {
    let wrong: Vec<&str> = evidence
        .imports
        .iter()
        .filter(|import| !import.counted.add_up() || import.counted != import.expected)
        .map(|import| import.file.as_str())
        .collect();
    let read: i64 = evidence.imports.iter().map(|import| import.counted.rows_read).sum();
    let numbers = if wrong.is_empty() {
        format!("{read} rows in {} imports, each in one counter and in the one it was made for", evidence.imports.len())
    } else {
        format!("wrong: {}", wrong.join(", "))
    };
    check("C7   every row is counted once, as it was written", wrong.is_empty(), numbers)
}

fn everybody(evidence: &Evidence) -> Check {
    let figures = &evidence.sight.campaign;
    let created: i64 = evidence.imports.iter().map(|import| import.counted.created).sum();
    let initials = figures.of_kind(Kind::Initial.as_str());
    let kept_back = figures.kept_back(Kind::Initial.as_str());
    let holds = created == figures.targeted
        && figures.batched == figures.targeted
        && initials + figures.skipped == figures.targeted
        && figures.messaged + kept_back == initials;
    check(
        "B1   every contact is accounted for",
        holds,
        format!(
            "{created} created, {} targeted, {} batched = {} texted + {kept_back} held or cancelled + {} skipped; {initials} initials",
            figures.targeted, figures.batched, figures.messaged, figures.skipped
        ),
    )
}

fn nobody_twice(evidence: &Evidence) -> Check {
    let mut seen = HashSet::new();
    let once = [Kind::Initial, Kind::Reminder, Kind::OptOutConfirmation];
    let twice = evidence
        .accepted
        .iter()
        .filter(|message| once.contains(&message.kind()) && !seen.insert((&message.to, message.kind())))
        .count();
    let duplicates = evidence.sight.carrier.duplicates;
    let dropped = evidence.sight.carrier.dropped;
    check(
        "B7   nobody gets anything twice",
        twice == 0 && duplicates == 0,
        format!(
            "{twice} second initials, reminders or confirmations, {duplicates} equal texts among {} (of which {} were accepted \
             without an answer)",
            evidence.accepted.len(),
            dropped.after_accept
        ),
    )
}

fn nobody_after_opting_out(evidence: &Evidence) -> Check {
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
    let is_late = |message: &&Accepted| {
        let out = opted_out.get(message.to.as_str());
        out.is_some_and(|at| message.accepted_at > at.plus(ON_THE_WIRE)) && message.kind() != Kind::OptOutConfirmation
    };
    let late = evidence.accepted.iter().filter(is_late).count();
    let confirmations =
        of_kind(evidence, Kind::OptOutConfirmation).filter(|message| opted_out.contains_key(&*message.to));
    check(
        "I3   nobody is texted after opting out",
        late == 0 && lost == 0,
        format!("{} people, {late} texts later, {} confirmations", opted_out.len(), confirmations.count()),
    )
}

fn opt_outs_known(evidence: &Evidence) -> Check {
    let people: HashSet<&str> =
        evidence.inbound.iter().filter(|text| text.opts_out()).map(|text| text.from.as_str()).collect();
    let known = evidence.sight.campaign.opted_out;
    check(
        "G12  opt-outs are counted",
        i64::try_from(people.len()) == Ok(known),
        format!("{} people wrote so, {known} in the campaign's figures", people.len()),
    )
}

fn cap_kept(evidence: &Evidence) -> Check {
    let accepted: i64 = evidence.accepted.iter().map(|message| message.segments).sum();
    let caps = &evidence.sight.caps;
    let within = caps.days.iter().all(|day| day.settled + day.reserved <= day.daily_limit);
    let holds = within
        && accepted <= caps.limit()
        && (caps.days.len() > 1 || accepted <= evidence.cap)
        && caps.settled() == accepted
        && caps.reserved() == 0
        && evidence.sight.carrier.segments == accepted;
    let days: Vec<String> = caps
        .days
        .iter()
        .map(|day| format!("{} {}: {} of {} settled", day.carrier, day.day, day.settled, day.daily_limit))
        .collect();
    check("S3   the cap is never exceeded", holds, format!("{accepted} segments accepted; {}", days.join("; ")))
}

fn cap_hit(evidence: &Evidence) -> Check {
    let held = evidence.sight.campaign.reason("cap");
    let others = evidence.sight.campaign.in_state("held") - held;
    check(
        "S6   what is over the cap is held",
        held > 0 && others == 0,
        format!("{held} messages held until the next carrier day, {others} for other reasons"),
    )
}

fn both_records_agree(evidence: &Evidence) -> Check {
    let mut holds = true;
    let mut numbers = Vec::new();
    for kind in Kind::ALL {
        let accepted = i64::try_from(of_kind(evidence, kind).count()).unwrap_or(i64::MAX);
        if kind.belongs_to_goal() {
            let known: i64 = evidence.goals.iter().map(|(_, figures)| figures.at_carrier(kind.as_str())).sum();
            holds &= known == accepted;
            numbers.push(format!("{} {accepted}/{known}", kind.as_str()));
        } else {
            numbers.push(format!("{} {accepted}", kind.as_str()));
        }
    }
    check("S1   carrier and Muster have the same messages", holds, numbers.join(", "))
}

fn pause_kept(evidence: &Evidence) -> Check {
    let pause = &evidence.events.pause;
    let during = |message: &&Accepted| {
        pause.numbers.contains(&message.from)
            && message.accepted_at > pause.from.plus(AFTER_PAUSE)
            && message.accepted_at < pause.to
    };
    let (held, answers): (Vec<_>, Vec<_>) =
        evidence.accepted.iter().filter(during).partition(|message| message.kind().waits_for_its_goal());
    let accepted = held.len();
    let after = evidence
        .accepted
        .iter()
        .filter(|message| pause.numbers.contains(&message.from) && message.accepted_at >= pause.to)
        .count();
    check(
        "G7   a paused goal stands still",
        accepted == 0 && after > 0,
        format!(
            "{}: {accepted} initials and reminders while paused ({} answers), {after} texts after it was resumed",
            pause.group,
            answers.len()
        ),
    )
}

fn work_finished(evidence: &Evidence) -> Check {
    let states = evidence.sight.queues.values().flatten();
    let parked: i64 = states.clone().filter(|(state, _)| *state == "parked").map(|(_, jobs)| jobs).sum();
    let open: i64 = states.map(|(_, jobs)| jobs).sum();
    let settled: i64 =
        ["queued", "sending", "unknown"].map(|state| evidence.sight.campaign.in_state(state)).iter().sum();
    let leases = &evidence.leases;
    check(
        "S2   a killed worker's work is finished by others",
        open == 0 && settled == 0,
        format!(
            "{open} jobs open, {parked} parked, {settled} messages unsettled; {} leases ran out, jobs done: {:?}",
            leases.expired, leases.done
        ),
    )
}

fn abandoned_batch(evidence: &Evidence) -> Check {
    let figures = &evidence.sight.campaign;
    let open = figures.batches("initial", false) + figures.batches("reminder", false);
    let finished = figures.batches("initial", true) + figures.batches("reminder", true);
    check(
        "B2   a lease that ends gives the batch to somebody else",
        evidence.abandoned > 0 && open == 0,
        format!("{} left behind; {finished} batches finished, {open} open", evidence.abandoned),
    )
}

fn reminders(evidence: &Evidence) -> Check {
    let figures = &evidence.sight.campaign;
    let yes = figures.answers.get("yes").copied().unwrap_or_default();
    let mut answers: HashMap<&str, Vec<&Recorded>> = HashMap::new();
    for answer in &evidence.answers {
        answers.entry(&answer.contact).or_default().push(answer);
    }
    let (mut accepted, mut changed, mut uninvited) = (0, 0, 0);
    for reminder in of_kind(evidence, Kind::Reminder) {
        accepted += 1;
        let of_contact = evidence.contacts.get(&reminder.to).and_then(|id| answers.get(id.as_str()));
        let of_contact = of_contact.map(Vec::as_slice).unwrap_or_default();
        uninvited += i64::from(!could_say_yes(of_contact, reminder.accepted_at));
        changed += i64::from(of_contact.last().is_some_and(|last| !last.yes));
    }
    check(
        "W6   those who say yes are reminded, and nobody who does not",
        accepted > 0 && uninvited == 0 && accepted - changed <= yes,
        format!(
            "{yes} say yes, {} were reminded, {accepted} accepted; {changed} said something else afterwards, {uninvited} before",
            figures.reminded
        ),
    )
}

/// Could the answer of a contact be yes when a reminder was on its way to the carrier? Their answers are in order.
fn could_say_yes(answers: &[&Recorded], accepted_at: Moment) -> bool {
    let left = accepted_at.minus(ON_THE_WIRE);
    let in_force = answers.iter().rfind(|answer| answer.answered <= left);
    let meanwhile = answers.iter().filter(|answer| answer.answered > left && answer.asked <= accepted_at);
    in_force.into_iter().chain(meanwhile).any(|answer| answer.yes)
}

fn redacted(evidence: &Evidence) -> Check {
    let redaction = &evidence.events.redaction;
    let contact = &redaction.contact;
    let blank = contact["phone"].is_null()
        && ["first_name", "last_name"].iter().all(|name| contact[*name] == "")
        && ["email", "postal_code", "external_id"].iter().all(|name| contact[*name].is_null())
        && contact["fields"].as_object().is_some_and(serde_json::Map::is_empty)
        && contact["tags"].as_array().is_some_and(Vec::is_empty)
        && contact["redacted_at"] != Value::Null;
    let late = evidence
        .accepted
        .iter()
        .filter(|message| message.to == redaction.phone && message.accepted_at > redaction.done_at.plus(ON_THE_WIRE))
        .count();
    check(
        "R3   a redacted person is gone",
        blank && late == 0 && evidence.uploads_left == 0,
        format!(
            "the contact is {}, {late} texts since, {} uploaded files left",
            if blank { "blank" } else { "not blank" },
            evidence.uploads_left
        ),
    )
}

fn nobody_in_logs(evidence: &Evidence) -> Check {
    let logs = &evidence.logs;
    let places = logs.hits.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    check(
        "R5   no log names anybody",
        logs.hits.is_empty() && logs.logs > 0,
        format!("{} hits in {} logs of {} MB {places}", logs.hits.len(), logs.logs, logs.bytes / 1_000_000),
    )
}

fn of_kind(evidence: &Evidence, kind: Kind) -> impl Iterator<Item = &Accepted> {
    evidence.accepted.iter().filter(move |message| message.kind() == kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w6_a_reminder_is_invited_by_the_answer_that_was_in_force_when_it_went() {
        let answer = |yes, at| Recorded {
            contact: "ada".to_owned(),
            yes,
            asked: Moment::from_millis(at - 50),
            answered: Moment::from_millis(at),
        };
        let could = |answers: &[(bool, i64)], at| {
            let answers: Vec<_> = answers.iter().map(|(yes, at)| answer(*yes, *at)).collect();
            could_say_yes(&answers.iter().collect::<Vec<_>>(), Moment::from_millis(at))
        };
        assert!(!could(&[], 10_000));
        assert!(could(&[(true, 5_000)], 10_000));
        assert!(!could(&[(true, 5_000), (false, 7_000)], 10_000), "a yes that became a no");
        assert!(could(&[(true, 5_000), (false, 9_900)], 10_000), "the no came while it was on its way");
        assert!(could(&[(true, 5_000), (false, 12_000)], 10_000));
        assert!(could(&[(false, 5_000), (true, 7_000)], 10_000), "a no that became a yes");
        assert!(!could(&[(false, 5_000), (true, 12_000)], 10_000));
    }
}
