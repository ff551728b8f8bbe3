//! Rows that are taken with a doubt (rule C4): the phone's area code is in no number plan that we know.

use crate::limits::MAX_WARNED;

/// How many rows, and the first lines of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Warnings {
    rows: u64,
    lines: Vec<u64>,
}

impl Warnings {
    /// Adds a row.
    pub(super) fn add(&mut self, line: u64) {
        self.rows += 1;
        if self.lines.len() < MAX_WARNED {
            self.lines.push(line);
        }
    }

    /// How many rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The lines on which the first [`MAX_WARNED`] of them begin.
    pub fn lines(&self) -> &[u64] {
        &self.lines
    }
}
