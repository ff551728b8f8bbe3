//! Rows that are taken with a doubt (rules C4 and C17): the phone's area code is in no number plan
//! that we know, or a column's word on opting out is not understood.

use std::collections::BTreeMap;

use crate::limits::MAX_WARNED;

/// Doubts about a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Doubts {
    /// The phone's area code is in no number plan that we know.
    pub area_code: bool,
    /// A column's word on opting out is not understood.
    pub opt_out: bool,
}

impl Doubts {
    /// Returns whether there is any.
    pub const fn any(self) -> bool {
        self.area_code || self.opt_out
    }

    /// Returns the stable words for reports.
    pub fn words(self) -> Vec<&'static str> {
        let words = [(self.area_code, AREA_CODE), (self.opt_out, OPT_OUT)];
        words.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect()
    }
}

const AREA_CODE: &str = "area_code_unknown";
const OPT_OUT: &str = "opt_out_unknown";

/// How many rows, for each reason too, and the first lines of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Warnings {
    rows: u64,
    area_codes: u64,
    opt_outs: u64,
    lines: Vec<u64>,
}

impl Warnings {
    /// Adds a row, if there is any doubt about it.
    pub(super) fn add(&mut self, line: u64, doubts: Doubts) {
        if !doubts.any() {
            return;
        }
        self.rows += 1;
        self.area_codes += u64::from(doubts.area_code);
        self.opt_outs += u64::from(doubts.opt_out);
        if self.lines.len() < MAX_WARNED {
            self.lines.push(line);
        }
    }

    /// Returns how many rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns how many for each reason that there was; a row may have both.
    pub fn by_reason(&self) -> BTreeMap<&'static str, u64> {
        let all = [(AREA_CODE, self.area_codes), (OPT_OUT, self.opt_outs)];
        all.into_iter().filter(|(_, rows)| *rows > 0).collect()
    }

    /// Returns the lines on which the first [`MAX_WARNED`] of them begin.
    pub fn lines(&self) -> &[u64] {
        &self.lines
    }
}
