//! Words of operators' pages: a sentence for each state, reason and event of the engine.

/// A word of the engine as people read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Said {
    /// The tone of its badge: `good`, `bad`, `wait` or `plain`.
    pub(crate) tone: &'static str,
    /// A word or two.
    pub(crate) name: &'static str,
    /// The meaning, and the next step.
    pub(crate) means: &'static str,
}

const fn said(tone: &'static str, name: &'static str, means: &'static str) -> Said {
    Said { tone, name, means }
}

/// States of jobs, in the order of a job's life.
pub(crate) const JOB_STATES: [&str; 6] = ["pending", "published", "running", "succeeded", "parked", "cancelled"];

/// Returns the words of a job's state.
pub(crate) fn job_state(state: &str) -> Said {
    match state {
        "pending" => said("wait", "Waiting", "It waits for its time, for room, or for an earlier job of its line."),
        "published" => said("wait", "In the broker", "It waits for a worker to take it."),
        "running" => said("plain", "Running", "A worker has it in its hands."),
        "succeeded" => said("good", "Done", "It is done, and its effects are kept."),
        "parked" => said(
            "bad",
            "Parked",
            "All of its attempts have failed, and it waits for you: mend the cause, then let it run again.",
        ),
        "cancelled" => {
            said("plain", "Cancelled", "It was cancelled, or a newer job has taken its place. It can run again.")
        }
        _ => said("plain", "Unknown", "This version of the console does not know the state."),
    }
}

/// Returns the words of an event in a job's life.
pub(crate) fn job_event(event: &str) -> Said {
    match event {
        "created" => said("plain", "Made", "A request or another job has made it."),
        "due" => said("plain", "Due", "From then on it could run."),
        "published" => said("plain", "Sent to the broker", "The relay has handed it to the broker."),
        "claimed" => said("plain", "Taken", "A worker has taken it."),
        "failed" => said("bad", "Failed", "The attempt has failed; the error stands beside it."),
        "handed_back" => said("wait", "Handed back", "The worker has given it back; this counts as no attempt."),
        state => job_state(state),
    }
}

/// Returns the words of the state of an act on many jobs.
pub(crate) fn act_state(state: &str) -> Said {
    match state {
        "running" => said("wait", "Under way", "It takes so many jobs a second until none is left."),
        "succeeded" => said("good", "Done", "It was done with each job that matched when it was asked for."),
        "stopped" => said("plain", "Stopped", "An operator has stopped it. It stays done with the jobs so far."),
        "aborted" => {
            said("bad", "Aborted", "Too many of the jobs failed again. Look at their errors before you try once more.")
        }
        _ => said("plain", "Unknown", "This version of the console does not know the state."),
    }
}

/// Returns the words of a tick's fate.
pub(crate) fn tick_fate(fate: &str) -> Said {
    match fate {
        "fired" => said("good", "On time", "It has made its job."),
        "late" => said("wait", "Late", "It has made its job later than planned."),
        "coalesced" => said("plain", "Joined", "A later tick stands for it."),
        "skipped" => said("plain", "Skipped", "It has made no job."),
        _ => said("plain", "Unknown", "This version of the console does not know the fate."),
    }
}

/// Returns why a tick was skipped.
pub(crate) fn skip_reason(reason: &str) -> &'static str {
    match reason {
        "missed" => "It was missed, and the schedule does not catch up.",
        "beyond_bound" => "More were missed than the schedule catches up with.",
        "changed" => "The schedule was changed before.",
        "disabled" => "The schedule was off.",
        "removed" => "The schedule was removed.",
        _ => "",
    }
}

/// Returns a note on a tick's local time.
pub(crate) fn tick_note(note: &str) -> &'static str {
    match note {
        "shifted" => "This local time does not exist: clocks go forward over it. It is the first moment behind.",
        "first_pass" => "This local time happens twice. It is the first.",
        "second_pass" => "This local time happens twice. It is the second.",
        _ => "",
    }
}

/// Returns the words of the reason for which texts are held.
pub(crate) fn hold_reason(reason: &str) -> Said {
    match reason {
        "paused" => said("plain", "Goal paused", "They go when an admin resumes the goal."),
        "not_open" => said("plain", "Goal not open", "They go when the goal opens."),
        "hours" => said("plain", "Outside sending hours", "They go when the hours begin where the contact may be."),
        "cap" => said(
            "wait",
            "Daily cap",
            "The brand's cap of the carrier's day is used up. They go on the carrier's next day.",
        ),
        "carrier" => said("bad", "Carrier", "The carrier has asked to slow down or to stop. Look at the brands below."),
        "rate" => said("plain", "Rate", "They wait for their turn under the campaign's or the number's rate."),
        "frequency" => said("plain", "Frequency", "The contact has had as many texts as a day allows."),
        _ => said("plain", "Another reason", "This version of the console does not know the reason."),
    }
}

/// Returns the words of the reason for which a carrier holds a brand.
pub(crate) fn brand_hold(reason: &str) -> &'static str {
    match reason {
        "cap" => "The carrier says that the cap is used up.",
        "carrier" => "The carrier has asked to slow down or to stop.",
        _ => "The carrier has asked for it.",
    }
}

/// Returns the words of a daemon's role.
pub(crate) fn role(role: &str) -> &'static str {
    match role {
        "api" => "API",
        "scheduler" => "Scheduler",
        "worker" => "Worker",
        _ => "Other",
    }
}

/// Returns the words of a text's kind.
pub(crate) fn text_kind(kind: &str) -> &'static str {
    match kind {
        "initial" => "First text",
        "reminder" => "Reminder",
        "reply" => "Reply of an agent",
        "opt_out_confirmation" => "Confirmation of an opt-out",
        "help" => "Help text",
        "test" => "Test text",
        "inbound" => "Text of a contact",
        _ => "Text",
    }
}

/// Returns the words of a check of the installation's health.
pub(crate) fn check(check: &str) -> String {
    let words = check.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    use muster_domain::{
        engine::{
            act::JobActState,
            job::JobState,
            process::ProcessRole,
            schedule::{SkipReason, TickFate},
        },
        sending::{HoldReason, brand_hold::BrandHoldReason, message::MessageKind},
    };

    #[test]
    fn every_word_of_the_engine_has_its_sentence() {
        for state in JobState::ALL {
            assert_ne!(job_state(state.as_str()).name, "Unknown", "{state}");
            assert!(JOB_STATES.contains(&state.as_str()), "{state}");
        }
        for state in JobActState::ALL {
            assert_ne!(act_state(state.as_str()).name, "Unknown", "{state}");
        }
        for fate in TickFate::ALL {
            assert_ne!(tick_fate(fate.as_str()).name, "Unknown", "{fate}");
        }
        for reason in SkipReason::ALL {
            assert_ne!(skip_reason(reason.as_str()), "", "{reason}");
        }
        for reason in BrandHoldReason::ALL {
            assert_ne!(brand_hold(reason.as_str()), "The carrier has asked for it.", "{reason}");
        }
        for reason in HoldReason::ALL {
            assert_ne!(hold_reason(reason.as_str()).name, "Another reason", "{reason}");
        }
        for kind in MessageKind::ALL {
            assert_ne!(text_kind(kind.as_str()), "Text", "{kind}");
        }
        for one in ProcessRole::ALL {
            assert_ne!(role(one.as_str()), "Other", "{one}");
        }
        assert_eq!(check("job_ledger"), "Job ledger");
    }
}
