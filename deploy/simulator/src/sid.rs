//! The ids that the simulator gives to messages.
//!
//! They are unique rather than reproducible: a simulator that starts again with the same seed,
//! against a database that remembers an earlier run, must not hand out the earlier run's ids.

use std::{
    fmt::Write as _,
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
};

use chrono::{DateTime, Utc};
use sha1::{Digest as _, Sha1};

/// The source of ids of one run.
#[derive(Debug)]
pub(crate) struct Sids {
    run: String,
    next: AtomicU64,
}

impl Sids {
    /// Ids for the run that began at this instant, in this process, on this address.
    pub(crate) fn new(started_at: DateTime<Utc>, address: SocketAddr) -> Self {
        let millis = started_at.timestamp_millis();
        Self { run: format!("{millis}/{}/{address}", std::process::id()), next: AtomicU64::new(0) }
    }

    /// Returns a new id: `SM` and 32 hexadecimal digits.
    pub(crate) fn next(&self) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let digest = Sha1::digest(format!("{}/{number}", self.run));
        digest.iter().take(16).fold("SM".to_owned(), |mut sid, byte| {
            // Writing to a string cannot fail.
            let _ = write!(sid, "{byte:02x}");
            sid
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_shape_of_a_sid_and_do_not_repeat() {
        let sids = Sids::new(DateTime::default(), ([127, 0, 0, 1], 1).into());
        let (first, second) = (sids.next(), sids.next());
        assert_ne!(first, second);
        let digits = first.strip_prefix("SM").unwrap();
        assert_eq!(digits.len(), 32);
        assert!(digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    }
}
