//! Reasons for which a contact was or was not texted in a goal: the known facts, put in order.
//!
//! Words only: no names, numbers or texts are among the facts.

mod advice;

use chrono::{DateTime, Utc};

pub use crate::people::why::advice::Advice;
use crate::{
    goals::batch::BatchState,
    people::contact::ContactEventKind,
    sending::{
        CancelReason, MessageReason,
        message::{MessageKind, MessageState},
    },
};

/// The known facts of a contact in a goal.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent fact, read from its own column")]
pub struct Facts {
    /// The contact was redacted.
    pub redacted: bool,
    /// When the contact opted out.
    pub opted_out_at: Option<DateTime<Utc>>,
    /// Another organization of the account heard the opt-out, and it counts for all.
    pub opted_out_by_account: bool,
    /// A lookup said that the number takes no texts.
    pub not_textable: bool,
    /// The contact is in the goal's group.
    pub member: bool,
    /// When the contact was deactivated there.
    pub deactivated_at: Option<DateTime<Utc>>,
    /// When the goal was launched.
    pub launched_at: Option<DateTime<Utc>>,
    /// When its targets were frozen.
    pub partitioned_at: Option<DateTime<Utc>>,
    /// Since when it is paused.
    pub paused_at: Option<DateTime<Utc>>,
    /// When it opens.
    pub opens_at: Option<DateTime<Utc>>,
    /// When it closes.
    pub closes_at: Option<DateTime<Utc>>,
    /// The contact was targeted.
    pub targeted: bool,
    /// The target was skipped.
    pub skipped: Option<Skip>,
    /// The state of the batch that the contact is in.
    pub batch: Option<BatchState>,
    /// Events of the contact, and of their membership in the goal's group, in order.
    pub changes: Vec<ContactEvent>,
    /// Events of the goal's messages to this contact, in order.
    pub events: Vec<MessageEvent>,
}

/// A target that gets no initial.
#[derive(Debug, Clone)]
pub struct Skip {
    /// When it was skipped.
    pub at: DateTime<Utc>,
    /// Why: a word of the engine, or an agent's own.
    pub reason: Option<String>,
}

/// A change of a contact that decides whether they are texted.
#[derive(Debug, Clone)]
pub struct ContactEvent {
    /// When.
    pub at: DateTime<Utc>,
    /// The change.
    pub kind: ContactEventKind,
}

/// A change of a message.
#[derive(Debug, Clone)]
pub struct MessageEvent {
    /// When.
    pub at: DateTime<Utc>,
    /// The kind of the message.
    pub kind: MessageKind,
    /// The state that it came to.
    pub state: MessageState,
    /// Why it is held or cancelled.
    pub reason: Option<MessageReason>,
    /// Until when it is held.
    pub held_until: Option<DateTime<Utc>>,
    /// The carrier's code.
    pub error_code: Option<i32>,
}

/// One reason, as a stable word and its subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Its instant; none for a present state without a known beginning.
    pub at: Option<DateTime<Utc>>,
    /// Such as `targeted`, `skipped`, `initial.held`.
    pub what: String,
    /// Such as `missing_value:email`, `cap until 2026-11-22T08:00:00Z`, `code 30006`.
    pub detail: Option<String>,
}

impl Reason {
    /// Returns the rule behind it, and the change that would lift it.
    pub fn advice(&self) -> Advice {
        advice::of(&self.what, self.detail.as_deref())
    }
}

/// A filter of a goal's targeting, and whether a contact passes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterOutcome {
    /// Its place in the targeting.
    pub place: String,
    /// The rule that asks for it.
    pub rule: &'static str,
    /// The value that a contact has that passes.
    pub need: String,
    /// The contact passes it now.
    pub passes: bool,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// An initial of this goal to this contact was handed to the carrier, which took it or may have
    /// taken it.
    pub texted: bool,
    /// In the order in which things came to be.
    pub reasons: Vec<Reason>,
}

/// The detail of an opt-out that counts for every organization of the account.
const BY_ACCOUNT: &str = "account";

