//! A limit of the work that is under way at once, found from the time that the same piece of work
//! takes.
//!
//! The limit grows by one while work waits and the piece takes as long as on an idle machine, and
//! shrinks by a quarter once it takes half as long again (additive increase, multiplicative
//! decrease): beyond that point more work at once only makes all of it slower. Nothing here looks
//! at a clock.

use std::time::Duration;

/// Samples of one decision. Their median decides, which a few slow ones do not move.
const SAMPLES: usize = 20;

/// The limit, and the observations that it follows.
#[derive(Debug)]
pub struct Limit {
    least: usize,
    most: usize,
    at_once: usize,
    /// How long the piece takes where nothing is in its way.
    idle: Option<Duration>,
    samples: Vec<Duration>,
    /// Work waited for the limit while these samples were taken.
    work_waited: bool,
}

impl Limit {
    /// Returns a limit between two bounds, of which each is at least 1. It begins at the lower one.
    pub fn new(least: usize, most: usize) -> Self {
        let most = most.max(1);
        let least = least.clamp(1, most);
        Self { least, most, at_once: least, idle: None, samples: Vec::with_capacity(SAMPLES), work_waited: false }
    }

    /// Returns how much may be under way at once.
    pub const fn at_once(&self) -> usize {
        self.at_once
    }

    /// Takes a sample: how long the piece took, and whether work waited for the limit meanwhile.
    /// Returns true where the limit grew.
    pub fn observe(&mut self, took: Duration, work_waits: bool) -> bool {
        self.samples.push(took);
        self.work_waited |= work_waits;
        if self.samples.len() < SAMPLES {
            return false;
        }
        self.samples.sort_unstable();
        let typical = self.samples[SAMPLES / 2];
        self.samples.clear();
        let waited = std::mem::take(&mut self.work_waited);
        let idle = self.idle.map_or(typical, |idle| idle.min(typical));
        let before = self.at_once;
        if typical > idle + idle / 2 {
            self.at_once = (before - before.div_ceil(4)).max(self.least);
        } else if waited {
            self.at_once = (before + 1).min(self.most);
        }
        // An idle machine may have become slower. Samples of a busy one say nothing of that.
        self.idle = Some(if waited { idle } else { idle + typical.saturating_sub(idle) / 8 });
        self.at_once > before
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const IDLE: Duration = Duration::from_millis(2);

    /// Takes so many decisions' samples.
    fn decide(limit: &mut Limit, decisions: usize, took: impl Fn(usize) -> Duration, waits: bool) {
        for _ in 0..decisions * SAMPLES {
            limit.observe(took(limit.at_once()), waits);
        }
    }

    #[test]
    fn the_limit_grows_while_work_waits_and_nothing_becomes_slower() {
        let mut limit = Limit::new(2, 10);
        decide(&mut limit, 3, |_| IDLE, true);
        assert_eq!(limit.at_once(), 5);
        decide(&mut limit, 100, |_| IDLE, true);
        assert_eq!(limit.at_once(), 10);
    }

    #[test]
    fn the_limit_stays_where_nothing_waits_for_it() {
        let mut limit = Limit::new(2, 10);
        decide(&mut limit, 100, |_| IDLE, false);
        assert_eq!(limit.at_once(), 2);
    }

    #[test]
    fn the_limit_stays_near_the_number_that_the_machine_can_do_at_once() {
        // Six at once take as long as one; beyond that each takes longer.
        let machine = |at_once: usize| IDLE * u32::try_from(at_once.max(6)).unwrap() / 6;
        let mut limit = Limit::new(2, 50);
        decide(&mut limit, 3, |_| IDLE, false);
        for _ in 0..200 {
            decide(&mut limit, 1, machine, true);
            assert!(limit.at_once() <= 10, "{}", limit.at_once());
        }
        assert!(limit.at_once() >= 6, "{}", limit.at_once());
    }

    #[test]
    fn a_few_slow_samples_change_nothing() {
        let mut limit = Limit::new(2, 10);
        for sample in 0..SAMPLES * 4 {
            let took = if sample % 4 == 0 { Duration::from_secs(1) } else { IDLE };
            limit.observe(took, true);
        }
        assert_eq!(limit.at_once(), 6);
    }

    #[test]
    fn a_machine_that_has_become_slower_is_not_taken_for_a_busy_one_for_ever() {
        let mut limit = Limit::new(2, 10);
        decide(&mut limit, 1, |_| IDLE, false);
        decide(&mut limit, 50, |_| IDLE * 3, false);
        decide(&mut limit, 8, |_| IDLE * 3, true);
        assert_eq!(limit.at_once(), 10);
    }

    proptest! {
        /// Under any observations, the limit keeps its bounds.
        #[test]
        fn the_limit_keeps_its_bounds(
            least in 0..8_usize, most in 0..40_usize, samples in prop::collection::vec((0..5_000_u64, any::<bool>()), 0..600)
        ) {
            let mut limit = Limit::new(least, most);
            for (micros, waits) in samples {
                limit.observe(Duration::from_micros(micros), waits);
                prop_assert!(limit.at_once() >= 1 && limit.at_once() <= most.max(1));
                prop_assert!(limit.at_once() >= least.min(most));
            }
        }
    }
}
