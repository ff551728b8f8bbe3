//! Waiting for a condition, never for a time.

use std::time::{Duration, Instant};

/// Between two looks.
const POLL: Duration = Duration::from_millis(30);

/// So many seconds, for deadlines.
pub const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// So many times a deadline is waited for, because the machine may have to do with others' work. A
/// deadline tells how long an event takes on an idle one; a test that passes waits for no deadline.
const PATIENCE: u32 = 4;

/// The longest wait for an event with further ones behind it.
const STORY: Duration = seconds(5);

/// Looks until it is `Ok`, and panics with the last `Err`, which tells the last observation, when
/// the deadline is over.
pub async fn eventually<T>(within: Duration, look: impl AsyncFnMut() -> Result<T, String>) -> T {
    eventually_or(within, look, async || String::new()).await
}

/// The same, where there is more to say when the deadline is over than each look needs.
pub async fn eventually_or<T>(
    within: Duration,
    mut look: impl AsyncFnMut() -> Result<T, String>,
    story: impl AsyncFnOnce() -> String,
) -> T {
    let started = Instant::now();
    loop {
        match look().await {
            Ok(found) => return found,
            Err(seen) if started.elapsed() > within * PATIENCE => {
                let told = tokio::time::timeout(STORY, story()).await.unwrap_or_default();
                panic!("not within {} s; last seen: {seen}; {told}", started.elapsed().as_secs());
            }
            Err(_) => tokio::time::sleep(POLL).await,
        }
    }
}

/// For [`eventually`]: is it so? If not, this was seen instead.
pub fn holds(so: bool, seen: impl std::fmt::Debug) -> Result<(), String> {
    if so { Ok(()) } else { Err(format!("{seen:?}")) }
}