/// Puts the facts in the order of their instants: the events of the contact, the goal, the target
/// and its messages. A present state without an instant comes last.
pub fn explain(facts: &Facts, now: DateTime<Utc>) -> Explanation {
    let reason = |at, what: &str, detail: Option<&str>| Reason {
        at,
        what: what.to_owned(),
        detail: detail.map(ToOwned::to_owned),
    };
    let mut reasons = Vec::new();
    match (facts.launched_at, facts.partitioned_at) {
        (None, _) => reasons.push(reason(None, "goal_not_launched", None)),
        (launched, None) => reasons.push(reason(launched, "goal_targets_not_chosen_yet", None)),
        (_, chosen) if facts.targeted => reasons.push(reason(chosen, "targeted", None)),
        (_, chosen) => {
            let detail = if facts.member { "by targeting, or by what came before" } else { "not_in_the_group" };
            reasons.push(reason(chosen, "not_targeted", Some(detail)));
        }
    }
    if let Some(skip) = &facts.skipped {
        reasons.push(reason(Some(skip.at), "skipped", skip.reason.as_deref()));
    }
    for event in &facts.events {
        reasons.push(Reason {
            at: Some(event.at),
            what: format!("{}.{}", event.kind, event.state),
            detail: detail(event),
        });
    }
    reasons.extend(facts.changes.iter().map(|change| match change.kind {
        ContactEventKind::OptedOutByAccount => reason(Some(change.at), "opted_out", Some(BY_ACCOUNT)),
        kind => reason(Some(change.at), kind.as_str(), None),
    }));
    // A present state that began before its history, or with the contact.
    let is_told = |now: ContactEventKind, over: ContactEventKind| {
        facts
            .changes
            .iter()
            .rfind(|change| change.kind == now || change.kind == over)
            .is_some_and(|last| last.kind == now)
    };
    let out = if facts.opted_out_by_account { ContactEventKind::OptedOutByAccount } else { ContactEventKind::OptedOut };
    if facts.opted_out_at.is_some() && !is_told(out, ContactEventKind::OptedIn) {
        reasons.push(reason(facts.opted_out_at, "opted_out", facts.opted_out_by_account.then_some(BY_ACCOUNT)));
    }
    if facts.deactivated_at.is_some() && !is_told(ContactEventKind::Deactivated, ContactEventKind::Reactivated) {
        reasons.push(reason(facts.deactivated_at, "deactivated", None));
    }
    if facts.paused_at.is_some() {
        reasons.push(reason(facts.paused_at, "goal_paused", None));
    }
    if facts.opens_at.is_some_and(|opens| now < opens) {
        reasons.push(reason(facts.opens_at, "goal_not_open_yet", None));
    }
    if facts.closes_at.is_some_and(|closes| closes <= now) {
        reasons.push(reason(facts.closes_at, "goal_closed", None));
    }
    // A goal that is not launched has no time for that, and comes first.
    reasons.sort_by_key(|reason| reason.at);
    let last = facts.events.iter().rfind(|event| event.kind == MessageKind::Initial);
    // A refused text is handed over, and yet the carrier did not take it.
    let taken = |state: MessageState| state != MessageState::Failed && state.is_messaged();
    let texted = last.is_some_and(|last| taken(last.state));
    if facts.targeted && facts.skipped.is_none() && waits_for_a_text(facts, last) {
        let what = match facts.batch {
            None => "in_no_batch",
            Some(BatchState::Held) => "batch_not_released",
            Some(BatchState::Released) => "batch_not_claimed",
            Some(BatchState::Leased) => "batch_in_an_agents_hands",
            Some(BatchState::Finished) => "batch_finished_without_a_text",
        };
        reasons.push(reason(None, what, None));
    }
    if facts.redacted && !is_told(ContactEventKind::Redacted, ContactEventKind::Redacted) {
        reasons.push(reason(None, "redacted", None));
    }
    if facts.not_textable && !is_told(ContactEventKind::NotTextable, ContactEventKind::Textable) {
        reasons.push(reason(None, "not_textable", None));
    }
    Explanation { texted, reasons }
}

