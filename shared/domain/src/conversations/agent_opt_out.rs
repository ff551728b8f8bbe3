//! An opt-out that an agent records, and its short undo (rules R2, I3, S9 and W9).
//!
//! The opt-out holds at once. It is undone by the agent that recorded it alone, within
//! [`UNDO_WINDOW`], and only if nothing was said since: neither by the contact, in any
//! conversation, nor by an admin, a file or the carrier about an opt-out. An undo is no word of the
//! contact's: they stand by the word of before, so that a STOP on its way counts when it comes.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{conversations::word::Standing, ids::MemberId};

/// How long an agent can undo an opt-out that they recorded.
pub const UNDO_WINDOW: TimeDelta = TimeDelta::seconds(30);

/// An opt-out as an agent recorded it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgentOptOut {
    /// The agent.
    pub agent_id: MemberId,
    /// When.
    pub at: DateTime<Utc>,
    /// The number of its word (rule I3a).
    pub word: i64,
    /// The word that the contact stood by before.
    pub word_before: Option<i64>,
    /// Texts of the contact until then.
    pub texts_before: i64,
}

/// Why an opt-out is not undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UndoRefusal {
    /// The contact's opt-out is not this agent's record, or is none any more.
    #[error("there is no opt-out of yours to undo here")]
    NotYours,
    /// The window is over.
    #[error("an opt-out can be undone for {} seconds", UNDO_WINDOW.num_seconds())]
    TooLate,
    /// The contact has written, or a later word counts.
    #[error("something was said since; the opt-out stays")]
    SaidSince,
}

impl AgentOptOut {
    /// Returns the instant from which on it cannot be undone.
    pub fn undo_until(&self) -> DateTime<Utc> {
        self.at + UNDO_WINDOW
    }

    /// Returns the contact's standing after an undo, of the one now and the texts until now.
    pub fn undo(
        &self,
        agent_id: MemberId,
        standing: Standing,
        texts: i64,
        now: DateTime<Utc>,
    ) -> Result<Standing, UndoRefusal> {
        if agent_id != self.agent_id || !standing.opted_out {
            Err(UndoRefusal::NotYours)
        } else if standing.last_word != Some(self.word) || texts != self.texts_before {
            Err(UndoRefusal::SaidSince)
        } else if now >= self.undo_until() {
            Err(UndoRefusal::TooLate)
        } else {
            Ok(Standing { opted_out: false, last_word: self.word_before })
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::conversations::word::{OwnWords, Word, handle, intent};

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    const AGENT: MemberId = MemberId(Uuid::from_u128(1));
    const OUT: Standing = Standing { opted_out: true, last_word: Some(7) };

    fn opt_out() -> AgentOptOut {
        AgentOptOut { agent_id: AGENT, at: at(0), word: 7, word_before: Some(3), texts_before: 2 }
    }

    #[test]
    fn w9_the_same_agent_undoes_an_opt_out_within_the_window_and_no_later() {
        let before = Standing { opted_out: false, last_word: Some(3) };
        for (second, wanted) in [(0, Ok(before)), (29, Ok(before)), (30, Err(UndoRefusal::TooLate))] {
            assert_eq!(opt_out().undo(AGENT, OUT, 2, at(second)), wanted, "{second}");
        }
        let other = MemberId(Uuid::from_u128(2));
        assert_eq!(opt_out().undo(other, OUT, 2, at(1)), Err(UndoRefusal::NotYours));
    }

    #[test]
    fn i3_nothing_that_was_said_since_is_undone() {
        assert_eq!(opt_out().undo(AGENT, OUT, 3, at(1)), Err(UndoRefusal::SaidSince));
        let later = Standing { last_word: Some(8), ..OUT };
        assert_eq!(opt_out().undo(AGENT, later, 2, at(1)), Err(UndoRefusal::SaidSince));
        let back = Standing { opted_out: false, last_word: Some(8) };
        assert_eq!(opt_out().undo(AGENT, back, 2, at(1)), Err(UndoRefusal::NotYours));
    }

    proptest! {
        /// A STOP with a number from before or after the agent's word, handled after the undo.
        #[test]
        fn i3_a_stop_on_its_way_counts_after_an_undo(number in 4_i64..20, second in 0_i64..30) {
            prop_assume!(number != 7);
            let after = opt_out().undo(AGENT, OUT, 2, at(second)).unwrap();
            let handled = handle(intent("STOP", None, OwnWords::default(), after, number), after, number);
            prop_assert_eq!(handled.word, Word::Out);
            prop_assert!(handled.confirm);
        }
    }
}
