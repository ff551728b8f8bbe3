//! The room that the simulated agents share: signs on the wall and a tally.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

use super::moment::Moment;

/// Read by every agent, written by the player.
#[derive(Debug, Default)]
pub(crate) struct Floor {
    /// The shift is over.
    closed: AtomicBool,
    /// How many initials may be queued in all before the agents wait; 0 is without bound.
    initials: AtomicI64,
    /// Reminders can be claimed.
    reminders: AtomicBool,
    answers: Mutex<Vec<Recorded>>,
    pub(crate) tally: Tally,
}

/// An answer that an agent recorded.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    /// The contact's id.
    pub(crate) contact: String,
    pub(crate) yes: bool,
    /// Before the API was asked to record it.
    pub(crate) asked: Moment,
    /// When the API had answered.
    pub(crate) answered: Moment,
}

/// A count of the agents' deeds.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) batches: Count,
    pub(crate) queued: Count,
    pub(crate) skipped: Count,
    pub(crate) reminders: Count,
    pub(crate) answers: Count,
    pub(crate) replies: Count,
    /// Requests that were refused because of a pause, a lease or an opt-out.
    pub(crate) refused: Count,
    /// Batches that an agent left behind.
    pub(crate) abandoned: Count,
}

#[derive(Debug, Default)]
pub(crate) struct Count(AtomicI64);

impl Count {
    pub(crate) fn add(&self, more: i64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Floor {
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Lets agents queue so many initials in all.
    pub(crate) fn bound_initials(&self, at_most: i64) {
        self.initials.store(at_most, Ordering::Relaxed);
    }

    /// Returns whether the agents have queued as many initials as they may for now.
    pub(crate) fn is_on_break(&self) -> bool {
        let bound = self.initials.load(Ordering::Relaxed);
        bound > 0 && self.tally.queued.get() - self.tally.reminders.get() >= bound
    }

    pub(crate) fn record(&self, answer: Recorded) {
        self.tally.answers.add(1);
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).push(answer);
    }

    /// Returns the recorded answers, in the order in which the API answered.
    pub(crate) fn answers(&self) -> Vec<Recorded> {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner).clone();
        answers.sort_by_key(|answer| answer.answered);
        answers
    }

    pub(crate) fn open_reminders(&self) {
        self.reminders.store(true, Ordering::Relaxed);
    }

    pub(crate) fn has_reminders(&self) -> bool {
        self.reminders.load(Ordering::Relaxed)
    }
}
