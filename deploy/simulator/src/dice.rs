//! Draws that depend on their subject, never on time or thread.
//!
//! Every draw is a hash of (seed, purpose, number, n), so the same messages get the same fate in
//! any order.

use std::time::Duration;

use sha1::{Digest as _, Sha1};

use crate::behaviour::Millis;

/// The source of all draws of one simulator.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dice {
    seed: u64,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// Returns the draws for one thing that can happen to the `nth` message or attempt to a number.
    pub(crate) fn draw(self, purpose: &'static str, number: &str, nth: u64) -> Draw {
        let mut hash = Sha1::new();
        hash.update(self.seed.to_be_bytes());
        hash.update(nth.to_be_bytes());
        hash.update(purpose);
        hash.update([0]);
        hash.update(number);
        let digest = hash.finalize();
        let mut first = [0; 4];
        first.copy_from_slice(&digest[..4]);
        Draw(u32::from_be_bytes(first))
    }
}

/// One draw, uniform over 2³² values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draw(u32);

impl Draw {
    /// Returns the draw as a number in `[0, 1)`.
    pub(crate) fn fraction(self) -> f64 {
        f64::from(self.0) / (f64::from(u32::MAX) + 1.0)
    }

    /// Returns whether a thing of this chance happens: never at 0, always at 1.
    pub(crate) fn hits(self, chance: f64) -> bool {
        self.fraction() < chance
    }

    /// Returns a number of milliseconds in the range.
    pub(crate) fn millis(self, range: Millis) -> u64 {
        range.min + u64::from(self.0) % (range.max.saturating_sub(range.min) + 1)
    }

    /// Returns a duration in the range.
    pub(crate) fn duration(self, range: Millis) -> Duration {
        Duration::from_millis(self.millis(range))
    }

    /// Returns one of these; `None` only if there are none.
    pub(crate) fn pick<T>(self, choices: &[T]) -> Option<&T> {
        let count = u32::try_from(choices.len()).ok().filter(|count| *count > 0)?;
        choices.get((self.0 % count) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TO: &str = "+12125550100";

    #[test]
    fn the_same_question_gets_the_same_answer() {
        let draw = |seed, purpose, nth| Dice::new(seed).draw(purpose, TO, nth).0;
        assert_eq!(draw(7, "reply", 0), draw(7, "reply", 0));
        assert_ne!(draw(7, "reply", 0), draw(8, "reply", 0));
        assert_ne!(draw(7, "reply", 0), draw(7, "reply", 1));
        assert_ne!(draw(7, "reply", 0), draw(7, "undelivered", 0));
    }

    #[test]
    fn chances_come_true_about_as_often_as_they_say() {
        let dice = Dice::new(1);
        let hits = (0..10_000).filter(|nth| dice.draw("x", TO, *nth).hits(0.2));
        let hits = hits.count();
        assert!((1_850..2_150).contains(&hits), "{hits}");
    }

    #[test]
    fn never_and_always_hold_at_the_ends() {
        assert!(!Draw(0).hits(0.0));
        assert!(Draw(u32::MAX).hits(1.0));
    }

    #[test]
    fn ranges_include_both_ends() {
        let range = Millis { min: 5, max: 7 };
        let seen: Vec<u64> = (0..4).map(|value| Draw(value).millis(range)).collect();
        assert_eq!(seen, [5, 6, 7, 5]);
        assert_eq!(Draw(9).millis(Millis { min: 3, max: 3 }), 3);
    }
}
