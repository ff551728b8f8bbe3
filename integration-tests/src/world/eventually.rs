//! Waiting for a condition, never for a time.

use std::time::{Duration, Instant};

/// Between two looks.
const POLL: Duration = Duration::from_millis(30);

/// So many seconds, for deadlines.
pub const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A machine that has time for its tests looks about twenty-five times a second. A test that looks
/// less often has none for its subject either, and gets longer, up to so many times the deadline.
const LOOKS_A_SECOND: u64 = 12;
const AT_MOST: u32 = 5;

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
    let mut looks = 0_u64;
    loop {
        match look().await {
            Ok(found) => return found,
            Err(seen) => {
                looks += 1;
                let passed = started.elapsed();
                let patient =
                    passed < within || (looks < LOOKS_A_SECOND * within.as_secs() && passed < within * AT_MOST);
                if !patient {
                    let told = tokio::time::timeout(STORY, story()).await.unwrap_or_default();
                    panic!("not within {} s, in {looks} looks; last seen: {seen}; {told}", passed.as_secs());
                }
            }
        }
        tokio::time::sleep(POLL).await;
    }
}

/// For [`eventually`]: is it so? If not, this was seen instead.
pub fn holds(so: bool, seen: impl std::fmt::Debug) -> Result<(), String> {
    if so { Ok(()) } else { Err(format!("{seen:?}")) }
}
