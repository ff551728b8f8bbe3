//! Retry delays: exponential with full jitter.

use std::time::Duration;

/// How long to wait between attempts.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// The upper bound of the first delay; it doubles with each attempt.
    pub base: Duration,
    /// The upper bound of any delay.
    pub max: Duration,
}

impl RetryPolicy {
    /// The delay after attempt number `attempt` (from 1); `draw` is a random number in `[0, 1)`.
    pub fn delay(&self, attempt: u32, draw: f64) -> Duration {
        let doubled = self.base.saturating_mul(1 << attempt.saturating_sub(1).min(20));
        doubled.min(self.max).mul_f64(draw.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_maximum() {
        let policy = RetryPolicy { base: Duration::from_secs(1), max: Duration::from_secs(5) };
        let longest: Vec<_> = (1..=4).map(|attempt| policy.delay(attempt, 1.0).as_secs()).collect();
        assert_eq!(longest, [1, 2, 4, 5]);
        assert_eq!(policy.delay(3, 0.0), Duration::ZERO);
        assert_eq!(policy.delay(u32::MAX, 1.0).as_secs(), 5);
    }
}
