//! The state machine of a target's reminder (rules W5, W6 and G9a): only contacts with a yes are
//! reminded, once at most.

use crate::{
    goals::answer::Answer,
    sending::{CancelReason, MessageReason, message::MessageState},
};

/// A target's reminder as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reminder {
    /// The contact's answer.
    pub answer: Option<Answer>,
    /// How far the reminder is.
    pub progress: ReminderProgress,
}

/// How far a reminder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReminderProgress {
    /// The contact is in no reminder batch.
    Unplaced,
    /// The contact is in a reminder batch and is still to be texted.
    Placed,
    /// The contact was skipped for good.
    Skipped,
    /// The text is queued or held.
    Waits,
    /// The text was handed over, or may have been.
    Gone,
    /// The text was cancelled before the carrier had it.
    Cancelled {
        /// The contact may have the reminder again, once the reason is gone.
        again: bool,
    },
}

/// A command to a reminder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReminderCommand {
    /// The contact has answered.
    Answer(Answer),
    /// Puts the contact into a reminder batch.
    Place,
    /// Skips the contact for good.
    Skip,
    /// Queues the text.
    Queue,
    /// Hands the text over.
    HandOver,
    /// Cancels the text.
    Cancel(CancelReason),
    /// The reminder window is open again.
    Reopen,
}

/// Why a reminder refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReminderRefusal {
    /// The contact has not said yes.
    #[error("the contact has not said yes")]
    NotYes,
    /// The reminder is not as far, or further.
    #[error("the reminder is not at that step")]
    WrongStep,
}

/// The effect of an answer on the reminder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerEffect {
    /// None.
    Stays,
    /// The contact leaves the reminder batch.
    LeavesBatch,
    /// The text that waits is cancelled.
    CancelsText,
    /// The contact may have the reminder again.
    MayHaveAgain,
}

impl ReminderProgress {
    /// Returns the progress of a reminder with a text in this state.
    pub fn of_text(state: MessageState, reason: Option<MessageReason>) -> Self {
        match state {
            MessageState::Queued | MessageState::Held => Self::Waits,
            MessageState::Cancelled => Self::Cancelled {
                again: matches!(reason, Some(MessageReason::Cancelled(reason)) if may_come_again(reason)),
            },
            MessageState::Sending
            | MessageState::Unknown
            | MessageState::Sent
            | MessageState::Delivered
            | MessageState::Undelivered
            | MessageState::Failed
            | MessageState::Received => Self::Gone,
        }
    }
}

/// Returns whether the reason of a cancellation can go away: a window that opens again, and a
/// contact that says yes again.
const fn may_come_again(reason: CancelReason) -> bool {
    match reason {
        CancelReason::WindowClosed | CancelReason::NoLongerYes => true,
        CancelReason::Redacted
        | CancelReason::OptedOut
        | CancelReason::Deactivated
        | CancelReason::NotInGroup
        | CancelReason::NotTextable
        | CancelReason::Reassigned
        | CancelReason::NoCommonHours
        | CancelReason::NumberGone => false,
    }
}

impl Reminder {
    /// Returns the reminder after a command; one that refuses stays as it is.
    pub fn after(self, command: ReminderCommand) -> Result<Self, ReminderRefusal> {
        let yes = self.answer == Some(Answer::Yes);
        let step = |from: ReminderProgress, to: ReminderProgress| match self.progress == from {
            false => Err(ReminderRefusal::WrongStep),
            true if !yes => Err(ReminderRefusal::NotYes),
            true => Ok(Self { progress: to, ..self }),
        };
        match command {
            ReminderCommand::Answer(answer) => Ok(Self { answer: Some(answer), progress: self.answered(answer) }),
            ReminderCommand::Place => step(ReminderProgress::Unplaced, ReminderProgress::Placed),
            ReminderCommand::Queue => step(ReminderProgress::Placed, ReminderProgress::Waits),
            ReminderCommand::HandOver => step(ReminderProgress::Waits, ReminderProgress::Gone),
            ReminderCommand::Reopen => step(ReminderProgress::Cancelled { again: true }, ReminderProgress::Unplaced),
            ReminderCommand::Skip if self.progress == ReminderProgress::Placed => {
                Ok(Self { progress: ReminderProgress::Skipped, ..self })
            }
            ReminderCommand::Cancel(reason) if self.progress == ReminderProgress::Waits => {
                Ok(Self { progress: ReminderProgress::Cancelled { again: may_come_again(reason) }, ..self })
            }
            ReminderCommand::Skip | ReminderCommand::Cancel(_) => Err(ReminderRefusal::WrongStep),
        }
    }

    /// Returns the effect of an answer.
    pub fn effect(self, answer: Answer) -> AnswerEffect {
        match (self.progress, self.answered(answer)) {
            (ReminderProgress::Placed, ReminderProgress::Unplaced) => AnswerEffect::LeavesBatch,
            (ReminderProgress::Waits, ReminderProgress::Cancelled { .. }) => AnswerEffect::CancelsText,
            (ReminderProgress::Cancelled { .. }, ReminderProgress::Unplaced) => AnswerEffect::MayHaveAgain,
            _ => AnswerEffect::Stays,
        }
    }

