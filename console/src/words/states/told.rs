//! Words on words of answers that are no list of the domain: why a person was or was not
//! texted, skips, exclusions, outcomes of automatic answers.

use muster_domain::{
    people::{bulk::BulkOutcome, contact::ContactEventKind},
    sending::{CancelReason, HoldReason, message::MessageKind, message::MessageState},
};

use super::{NOTHING, Plain, Tongue, UNKNOWN, Words, of_code};

const fn w(what: &'static str, why: &'static str, now: &'static str) -> Words {
    Words { what, why, now }
}

/// One step of the story of a person and a goal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// A few words that name it.
    pub what: String,
    /// One sentence about it.
    pub why: String,
    /// The next step, or that there is none.
    pub now: String,
    /// Until when it lasts, where the answer says so.
    pub until: Option<String>,
}

impl From<Words> for Told {
    fn from(Words { what, why, now }: Words) -> Self {
        Self { what: what.to_owned(), why: why.to_owned(), now: now.to_owned(), until: None }
    }
}

/// Returns the words on one reason of an answer to *why*.
pub fn why(what: &str, detail: Option<&str>) -> Told {
    let detail = detail.unwrap_or_default();
    match what {
        "skipped" => return skip(detail),
        "not_targeted" if detail == "not_in_the_group" => {
            return w(
                "Not in the group",
                "The person was not in the goal's group when it was launched.",
                "Add them to the group on their card, for the next goal.",
            )
            .into();
        }
        "opted_out" if detail == "account" => return ContactEventKind::OptedOutByAccount.english().into(),
        _ => {}
    }
    let words = of_goal(what).or_else(|| ContactEventKind::parse(what).map(Plain::english));
    match words {
        Some(words) => words.into(),
        None => of_message(what, detail),
    }
}

/// Words on the goal, on its people, and on the person's place in it.
fn of_goal(what: &str) -> Option<Words> {
    let words = match what {
        "goal_not_launched" => {
            w("The goal is a draft", "Nobody is texted before a goal is launched.", "Launch the goal.")
        }
        "goal_targets_not_chosen_yet" => {
            w("People are being lined up", "The goal was launched a moment ago.", "Look again in a moment.")
        }
        "targeted" => w("Meant to be texted", "The person fitted the goal when it was launched.", NOTHING),
        "not_targeted" => w(
            "Not meant to be texted",
            "When the goal was launched, the person did not fit it. The conditions below say which did not hold.",
            "A goal's people do not change after its launch. Make another goal that the person fits.",
        ),
        "goal_paused" => w("The goal is paused", "An admin stopped it for now.", "Resume the goal."),
        "goal_not_open_yet" => {
            w("The goal is not open yet", "It opens later.", "Wait until it opens, or move the opening forward.")
        }
        "goal_closed" => w("The goal is closed", "Its time is over.", "Move the closing to later to open it again."),
        "in_no_batch" => w(
            "Nobody was given the person",
            "In this goal each person has a texter, and this one has none.",
            "Give the person a texter on their card.",
        ),
        "batch_not_released" => {
            w("Comes later", "The plan hands this person out later.", "Wait for the next step of the plan.")
        }
        "batch_not_claimed" => w(
            "No texter took the person yet",
            "The person can be texted, and waits for a texter.",
            "Ask your texters to open their page and start.",
        ),
        "batch_in_an_agents_hands" => w(
            "With a texter",
            "A texter has the person in hand and has not sent the text yet.",
            "Wait, or ask the texter.",
        ),
        "batch_finished_without_a_text" => w(
            "Passed over",
            "The people around this person were done, and no text went to this one.",
            "Text the person with another goal.",
        ),
        _ => return None,
    };
    Some(words)
}

