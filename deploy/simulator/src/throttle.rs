//! The limit on creates per second. This is the one decision that depends on time, as it must.

use std::time::{Duration, Instant};

/// Counts the creates of the running second.
#[derive(Debug)]
pub(crate) struct Throttle {
    second: Instant,
    used: u32,
}

impl Throttle {
    pub(crate) fn new(now: Instant) -> Self {
        Self { second: now, used: 0 }
    }

    /// Returns whether one more create fits the second that `now` is in; a limit of 0 lets
    /// everything pass.
    pub(crate) fn admits(&mut self, limit: u32, now: Instant) -> bool {
        if limit == 0 {
            return true;
        }
        if now.duration_since(self.second) >= Duration::from_secs(1) {
            *self = Self::new(now);
        }
        let admitted = self.used < limit;
        if admitted {
            self.used += 1;
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_holds_within_a_second_and_lifts_with_the_next() {
        let start = Instant::now();
        let mut throttle = Throttle::new(start);
        let later = start + Duration::from_millis(999);
        assert!(throttle.admits(2, start));
        assert!(throttle.admits(2, later));
        assert!(!throttle.admits(2, later));
        assert!(throttle.admits(2, start + Duration::from_secs(1)));
    }

    #[test]
    fn zero_is_no_limit() {
        let start = Instant::now();
        let mut throttle = Throttle::new(start);
        assert!((0..100).all(|_| throttle.admits(0, start)));
    }
}