/// Returns whether a target, with this last initial of theirs, is still to have one. A contact with
/// a text that was cancelled for another agent waits for that agent's (rule W4). One with a text
/// that the goal's close cancelled has another chance when the goal is open again (rule G9a).
fn waits_for_a_text(facts: &Facts, last: Option<&MessageEvent>) -> bool {
    last.is_none_or(|last| {
        let in_a_batch = facts.batch.is_some_and(|state| state != BatchState::Finished);
        last.state == MessageState::Cancelled
            && match last.reason {
                Some(MessageReason::Cancelled(CancelReason::Reassigned)) => true,
                Some(MessageReason::Cancelled(CancelReason::WindowClosed)) => in_a_batch,
                Some(MessageReason::Cancelled(_) | MessageReason::Held(_)) | None => false,
            }
    })
}

fn detail(event: &MessageEvent) -> Option<String> {
    let until = event.held_until.map(|until| until.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
    match (event.reason, until, event.error_code) {
        (Some(reason), Some(until), _) => Some(format!("{} until {until}", reason.as_str())),
        (Some(reason), None, _) => Some(reason.as_str().to_owned()),
        (None, _, Some(code)) => Some(format!("code {code}")),
        (None, ..) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: u32) -> DateTime<Utc> {
        format!("2026-11-21T17:{minute:02}:00Z").parse().unwrap()
    }

    fn words(facts: &Facts) -> (bool, Vec<String>) {
        let why = explain(facts, at(50));
        let reasons = why.reasons.into_iter().map(|reason| match reason.detail {
            Some(detail) => format!("{} ({detail})", reason.what),
            None => reason.what,
        });
        (why.texted, reasons.collect())
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

    fn event(minute: u32, state: &str) -> MessageEvent {
        MessageEvent {
            at: at(minute),
            kind: MessageKind::Initial,
            state: state.parse().unwrap(),
            reason: None,
            held_until: None,
            error_code: None,
        }
    }

    #[test]
    fn w4_whose_text_was_cancelled_for_another_agent_waits_for_that_agent() {
        let cancelled = MessageEvent { reason: MessageReason::parse("reassigned"), ..event(5, "cancelled") };
        let facts = Facts { events: vec![cancelled], batch: Some(BatchState::Released), ..launched() };
        assert_eq!(
            words(&facts),
            (false, ["targeted", "initial.cancelled (reassigned)", "batch_not_claimed"].map(str::to_owned).to_vec())
        );
        let events = [facts.events.clone(), vec![event(9, "delivered")]].concat();
        assert!(!words(&Facts { events, ..facts }).1.contains(&"batch_not_claimed".to_owned()));
    }

    #[test]
    fn t1_texted_is_whose_text_was_handed_to_the_carrier() {
        for (states, texted) in [
            (vec![], false),
            (vec!["queued"], false),
            (vec!["queued", "held"], false),
            (vec!["queued", "held", "cancelled"], false),
            (vec!["queued", "sending"], true),
            (vec!["queued", "sending", "held"], false),
            (vec!["queued", "sending", "unknown"], true),
            (vec!["queued", "sending", "unknown", "queued"], false),
            (vec!["queued", "sending", "sent"], true),
            (vec!["queued", "sending", "failed"], false),
        ] {
            let events = states.iter().map(|state| event(5, state)).collect();
            assert_eq!(words(&Facts { events, ..launched() }).0, texted, "{states:?}");
        }
    }

    #[test]
    fn g9a_whom_a_close_cancelled_waits_again_when_the_goal_is_open_again() {
        let cancelled = MessageEvent { reason: MessageReason::parse("window_closed"), ..event(5, "cancelled") };
        let closed = Facts { events: vec![cancelled], batch: Some(BatchState::Finished), ..launched() };
        assert_eq!(words(&closed).1, ["targeted", "initial.cancelled (window_closed)"]);
        let reopened = Facts { batch: Some(BatchState::Held), ..closed };
        assert_eq!(words(&reopened).1, ["targeted", "initial.cancelled (window_closed)", "batch_not_released"]);
    }

    #[test]
    fn a_text_tells_its_life_in_order() {
        let held = MessageEvent { reason: MessageReason::parse("cap"), held_until: Some(at(30)), ..event(5, "held") };
        let failed = MessageEvent { error_code: Some(30_006), ..event(33, "undelivered") };
        let facts = Facts {
            batch: Some(BatchState::Finished),
            events: vec![event(4, "queued"), held, event(31, "sending"), event(32, "sent"), failed],
            opted_out_at: Some(at(40)),
            ..launched()
        };
        let wanted = [
            "targeted",
            "initial.queued",
            "initial.held (cap until 2026-11-21T17:30:00Z)",
            "initial.sending",
            "initial.sent",
            "initial.undelivered (code 30006)",
            "opted_out",
        ];
        assert_eq!(words(&facts), (true, wanted.map(ToOwned::to_owned).to_vec()));
    }

    #[test]
    fn i3_an_opt_out_names_the_account_where_it_is_another_organizations() {
        let event = |minute, what: &str| ContactEvent { at: at(minute), kind: what.parse().unwrap() };
        let changes = vec![event(2, "opted_out"), event(3, "opted_in"), event(4, "opted_out_by_account")];
        let facts = Facts { changes, opted_out_at: Some(at(4)), opted_out_by_account: true, ..launched() };
        let wanted = ["in_no_batch", "targeted", "opted_out", "opted_in", "opted_out (account)"];
        let told = words(&facts).1;
        assert!(told.len() == 5 && wanted.iter().all(|word| told.contains(&(*word).to_owned())), "{told:?}");
        // A contact that was made with it has no history of it.
        let facts = Facts { changes: Vec::new(), targeted: false, ..facts };
        assert!(words(&facts).1.contains(&"opted_out (account)".to_owned()));
        assert_eq!(explain(&facts, at(50)).reasons.last().unwrap().advice().rule, "I3");
    }

    #[test]
    fn what_happened_to_a_person_stands_between_what_happened_to_the_goal() {
        let change = |minute, what: &str| ContactEvent { at: at(minute), kind: what.parse().unwrap() };
        // Opted out when the targets were chosen, and in again by now.
        let changes = vec![change(0, "opted_out"), change(9, "opted_in"), change(10, "deactivated")];
        let facts =
            Facts { targeted: false, changes, deactivated_at: Some(at(10)), paused_at: Some(at(5)), ..launched() };
        let wanted = [
            "opted_out",
            "not_targeted (by targeting, or by what came before)",
            "goal_paused",
            "opted_in",
            "deactivated",
        ];
        assert_eq!(words(&facts), (false, wanted.map(ToOwned::to_owned).to_vec()));
        // A state that began before its history is told by its present.
        let opted_out_at = Some(at(20));
        let facts = Facts { opted_out_at, not_textable: true, changes: Vec::new(), ..facts };
        let wanted = [
            "not_targeted (by targeting, or by what came before)",
            "goal_paused",
            "deactivated",
            "opted_out",
            "not_textable",
        ];
        assert_eq!(words(&facts), (false, wanted.map(ToOwned::to_owned).to_vec()));
    }

    #[test]
    fn somebody_who_was_not_texted_is_told_what_stands_in_the_way() {
        let waits = Facts { batch: Some(BatchState::Released), ..launched() };
        assert_eq!(words(&waits), (false, vec!["targeted".to_owned(), "batch_not_claimed".to_owned()]));
        let stranger = Facts { targeted: false, member: false, ..launched() };
        assert_eq!(words(&stranger), (false, vec!["not_targeted (not_in_the_group)".to_owned()]));
        let draft = Facts { member: true, ..Facts::default() };
        assert_eq!(words(&draft), (false, vec!["goal_not_launched".to_owned()]));
        let skipped =
            Facts { skipped: Some(Skip { at: at(3), reason: Some("missing_value:email".to_owned()) }), ..launched() };
        let wanted = ["targeted", "skipped (missing_value:email)"];
        assert_eq!(words(&skipped), (false, wanted.map(ToOwned::to_owned).to_vec()));
    }
}