    /// Returns how far the reminder is after an answer.
    const fn answered(self, answer: Answer) -> ReminderProgress {
        match (answer, self.progress) {
            (Answer::Yes, ReminderProgress::Cancelled { again: true })
            | (Answer::No | Answer::Maybe, ReminderProgress::Placed) => ReminderProgress::Unplaced,
            (Answer::No | Answer::Maybe, ReminderProgress::Waits) => ReminderProgress::Cancelled { again: true },
            (Answer::Yes | Answer::No | Answer::Maybe, progress) => progress,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn commands() -> impl Strategy<Value = ReminderCommand> {
        prop_oneof![
            3 => Just(ReminderCommand::Answer(Answer::Yes)),
            1 => Just(ReminderCommand::Answer(Answer::No)),
            1 => Just(ReminderCommand::Answer(Answer::Maybe)),
            3 => Just(ReminderCommand::Place),
            1 => Just(ReminderCommand::Skip),
            3 => Just(ReminderCommand::Queue),
            3 => Just(ReminderCommand::HandOver),
            1 => proptest::sample::select(CancelReason::ALL).prop_map(ReminderCommand::Cancel),
            1 => Just(ReminderCommand::Reopen),
        ]
    }

    /// A reminder as an organizer would tell it, by yes and no.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    #[expect(clippy::struct_excessive_bools, reason = "each is a fact by itself, told as an organizer would")]
    struct Model {
        yes: bool,
        batch: bool,
        waits: bool,
        gone: bool,
        cancelled: bool,
        /// It will never come again.
        over: bool,
    }

    impl Model {
        /// Returns the reminder after a command; `None` where it is refused.
        fn after(self, command: ReminderCommand) -> Option<Self> {
            let fresh = !(self.batch || self.waits || self.gone || self.cancelled || self.over);
            match command {
                ReminderCommand::Answer(Answer::Yes) => {
                    Some(Self { yes: true, cancelled: self.cancelled && self.over, ..self })
                }
                ReminderCommand::Answer(_) => Some(Self {
                    yes: false,
                    batch: false,
                    waits: false,
                    cancelled: self.cancelled || self.waits,
                    ..self
                }),
                ReminderCommand::Place => (self.yes && fresh).then_some(Self { batch: true, ..self }),
                ReminderCommand::Skip => self.batch.then_some(Self { batch: false, over: true, ..self }),
                ReminderCommand::Queue => {
                    (self.yes && self.batch).then_some(Self { batch: false, waits: true, ..self })
                }
                ReminderCommand::HandOver => {
                    (self.yes && self.waits).then_some(Self { waits: false, gone: true, ..self })
                }
                ReminderCommand::Cancel(reason) => self.waits.then_some(Self {
                    waits: false,
                    cancelled: true,
                    over: !matches!(reason, CancelReason::WindowClosed | CancelReason::NoLongerYes),
                    ..self
                }),
                ReminderCommand::Reopen => {
                    (self.yes && self.cancelled && !self.over).then_some(Self { cancelled: false, ..self })
                }
            }
        }
    }

    fn told(reminder: Reminder) -> Model {
        let yes = reminder.answer == Some(Answer::Yes);
        let told = Model { yes, ..Model::default() };
        match reminder.progress {
            ReminderProgress::Unplaced => told,
            ReminderProgress::Placed => Model { batch: true, ..told },
            ReminderProgress::Skipped => Model { over: true, ..told },
            ReminderProgress::Waits => Model { waits: true, ..told },
            ReminderProgress::Gone => Model { gone: true, ..told },
            ReminderProgress::Cancelled { again } => Model { cancelled: true, over: !again, ..told },
        }
    }

    proptest! {
        #[test]
        fn w6_a_reminder_obeys_and_refuses_as_the_model_does_and_goes_once_at_most_to_a_yes(
            commands in proptest::collection::vec(commands(), 0..40),
        ) {
            let mut reminder = Reminder { answer: None, progress: ReminderProgress::Unplaced };
            let mut gone = 0;
            for command in commands {
                let wanted = told(reminder).after(command);
                let done = reminder.after(command);
                prop_assert_eq!(done.ok().map(told), wanted, "{:?} of {:?}", command, reminder);
                if let Ok(after) = done {
                    if command == ReminderCommand::HandOver {
                        gone += 1;
                        prop_assert_eq!(reminder.answer, Some(Answer::Yes));
                    }
                    reminder = after;
                }
            }
            prop_assert!(gone <= 1, "{} reminders", gone);
        }
    }

    #[test]
    fn w6_an_answer_moves_the_reminder() {
        let at = |progress| Reminder { answer: Some(Answer::Yes), progress };
        for (progress, answer, effect) in [
            (ReminderProgress::Placed, Answer::No, AnswerEffect::LeavesBatch),
            (ReminderProgress::Placed, Answer::Yes, AnswerEffect::Stays),
            (ReminderProgress::Waits, Answer::Maybe, AnswerEffect::CancelsText),
            (ReminderProgress::Waits, Answer::Yes, AnswerEffect::Stays),
            (ReminderProgress::Gone, Answer::No, AnswerEffect::Stays),
            (ReminderProgress::Skipped, Answer::No, AnswerEffect::Stays),
            (ReminderProgress::Cancelled { again: true }, Answer::Yes, AnswerEffect::MayHaveAgain),
            (ReminderProgress::Cancelled { again: true }, Answer::No, AnswerEffect::Stays),
            (ReminderProgress::Cancelled { again: false }, Answer::Yes, AnswerEffect::Stays),
        ] {
            assert_eq!(at(progress).effect(answer), effect, "{progress:?} {answer:?}");
        }
    }

    #[test]
    fn w6_a_texts_state_tells_how_far_the_reminder_is() {
        let cancelled =
            |reason| ReminderProgress::of_text(MessageState::Cancelled, Some(MessageReason::Cancelled(reason)));
        assert_eq!(cancelled(CancelReason::WindowClosed), ReminderProgress::Cancelled { again: true });
        assert_eq!(cancelled(CancelReason::OptedOut), ReminderProgress::Cancelled { again: false });
        for state in MessageState::ALL.iter().copied() {
            let progress = ReminderProgress::of_text(state, None);
            assert_eq!(progress == ReminderProgress::Gone, state.is_messaged() || state == MessageState::Received);
        }
    }
}
