//! The machine's clock, the only place that reads it. It serves logs, metrics and time-outs;
//! due-ness is decided by the database's clock.

use std::time::Instant;

use chrono::{DateTime, Utc};

/// Now, by this machine.
pub fn machine_now() -> DateTime<Utc> {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
    Utc::now()
}

/// Returns a point from which elapsed time is measured; it goes on while the process is stopped.
pub fn start() -> Instant {
    Instant::now()
}

/// Returns a random number in `[0, 1)` for jitter, from the random bits of a new UUID.
pub fn jitter() -> f64 {
    let (high, _) = uuid::Uuid::new_v4().as_u64_pair();
    let bits = u32::try_from(high >> 32).unwrap_or(u32::MAX / 2);
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}
