//! Delays between attempts to connect. The only file that knows the `backoff` crate, so that it can be exchanged here.

use std::time::Duration;

use backoff::{ExponentialBackoff, ExponentialBackoffBuilder, backoff::Backoff};

/// Growing, jittered delays, without end; reset after a success.
#[derive(Debug)]
pub struct ReconnectDelays(ExponentialBackoff);

impl Default for ReconnectDelays {
    /// From 100 ms to 5 s.
    fn default() -> Self {
        Self(
            ExponentialBackoffBuilder::new()
                .with_initial_interval(Duration::from_millis(100))
                .with_max_interval(Self::LONGEST)
                .with_max_elapsed_time(None)
                .build(),
        )
    }
}

impl ReconnectDelays {
    const LONGEST: Duration = Duration::from_secs(5);

    /// How long to wait before the next attempt.
    pub fn next_delay(&mut self) -> Duration {
        self.0.next_backoff().unwrap_or(Self::LONGEST)
    }

    /// The last attempt succeeded.
    pub fn reset(&mut self) {
        self.0.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_a_bound_and_never_end() {
        let mut delays = ReconnectDelays::default();
        let first = delays.next_delay();
        assert!(first <= Duration::from_millis(200));
        let last = (0..50).map(|_| delays.next_delay()).last().unwrap();
        assert!(last > first && last <= Duration::from_secs(8));
        delays.reset();
        assert!(delays.next_delay() <= Duration::from_millis(200));
    }
}
