//! For how long a worker may hand texts over by its last look at them (rule S9).
//!
//! A hand-over looks at everything that may forbid a text, and marks it. Calls come after it, and a
//! change meanwhile has to keep back all texts that the carrier was not called for yet. A worker
//! hears of changes on a connection of its own; but it may have stood still, and the connection may
//! be lost. So its knowledge counts for [`PROOF_FRESH_FOR`] only: then it makes sure, and where it
//! cannot have heard everything, it looks again.
//!
//! A change is answered [`HOLDS_AFTER`] its commit. This span is the longer one: it has room for
//! the other, and for the way from a worker's last look to the carrier.

use std::time::Duration;

/// How long knowledge counts, by a clock that goes on while a process stands still.
pub const PROOF_FRESH_FOR: Duration = Duration::from_millis(50);

/// How long after its commit a pause, a close, an opt-out and the like is answered where texts are
/// on their way: from then on no call begins.
pub const HOLDS_AFTER: Duration = Duration::from_millis(150);

/// Knowledge about a text right before its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Age of the look: a stop that was committed before was seen by it.
    pub looked: Duration,
    /// Something that concerns it was heard to stop since then.
    pub stopped: bool,
    /// The connection for hearing; none while there is none.
    pub heard: Option<Heard>,
}

/// A connection for hearing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// Age of the proof's beginning: every stop that was committed since then is heard.
    pub since: Duration,
    /// How long ago everything that was committed by then had been heard.
    pub proven: Duration,
}

/// The decision about a text right before its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Call.
    Go,
    /// Keep it back: something has stopped.
    Stopped,
    /// Make sure that everything that was committed has been heard.
    Prove,
    /// Look again at all that may forbid it: something may have stopped unheard.
    Look,
}

impl Known {
    /// Decides; knowledge counts for so long as `fresh`.
    pub fn standing(self, fresh: Duration) -> Standing {
        if self.stopped {
            return Standing::Stopped;
        }
        if self.looked < fresh {
            return Standing::Go;
        }
        match self.heard {
            Some(heard) if heard.since < self.looked => Standing::Look,
            Some(heard) if heard.proven < fresh => Standing::Go,
            Some(_) => Standing::Prove,
            None => Standing::Look,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn known(looked: u64, heard: Option<(u64, u64)>) -> Known {
        let heard = heard.map(|(since, proven)| Heard { since: ms(since), proven: ms(proven) });
        Known { looked: ms(looked), stopped: false, heard }
    }

    #[test]
    fn s9_what_was_looked_at_a_moment_ago_counts_and_what_has_stopped_does_not() {
        assert_eq!(known(49, None).standing(PROOF_FRESH_FOR), Standing::Go);
        assert_eq!(known(50, None).standing(PROOF_FRESH_FOR), Standing::Look);
        assert_eq!(Known { stopped: true, ..known(0, None) }.standing(PROOF_FRESH_FOR), Standing::Stopped);
    }

    #[test]
    fn s9_what_is_older_is_made_sure_of_where_all_was_heard_and_looked_at_again_where_it_was_not() {
        assert_eq!(known(4_000, Some((9_000, 49))).standing(PROOF_FRESH_FOR), Standing::Go);
        assert_eq!(known(4_000, Some((9_000, 4_000))).standing(PROOF_FRESH_FOR), Standing::Prove);
        assert_eq!(
            known(4_000, Some((3_999, 0))).standing(PROOF_FRESH_FOR),
            Standing::Look,
            "the connection is younger"
        );
        assert_eq!(known(4_000, None).standing(PROOF_FRESH_FOR), Standing::Look);
    }

    proptest! {
        /// Times of the worker's clock. A stop is known by a look that comes after it, or heard by
        /// a connection that was there and proved after it.
        #[test]
        fn s9_no_call_begins_when_a_stop_is_answered(
            looked in 0u64..1_000, stop in 0u64..1_000, call in 0u64..1_200,
            listens in proptest::option::of((0u64..1_000, 0u64..300)),
        ) {
            let heard = listens.map(|(since, after)| (since, since + after)).filter(|(_, proven)| *proven <= call);
            prop_assume!(looked <= call && stop <= call);
            let seen = looked >= stop;
            let stopped = !seen && heard.is_some_and(|(since, proven)| since <= stop && proven >= stop);
            let state = Known {
                looked: ms(call - looked),
                stopped,
                heard: heard.map(|(since, proven)| Heard { since: ms(call - since), proven: ms(call - proven) }),
            };
            if !seen && state.standing(PROOF_FRESH_FOR) == Standing::Go {
                prop_assert!(ms(call - stop) <= PROOF_FRESH_FOR, "called {} ms after the stop", call - stop);
            }
        }
    }
}
