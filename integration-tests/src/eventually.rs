//! Waiting for a condition, never for a time.

use std::time::{Duration, Instant};

/// Between two looks.
const POLL: Duration = Duration::from_millis(30);

/// So many seconds, for deadlines.
pub const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Looks until it is `Ok`, and panics with the last `Err`, which says what was seen instead, when the deadline is over.
pub async fn eventually<T>(within: Duration, mut look: impl AsyncFnMut() -> Result<T, String>) -> T {
    let started = Instant::now();
    loop {
        match look().await {
            Ok(found) => return found,
            Err(seen) => {
                assert!(started.elapsed() < within, "not within {} s; last seen: {seen}", within.as_secs());
            }
        }
        tokio::time::sleep(POLL).await;
    }
}

/// For [`eventually`]: is it so? If not, this is what was seen.
pub fn holds(so: bool, seen: impl std::fmt::Debug) -> Result<(), String> {
    if so { Ok(()) } else { Err(format!("{seen:?}")) }
}
