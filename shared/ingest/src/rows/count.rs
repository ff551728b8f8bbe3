//! Every row that was read is in one counter (rule C7).

use std::collections::BTreeMap;

use muster_domain::imports::RejectReason;

/// Rows that were read, and their outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    rows: u64,
    rejected: [u64; RejectReason::ALL.len()],
}

impl Counts {
    /// Counts a row, or a reject with its reason.
    pub(super) fn count(&mut self, rejected: Option<RejectReason>) {
        self.rows += 1;
        if let Some(reason) = rejected {
            self.rejected[reason as usize] += 1;
        }
    }

    /// Returns all rows, rejects among them.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns all rejects.
    pub fn rejected(&self) -> u64 {
        self.rejected.iter().sum()
    }

    /// Rejects for each reason that there was.
    pub fn by_reason(&self) -> BTreeMap<&'static str, u64> {
        let all = RejectReason::ALL.iter().map(|reason| (reason.as_str(), self.rejected[*reason as usize]));
        all.filter(|(_, count)| *count > 0).collect()
    }
}

impl std::ops::AddAssign<&Self> for Counts {
    fn add_assign(&mut self, other: &Self) {
        self.rows += other.rows;
        for (mine, theirs) in self.rejected.iter_mut().zip(other.rejected) {
            *mine += theirs;
        }
    }
}
