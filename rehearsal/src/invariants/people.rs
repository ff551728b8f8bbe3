//! Invariants about people: imports, targets and batches, reminders, redaction, logs.

use std::{collections::HashMap, time::Duration};

use serde_json::Value;

use super::{
    Finding,
    evidence::{Chaos, Demo, Evidence, Rehearsed},
    found, some,
};
use crate::campaign::{carrier::Kind, floor::Recorded, moment::Moment};

/// How long a text may be on its way to the carrier when an answer or a redaction is recorded.
const ON_THE_WIRE: Duration = Duration::from_secs(1);

pub(super) fn rows_counted(evidence: &Evidence) -> Finding {
    let beside = match &evidence.of {
        Rehearsed::Chaos(chaos) => chaos.reports.as_slice(),
        Rehearsed::Demo(_) => &[],
    };
    let imports = || evidence.seen.imports.iter().chain(beside);
    let wrong: Vec<&str> = imports()
        .filter(|import| !import.counted.add_up() || import.counted != import.expected)
        .map(|import| import.file.as_str())
        .collect();
    let rows: i64 = imports().map(|import| import.counted.rows_read).sum();
    let figures = format!("{rows} rows in {} imports; wrong: {} {}", imports().count(), wrong.len(), some(&wrong));
    found(wrong.is_empty(), figures.trim_end().to_owned())
}

pub(super) fn arrived_once(_: &Evidence, chaos: &Chaos) -> Finding {
    let Chaos { reports, people, arrivals, .. } = chaos;
    let holds = arrivals.people == *people && arrivals.right == arrivals.people;
    let figures = format!(
        "{people} people of {} files, {} are there, {} as their last file has them",
        reports.len(),
        arrivals.people,
        arrivals.right
    );
    found(holds, figures)
}

pub(super) fn batches_conserved(evidence: &Evidence) -> Finding {
    let tables = &evidence.tables;
    let created: i64 = evidence.seen.imports.iter().map(|import| import.counted.created).sum();
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
    found(holds, figures)
}

pub(super) fn abandoned_batch(evidence: &Evidence, demo: &Demo) -> Finding {
    let batches = &evidence.tables.batches;
    let finished = batches.get("finished").copied().unwrap_or_default();
    let open = batches.values().sum::<i64>() - finished;
    let figures = format!("{} left behind; {finished} batches finished, {open} open", demo.abandoned);
    found(demo.abandoned > 0 && open == 0, figures)
}

pub(super) fn reminders(evidence: &Evidence, demo: &Demo) -> Finding {
    let yes = demo.campaign.answers.get("yes").copied().unwrap_or_default();
    let mut answers: HashMap<&str, Vec<&Recorded>> = HashMap::new();
    for answer in &demo.answers {
        answers.entry(&answer.contact).or_default().push(answer);
    }
    let (mut accepted, mut changed, mut uninvited) = (0, 0, 0);
    for reminder in evidence.accepted.iter().filter(|message| message.kind() == Kind::Reminder) {
        accepted += 1;
        let of_contact = demo.contacts.get(&reminder.to).and_then(|id| answers.get(id.as_str()));
        let of_contact = of_contact.map(Vec::as_slice).unwrap_or_default();
        uninvited += i64::from(!could_say_yes(of_contact, reminder.accepted_at));
        changed += i64::from(of_contact.last().is_some_and(|last| !last.yes));
    }
    let holds = accepted > 0 && uninvited == 0 && accepted - changed <= yes;
    let figures = format!(
        "{yes} say yes, {} were reminded, {accepted} accepted; {changed} said something else afterwards, {uninvited} before",
        demo.campaign.reminded
    );
    found(holds, figures)
}

/// Returns whether the answer of a contact can have been yes when a reminder was on its way to the
/// carrier. The answers are in order.
fn could_say_yes(answers: &[&Recorded], accepted_at: Moment) -> bool {
    let left = accepted_at.minus(ON_THE_WIRE);
    let in_force = answers.iter().rfind(|answer| answer.answered <= left);
    let meanwhile = answers.iter().filter(|answer| answer.answered > left && answer.asked <= accepted_at);
    in_force.into_iter().chain(meanwhile).any(|answer| answer.yes)
}

pub(super) fn redacted(evidence: &Evidence, demo: &Demo) -> Finding {
    let redaction = &demo.redaction;
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
    let figures = format!(
        "the contact is {}, {late} texts since, {} uploaded files left",
        if blank { "blank" } else { "not blank" },
        demo.files_left
    );
    found(blank && late == 0 && demo.files_left == 0, figures)
}

pub(super) fn nobody_in_logs(evidence: &Evidence) -> Finding {
    let logs = &evidence.logs;
    let places: Vec<&str> = logs.hits.iter().map(String::as_str).collect();
    let figures =
        format!("{} hits in {} logs of {} MB {}", places.len(), logs.logs, logs.bytes / 1_000_000, some(&places));
    found(logs.hits.is_empty() && logs.logs > 0, figures)
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
