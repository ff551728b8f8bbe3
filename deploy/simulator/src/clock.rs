//! The simulator's one reading of the wall clock, and how it writes times.
//!
//! No chance depends on a time: decisions by a draw live in `dice` and `fate`.

use chrono::{DateTime, SecondsFormat, SubsecRound as _, Utc};
use serde::Serializer;

/// Returns the time now, in whole milliseconds, as the log keeps it.
#[expect(
    clippy::disallowed_methods,
    reason = "the simulator stands for the outside world, which has a clock of its own"
)]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(3)
}

/// Writes a time as RFC 3339 in UTC with milliseconds, as in `2026-03-01T09:00:00.000Z`.
pub(crate) fn millis<S: Serializer>(time: &DateTime<Utc>, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// Writes a time that may be missing; see [`millis`].
#[expect(clippy::ref_option, reason = "serde hands a field over by reference to its whole type")]
pub(crate) fn optional_millis<S: Serializer>(time: &Option<DateTime<Utc>>, out: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => millis(time, out),
        None => out.serialize_none(),
    }
}
