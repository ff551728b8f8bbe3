//! Delays that spread the ticks of many schedules, without a random draw: asked again, the answer
//! is the same.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

/// Returns how much later than planned a tick's work begins: in whole milliseconds, below `max`,
/// evenly spread over ticks and over the schedules' names or ids, and always the same for the same
/// tick of the same schedule.
pub fn jitter(schedule: &str, tick: DateTime<Utc>, max: Duration) -> Duration {
    let mut hash = Sha256::new();
    hash.update(tick.timestamp_micros().to_be_bytes());
    hash.update(schedule.as_bytes());
    let draw = hash.finalize().iter().take(8).fold(0, |draw: u128, byte| draw << 8 | u128::from(*byte));
    let max = u128::from(u64::try_from(max.as_millis()).unwrap_or(u64::MAX));
    // `draw` has 64 bits, so that the product's upper 64 bits are below `max`.
    Duration::from_millis(u64::try_from((draw * max) >> 64).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn the_same_tick_waits_the_same_and_others_spread() {
        let max = Duration::from_mins(1);
        let noon: DateTime<Utc> = "2026-11-21T12:00:00Z".parse().unwrap();
        assert_eq!(jitter("nightly", noon, max), jitter("nightly", noon, max));
        assert_ne!(jitter("nightly", noon, max), jitter("weekly", noon, max));
        let delays: Vec<_> = (0..1_000).map(|day| jitter("nightly", noon + TimeDelta::days(day), max)).collect();
        assert!(delays.iter().all(|delay| *delay < max));
        // Each tenth of the minute gets about a tenth of the ticks.
        for tenth in 0..10 {
            let ticks = delays.iter().filter(|delay| delay.as_secs() / 6 == tenth).count();
            assert!((50..150).contains(&ticks), "{ticks} of 1,000 ticks in tenth {tenth}");
        }
    }

    #[test]
    fn no_bound_or_the_largest_is_fine() {
        let noon = "2026-11-21T12:00:00Z".parse().unwrap();
        assert_eq!(jitter("nightly", noon, Duration::ZERO), Duration::ZERO);
        assert!(jitter("nightly", noon, Duration::MAX) < Duration::MAX);
    }
}
