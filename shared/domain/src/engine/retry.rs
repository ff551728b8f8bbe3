//! Retry delays: exponential with jitter.

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
    /// Returns the delay after attempt number `attempt` (from 1); `draw` is a random number in
    /// `[0, 1)`.
    pub fn delay(&self, attempt: u32, draw: f64) -> Duration {
        let doubled = self.base.saturating_mul(1 << attempt.saturating_sub(1).min(20));
        doubled.min(self.max).mul_f64(draw.clamp(0.0, 1.0))
    }
}

/// Delays between attempts to reach a server: growing, without end, and short again after a
/// success.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReconnectDelays {
    failures: u32,
}

impl ReconnectDelays {
    const POLICY: RetryPolicy = RetryPolicy { base: Duration::from_millis(100), max: Duration::from_secs(5) };

    /// Returns how long to wait before the next attempt: at least half of the policy's bound, so
    /// that a server that is away is not asked at once. `draw` is a random number in `[0, 1)`.
    pub fn next_delay(&mut self, draw: f64) -> Duration {
        self.failures = self.failures.saturating_add(1);
        Self::POLICY.delay(self.failures, 0.5 + draw / 2.0)
    }

    /// The last attempt succeeded.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reconnect_delays_grow_to_a_bound_never_end_and_begin_again_after_a_success() {
        let mut delays = ReconnectDelays::default();
        let shortest: Vec<_> = (0..8).map(|_| delays.next_delay(0.0).as_millis()).collect();
        assert_eq!(shortest, [50, 100, 200, 400, 800, 1_600, 2_500, 2_500]);
        assert_eq!(delays.next_delay(1.0), Duration::from_secs(5));
        delays.reset();
        assert_eq!(delays.next_delay(1.0), Duration::from_millis(100));
    }

    #[test]
    fn delays_double_up_to_the_maximum() {
        let policy = RetryPolicy { base: Duration::from_secs(1), max: Duration::from_secs(5) };
        let longest: Vec<_> = (1..=4).map(|attempt| policy.delay(attempt, 1.0).as_secs()).collect();
        assert_eq!(longest, [1, 2, 4, 5]);
        assert_eq!(policy.delay(3, 0.0), Duration::ZERO);
        assert_eq!(policy.delay(u32::MAX, 1.0).as_secs(), 5);
    }
}
