//! Lives of workers: the time that a worker without a session of the database has, and the end.
//!
//! A worker proves that it lives by an answer on its session. Without one it stands still, and a
//! scheduler that misses its lock waits for longer than that. So a job that is taken back has no
//! handler that still works on it.

use std::time::Duration;

/// How long after its last proof a worker's handlers go on.
pub const STANDS_STILL_AFTER: Duration = Duration::from_secs(2);
/// How long a life is without its lock before it is over.
pub const OVER_AFTER: Duration = Duration::from_secs(3);
/// How long a life of another server is left alone before it is forgotten, if no job is its own.
pub const FORGOTTEN_AFTER: Duration = Duration::from_mins(10);

/// The verdict on a life that is without its lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Its worker may come back.
    Waits,
    /// Its worker is dead: its jobs are others'.
    Over,
    /// Its worker is elsewhere, or dead: its leases decide about jobs, and without jobs it goes.
    Forgotten,
}

/// Decides about a life that has been without its lock for so long. `same_server`: its session was
/// on the server that says so. Another one has never had the lock, and does not tell a dead worker
/// from one that has not found the way to it yet.
pub fn verdict_on(missed_for: Duration, same_server: bool) -> Verdict {
    if same_server && missed_for >= OVER_AFTER {
        Verdict::Over
    } else if !same_server && missed_for >= FORGOTTEN_AFTER {
        Verdict::Forgotten
    } else {
        Verdict::Waits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn j7_a_worker_stands_still_well_before_its_jobs_are_taken() {
        assert!(STANDS_STILL_AFTER + Duration::from_secs(1) <= OVER_AFTER);
        assert_eq!(verdict_on(STANDS_STILL_AFTER, true), Verdict::Waits);
        assert_eq!(verdict_on(OVER_AFTER, true), Verdict::Over);
    }

    #[test]
    fn j7_after_a_restart_or_a_failover_no_life_is_over() {
        assert_eq!(verdict_on(OVER_AFTER, false), Verdict::Waits);
        assert_eq!(verdict_on(FORGOTTEN_AFTER, false), Verdict::Forgotten);
    }
}