/// Words on a text of the goal: its kind and state, with a reason or a code.
fn of_message(what: &str, detail: &str) -> Told {
    let Some((kind, state)) = what.split_once('.') else { return UNKNOWN.into() };
    let (Some(kind), Some(state)) = (MessageKind::parse(kind), MessageState::parse(state)) else {
        return UNKNOWN.into();
    };
    let mut told = Told::from(state.english());
    told.what = format!("{}: {}", kind.english().what, lower_first(state.english().what));
    if let Some(code) = detail.strip_prefix("code ").and_then(|code| code.parse().ok()) {
        let Words { what, why, now } = of_code(code, Tongue::English);
        told.why = format!("{what}. {why} (Code {code}.)");
        now.clone_into(&mut told.now);
        return told;
    }
    let (reason, until) = match detail.split_once(" until ") {
        Some((reason, until)) => (reason, Some(until.to_owned())),
        None => (detail, None),
    };
    let words = match state {
        MessageState::Held => HoldReason::parse(reason).map(Plain::english),
        MessageState::Cancelled => CancelReason::parse(reason).map(Plain::english),
        _ => None,
    };
    if let Some(Words { what, why, now }) = words {
        told.why = format!("{what}. {why}");
        now.clone_into(&mut told.now);
    }
    Told { until, ..told }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// Returns the words on a person that was passed over in a goal: a rule's reason, or a texter's own
/// words.
pub fn skip(reason: &str) -> Told {
    let words = match reason {
        "" => w("Passed over", "A texter passed the person over without a reason.", NOTHING),
        "text_too_long" => {
            w("Text too long", "With this person's values the text is longer than texts may be.", "Shorten the text.")
        }
        _ => match reason.strip_prefix("missing_value:") {
            Some(field) => {
                return Told {
                    what: "A value is missing".to_owned(),
                    why: format!("The text has a place for “{}”, and the person has none.", plain_field(field)),
                    now: "Add it to the person, or write a word for such people into the text: {{field|word}}."
                        .to_owned(),
                    until: None,
                };
            }
            None => match CancelReason::parse(reason) {
                Some(known) => known.english(),
                None => {
                    return Told {
                        what: "Passed over".to_owned(),
                        why: format!("A texter passed the person over: {reason}"),
                        now: NOTHING.to_owned(),
                        until: None,
                    };
                }
            },
        },
    };
    words.into()
}

/// Returns a merge field's name as people say it.
pub fn plain_field(field: &str) -> String {
    field.trim_start_matches("custom:").replace(['_', '.'], " ")
}

/// Returns the words on people that no goal can text: `opted_out`, `deactivated`, and the like.
pub fn exclusion(reason: &str) -> Words {
    CancelReason::parse(reason).map_or(UNKNOWN, Plain::english)
}

/// Returns the words on a row that was taken with a doubt.
pub fn row_doubt(doubt: &str) -> Words {
    match doubt {
        "area_code_unknown" => w(
            "New area code",
            "The area code is in no list yet. The number was taken as it is.",
            "Check the number, if the code looks wrong.",
        ),
        "opt_out_unknown" => w(
            "Unclear stop",
            "A column about stopping texts has a word that is not understood. It was not taken for a stop.",
            "Look at the row, and stop texts on the person's card if that was meant.",
        ),
        _ => UNKNOWN,
    }
}

/// Returns the words on the outcome of an automatic answer's action.
pub fn automation(outcome: &str) -> Words {
    match outcome {
        "no_field" => w("No such field", "The field that it sets is gone.", "Edit the automation."),
        "queued" => w("Answered", "An answer went to the person.", NOTHING),
        "answered_lately" => {
            w("Not answered twice", "The person got this answer within the last day already.", NOTHING)
        }
        _ => BulkOutcome::parse(outcome).map_or(UNKNOWN, Plain::english),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use muster_domain::{
        goals::batch::BatchState,
        people::why::{ContactEvent, Facts, MessageEvent, Skip, explain},
        sending::MessageReason,
    };

    use super::*;

    fn at(minute: u32) -> DateTime<Utc> {
        format!("2026-11-21T17:{minute:02}:00Z").parse().unwrap()
    }

    fn launched() -> Facts {
        Facts {
            member: true,
            launched_at: Some(at(0)),
            partitioned_at: Some(at(1)),
            opens_at: Some(at(0)),
            closes_at: Some(at(59)),
            targeted: true,
            ..Facts::default()
        }
    }

    /// Every kind of story that the domain tells, with every state and reason.
    fn stories() -> Vec<Facts> {
        let mut all = vec![
            Facts::default(),
            Facts { partitioned_at: None, ..launched() },
            Facts { targeted: false, ..launched() },
            Facts { targeted: false, member: false, ..launched() },
            Facts { paused_at: Some(at(2)), opens_at: Some(at(50)), ..launched() },
            Facts { closes_at: Some(at(3)), ..launched() },
            Facts { opted_out_at: Some(at(4)), opted_out_by_account: true, ..launched() },
            Facts { deactivated_at: Some(at(4)), redacted: true, not_textable: true, ..launched() },
        ];
        let batches = BatchState::ALL.iter().map(|state| Facts { batch: Some(*state), ..launched() });
        all.extend(batches);
        let skips = ["text_too_long", "missing_value:email", "moved away", "opted_out", "not_textable", "redacted"];
        let skipped =
            |reason: &str| Facts { skipped: Some(Skip { at: at(3), reason: Some(reason.to_owned()) }), ..launched() };
        all.extend(skips.into_iter().map(skipped));
        let changes = ContactEventKind::ALL.iter().map(|kind| ContactEvent { at: at(5), kind: *kind });
        all.push(Facts { changes: changes.collect(), ..launched() });
        let event = |state, reason, error_code| MessageEvent {
            at: at(6),
            kind: MessageKind::Initial,
            state,
            reason,
            held_until: Some(at(40)),
            error_code,
        };
        let mut events: Vec<_> = MessageState::ALL.iter().map(|state| event(*state, None, Some(30_006))).collect();
        let held = HoldReason::ALL.iter().map(|reason| MessageReason::Held(*reason));
        events.extend(held.map(|reason| event(MessageState::Held, Some(reason), None)));
        let cancelled = CancelReason::ALL.iter().map(|reason| MessageReason::Cancelled(*reason));
        events.extend(cancelled.map(|reason| event(MessageState::Cancelled, Some(reason), None)));
        all.push(Facts { events, ..launched() });
        all
    }

    #[test]
    fn every_reason_that_why_can_tell_has_words_without_internal_ones() {
        let mut seen = std::collections::BTreeSet::new();
        for facts in stories() {
            for reason in explain(&facts, at(30)).reasons {
                let told = why(&reason.what, reason.detail.as_deref());
                let all = format!("{} {} {}", told.what, told.why, told.now);
                assert_ne!(told.what, UNKNOWN.what, "{} {:?}", reason.what, reason.detail);
                assert!(!all.contains('_') && !all.contains("batch"), "{} is told as {all}", reason.what);
                seen.insert(reason.what);
            }
        }
        assert!(seen.len() >= 30, "{seen:?}");
    }

    #[test]
    fn a_text_that_waits_says_why_until_when_and_what_to_do() {
        let told = why("initial.held", Some("cap until 2026-11-22T08:00:00Z"));
        assert_eq!(told.what, "First text: waiting");
        assert!(told.why.starts_with("Today's allowance is used up."), "{}", told.why);
        assert_eq!(told.until.as_deref(), Some("2026-11-22T08:00:00Z"));
        let refused = why("initial.undelivered", Some("code 30006"));
        assert!(refused.why.contains("A landline") && refused.now.contains("mobile number"), "{refused:?}");
        assert_eq!(skip("wrong person").why, "A texter passed the person over: wrong person");
        assert!(skip("missing_value:polling_place").why.contains("“polling place”"));
    }

    #[test]
    fn exclusions_doubts_and_outcomes_have_words() {
        for reason in ["redacted", "opted_out", "deactivated", "not_textable"] {
            assert_ne!(exclusion(reason), UNKNOWN, "{reason}");
        }
        for doubt in ["area_code_unknown", "opt_out_unknown"] {
            assert_ne!(row_doubt(doubt), UNKNOWN, "{doubt}");
        }
        for outcome in ["changed", "unchanged", "group_full", "no_field", "queued", "answered_lately"] {
            assert_ne!(automation(outcome), UNKNOWN, "{outcome}");
        }
    }
}
