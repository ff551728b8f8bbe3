//! How a pool's connections are used, and how long callers wait for one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::Error;

/// Waits up to each of these times, in seconds, and above the one before are counted together.
const BOUNDS: [f64; 10] = [0.001, 0.005, 0.02, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, f64::INFINITY];

/// How a pool is used.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PoolFigures {
    /// Connections that it may have.
    pub max: u32,
    /// Connections that callers have.
    pub used: u32,
    /// Connections that no caller has.
    pub idle: u32,
    /// Callers that wait for a connection, or for the turn that comes before it (`room`).
    pub waiting: u64,
    /// Callers that were given none, because none was free in time.
    pub timeouts: u64,
    /// Seconds that all callers together have waited.
    pub waited_seconds: f64,
    /// Waits that are over, each number with a time in seconds: those up to it and above the one
    /// before.
    pub waits: Vec<(f64, u64)>,
}

/// Waits of a pool's callers.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    waiting: AtomicU64,
    timeouts: AtomicU64,
    microseconds: AtomicU64,
    counts: [AtomicU64; BOUNDS.len()],
}

impl Waits {
    /// Begins a wait, which is over when it is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> Wait {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Wait { waits: Arc::clone(self), since: Instant::now() }
    }

    /// A caller was given no connection, for this reason.
    pub(crate) fn failed(&self, error: Error) -> Error {
        if matches!(error, Error::Busy { .. } | Error::Database(sqlx::Error::PoolTimedOut)) {
            self.timeouts.fetch_add(1, Ordering::Relaxed);
        }
        error
    }

    /// Returns the figures of a pool that may have so many connections and has `size`, some idle.
    pub(crate) fn figures(&self, max: u32, size: u32, idle: usize) -> PoolFigures {
        let idle = u32::try_from(idle).unwrap_or(u32::MAX);
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        PoolFigures {
            max,
            used: size.saturating_sub(idle),
            idle,
            waiting: read(&self.waiting),
            timeouts: read(&self.timeouts),
            waited_seconds: Duration::from_micros(read(&self.microseconds)).as_secs_f64(),
            waits: BOUNDS.into_iter().zip(self.counts.iter().map(read)).collect(),
        }
    }

    fn observe(&self, waited: Duration) {
        let seconds = waited.as_secs_f64();
        if let Some((_, count)) = BOUNDS.iter().zip(&self.counts).find(|(bound, _)| seconds <= **bound) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.microseconds.fetch_add(u64::try_from(waited.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// A caller's wait.
#[derive(Debug)]
pub(crate) struct Wait {
    waits: Arc<Waits>,
    since: Instant,
}

impl Drop for Wait {
    // Also where the caller goes away.
    fn drop(&mut self) {
        self.waits.waiting.fetch_sub(1, Ordering::Relaxed);
        self.waits.observe(self.since.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_counted_while_it_lasts_and_by_its_time_when_it_is_over() {
        let waits = Arc::new(Waits::default());
        let (one, other) = (waits.begin(), waits.begin());
        let figures = waits.figures(8, 3, 1);
        assert_eq!((figures.max, figures.used, figures.idle, figures.waiting), (8, 2, 1, 2));
        drop((one, other));
        for milliseconds in [3, 400, 20_000] {
            waits.observe(Duration::from_millis(milliseconds));
        }
        let figures = waits.figures(8, 3, 1);
        assert_eq!((figures.waiting, figures.waits.iter().map(|(_, waits)| waits).sum::<u64>()), (0, 5));
        let of = |nth: usize| figures.waits[nth];
        assert_eq!([of(1), of(4), of(9)], [(0.005, 1), (0.5, 1), (f64::INFINITY, 1)], "{figures:?}");
        assert!(figures.waited_seconds >= 20.403, "{figures:?}");
    }

    #[test]
    fn a_timeout_is_a_caller_that_none_was_free_for() {
        let waits = Waits::default();
        waits.failed(Error::Busy { everywhere: true });
        waits.failed(Error::Database(sqlx::Error::PoolTimedOut));
        waits.failed(Error::Away);
        assert_eq!(waits.figures(1, 1, 0).timeouts, 2);
    }
}
