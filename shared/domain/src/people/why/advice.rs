//! The rule behind a reason, and the change that would lift it.

/// The rule that a reason follows, by its code, and the change that would lift it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advice {
    /// The rule's code.
    pub rule: &'static str,
    /// The value or the act that would change it; none where it is over, or nothing can.
    pub change: Option<&'static str>,
}

const fn says(rule: &'static str, change: &'static str) -> Advice {
    Advice { rule, change: Some(change) }
}

const fn over(rule: &'static str) -> Advice {
    Advice { rule, change: None }
}

/// Returns the advice for a reason: its word, and its detail.
pub(super) fn of(what: &str, detail: Option<&str>) -> Advice {
    let detail = detail.unwrap_or_default();
    match what {
        "goal_not_launched" => says("G4", "launch the goal"),
        "goal_targets_not_chosen_yet" => says("T3", "wait: a job chooses the targets after the launch"),
        "targeted" => over("T3"),
        "not_targeted" if detail == "not_in_the_group" => {
            says("T1", "add the contact to the group before the next goal is launched")
        }
        "not_targeted" => says("T3", "targets are frozen: a new goal whose filters they pass"),
        "skipped" => skipped(detail),
        "opted_out" | "opted_out_by_account" => says("I3", "the contact texts START, or an account admin opts them in"),
        "opted_in" => over("I3"),
        "deactivated" => says("R1", "reactivate the contact in the group"),
        "reactivated" => over("R1"),
        "removed_from_group" => says("A2", "put the contact into the group again"),
        "not_textable" => says("C5", "a look-up finds a line that takes texts"),
        "textable" => over("C5"),
        "redacted" => over("R3"),
        "goal_paused" => says("G7", "resume the goal"),
        "goal_not_open_yet" => says("G4", "wait until it opens, or move opens_at"),
        "goal_closed" => says("G6", "move closes_at into the future"),
        "in_no_batch" => says("W1", "assign the contact to an agent"),
        "batch_not_released" => says("B6", "wait for the next release"),
        "batch_not_claimed" => says("B4", "an agent claims the batch"),
        "batch_in_an_agents_hands" => says("B3", "the agent sends, or the lease ends"),
        "batch_finished_without_a_text" => over("B2"),
        message => of_message(message, detail),
    }
}

fn skipped(reason: &str) -> Advice {
    match reason {
        "text_too_long" => says("M3", "a shorter script"),
        "opted_out" => says("I3", "the contact texts START, or an account admin opts them in"),
        "deactivated" => says("R1", "reactivate the contact in the group"),
        "not_in_group" => says("A2", "put the contact into the group again"),
        "not_textable" => says("C5", "a look-up finds a line that takes texts"),
        "redacted" => over("R3"),
        missing if missing.starts_with("missing_value:") => {
            says("M1", "a value for the field, or a fallback in the script")
        }
        _ => over("B5"),
    }
}

/// Returns the advice for a message's state: `initial.held`, with `cap until …`.
fn of_message(what: &str, detail: &str) -> Advice {
    let state = what.split_once('.').map_or(what, |(_, state)| state);
    let reason = detail.split(' ').next().unwrap_or_default();
    match (state, reason) {
        ("held", "paused") => says("G7", "resume the goal"),
        ("held", "not_open") => says("G5", "wait until the window opens, or move it"),
        ("held", "hours") => says("S5", "wait for the sending hours, or widen them"),
        ("held", "cap") => says("S3", "wait for the next carrier day, or raise the cap"),
        ("held", "carrier") => says("S7", "wait: the carrier is asked again"),
        ("held", "rate") => says("S4", "wait: the text is paced"),
        ("held", "frequency") => says("S12", "wait, or raise the initials that a contact may have in 24 hours"),
        ("held", _) => over("S6"),
        ("cancelled", "redacted") => over("R3"),
        ("cancelled", "opted_out") => says("I3", "the contact texts START, or an account admin opts them in"),
        ("cancelled", "deactivated") => says("R1", "reactivate the contact in the group"),
        ("cancelled", "not_in_group") => says("A2", "put the contact into the group again"),
        ("cancelled", "not_textable") => says("C5", "a look-up finds a line that takes texts"),
        ("cancelled", "reassigned") => says("W4", "the contact's agent sends it"),
        ("cancelled", "no_longer_yes") => says("W6", "the contact's answer is yes again"),
        ("cancelled", "window_closed") => says("G9a", "move closes_at into the future"),
        ("cancelled", "no_common_hours") => says("S5", "hours that the contact's zones have in common"),
        ("cancelled", "number_gone") => says("A3", "a number for the agent"),
        ("failed" | "undelivered", _) => over("S7"),
        ("unknown", _) => over("S2"),
        ("delivered", _) => over("S8"),
        _ => over("S1"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        people::contact::ContactEventKind,
        sending::{CancelReason, HoldReason, message::MessageState},
    };

    #[test]
    fn every_reason_to_wait_names_its_rule_and_its_change() {
        for reason in HoldReason::ALL {
            let advice = of("initial.held", Some(&format!("{reason} until 2026-11-22T08:00:00Z")));
            assert!(advice.change.is_some() && advice.rule != "S6", "{reason}");
        }
        for reason in CancelReason::ALL.iter().filter(|reason| **reason != CancelReason::Redacted) {
            assert!(of("reminder.cancelled", Some(reason.as_str())).change.is_some(), "{reason}");
        }
        for kind in ContactEventKind::ALL {
            assert_ne!(of(kind.as_str(), None).rule, "S1", "{kind}");
        }
        for state in MessageState::ALL {
            assert_ne!(of(&format!("initial.{state}"), None).rule, "", "{state}");
        }
        assert_eq!(of("skipped", Some("missing_value:email")).rule, "M1");
        assert_eq!(of("skipped", Some("moved")), over("B5"));
        assert_eq!(of("not_targeted", Some("not_in_the_group")).rule, "T1");
    }
}
