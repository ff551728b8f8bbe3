//! Operators' acts on all jobs that match a filter.

use strum::{VariantArray, VariantNames};

use crate::text_enum;

/// Something that is done with each job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum JobVerb {
    /// A parked job runs again with all its attempts.
    Retry,
    /// A job that waits, or is parked, is cancelled.
    Cancel,
}

/// How far an act on many jobs is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum JobActState {
    /// It goes on.
    Running,
    /// No job is left that matched when it was asked for.
    Succeeded,
    /// An operator has stopped it.
    Stopped,
    /// Too many of the jobs that it let run have failed again.
    Aborted,
}

text_enum!(JobVerb, JobActState);

/// Jobs that have been tried before the share of failures means anything.
const FEWEST_TRIED: i64 = 10;

/// Returns whether too many of the tried jobs have failed. `ends` is whether no more are tried.
pub fn too_many_fail(tried: i64, failed: i64, abort_above: f64, ends: bool) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "a share of counts")]
    let beyond = failed as f64 > abort_above * tried as f64;
    (tried >= FEWEST_TRIED || ends) && beyond
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_failures_means_something_from_the_tenth_job_on_and_at_the_end() {
        assert!(!too_many_fail(9, 9, 0.2, false));
        assert!(too_many_fail(9, 9, 0.2, true));
        assert!(too_many_fail(10, 3, 0.2, false));
        assert!(!too_many_fail(10, 2, 0.2, false));
        assert!(!too_many_fail(10, 10, 1.0, true));
        assert!(too_many_fail(10, 1, 0.0, false));
        assert!(!too_many_fail(0, 0, 0.0, true));
    }
}
