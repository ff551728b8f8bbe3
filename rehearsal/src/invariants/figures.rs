//! Invariants about the figures that the API shows (rule G12), compared with the carrier's own
//! record.

use std::collections::HashSet;

use super::{
    Finding,
    evidence::{Demo, Evidence},
    found,
};
use crate::campaign::carrier::Kind;

pub(super) fn everybody(evidence: &Evidence, demo: &Demo) -> Finding {
    let figures = &demo.campaign;
    let created: i64 = evidence.seen.imports.iter().map(|import| import.counted.created).sum();
    let initials = figures.of_kind(Kind::Initial.as_str());
    let kept_back = figures.kept_back(Kind::Initial.as_str());
    let holds = created == figures.targeted
        && figures.batched == figures.targeted
        && initials + figures.skipped == figures.targeted
        && figures.messaged + kept_back == initials;
    let figures = format!(
        "{created} created, {} targeted, {} batched = {} texted + {kept_back} held or cancelled + {} skipped; {initials} initials",
        figures.targeted, figures.batched, figures.messaged, figures.skipped
    );
    found(holds, figures)
}

pub(super) fn opt_outs_counted(evidence: &Evidence, demo: &Demo) -> Finding {
    let people: HashSet<&str> =
        evidence.inbound.iter().filter(|text| text.opts_out()).map(|text| text.from.as_str()).collect();
    let known = demo.campaign.opted_out;
    let figures = format!("{} people wrote so, {known} in the campaign's figures", people.len());
    found(i64::try_from(people.len()) == Ok(known), figures)
}

pub(super) fn carrier_agrees(evidence: &Evidence, demo: &Demo) -> Finding {
    let mut holds = true;
    let mut figures = Vec::new();
    for kind in Kind::ALL {
        let accepted = evidence.accepted.iter().filter(|message| message.kind() == kind).count();
        let accepted = i64::try_from(accepted).unwrap_or(i64::MAX);
        if kind.belongs_to_goal() {
            let known: i64 = demo.goals.iter().map(|(_, figures)| figures.at_carrier(kind.as_str())).sum();
            holds &= known == accepted;
            figures.push(format!("{} {accepted}/{known}", kind.as_str()));
        } else {
            figures.push(format!("{} {accepted}", kind.as_str()));
        }
    }
    found(holds, figures.join(", "))
}

pub(super) fn caps_agree(evidence: &Evidence, demo: &Demo) -> Finding {
    let accepted: i64 = evidence.accepted.iter().map(|message| message.segments).sum();
    let caps = &demo.caps;
    let days: Vec<String> = caps
        .days
        .iter()
        .map(|day| format!("{} {}: {} of {} settled", day.carrier, day.day, day.settled, day.daily_limit))
        .collect();
    let holds = caps.settled() == accepted && caps.reserved() == 0 && accepted <= caps.limit();
    found(holds, format!("{accepted} segments accepted; {}", days.join("; ")))
}
