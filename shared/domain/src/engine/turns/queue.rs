//! The waiters of one key: urgent ones go first, and keep nobody waiting for ever.

use std::{collections::VecDeque, time::Instant};

/// Turns that urgent waiters have in a row while others of their key wait. Agents who begin their
/// shifts together claim together, and each claim is followed by many texts.
pub(super) const URGENT_IN_A_ROW: u8 = 15;

/// How soon a user is to have its turn among those of its key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// A person has nothing to do until the answer is there.
    Urgent,
    /// All else.
    #[default]
    Ordinary,
}

/// The waiters of a key, of each urgency the first to come first.
#[derive(Debug)]
pub(super) struct Queue<W> {
    urgent: VecDeque<(Instant, W)>,
    ordinary: VecDeque<(Instant, W)>,
    /// Urgent ones that went while others waited, since the last of these.
    in_a_row: u8,
}

impl<W> Default for Queue<W> {
    fn default() -> Self {
        Self { urgent: VecDeque::new(), ordinary: VecDeque::new(), in_a_row: 0 }
    }
}

impl<W> Queue<W> {
    pub(super) fn len(&self) -> usize {
        self.urgent.len() + self.ordinary.len()
    }

    pub(super) const fn of(&self, urgency: Urgency) -> &VecDeque<(Instant, W)> {
        match urgency {
            Urgency::Urgent => &self.urgent,
            Urgency::Ordinary => &self.ordinary,
        }
    }

    pub(super) fn push(&mut self, urgency: Urgency, now: Instant, waiter: W) {
        match urgency {
            Urgency::Urgent => self.urgent.push_back((now, waiter)),
            Urgency::Ordinary => self.ordinary.push_back((now, waiter)),
        }
    }

    pub(super) fn pop(&mut self) -> Option<(Instant, W)> {
        let others_turn = self.in_a_row >= URGENT_IN_A_ROW && !self.ordinary.is_empty();
        if self.urgent.is_empty() || others_turn {
            self.in_a_row = 0;
            return self.ordinary.pop_front();
        }
        self.in_a_row = if self.ordinary.is_empty() { 0 } else { self.in_a_row + 1 };
        self.urgent.pop_front()
    }

    pub(super) fn retain(&mut self, stays: impl Fn(&W) -> bool) {
        self.urgent.retain(|(_, waiter)| stays(waiter));
        self.ordinary.retain(|(_, waiter)| stays(waiter));
    }
}
