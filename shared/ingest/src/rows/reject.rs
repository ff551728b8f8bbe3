//! A row that cannot be imported: its place, the reason, and the faulty value (rule C7).

use std::borrow::Cow;

use muster_domain::imports::RejectReason;

use crate::{
    limits::{MAX_RAW, MAX_VALUE},
    records::Broken,
};

/// Returns the reason of a record that is broken.
pub(super) const fn reason_of(broken: Broken) -> RejectReason {
    match broken {
        Broken::Malformed => RejectReason::QuoteMalformed,
        Broken::Unclosed => RejectReason::QuoteUnclosed,
        Broken::TooLong => RejectReason::RecordTooLong,
    }
}

/// A rejected row. `Debug` shows where it is and why, and nothing that stands in it (rule R5).
pub struct Reject<'a> {
    /// The file's line on which it begins, from 1.
    pub line: u64,
    /// Why.
    pub reason: RejectReason,
    /// The name of the column that is to blame, if one is, cut after [`MAX_VALUE`] characters: it
    /// comes again with each row.
    pub column: Option<Cow<'a, str>>,
    /// The value there, cut after [`MAX_VALUE`] characters.
    pub value: Option<Cow<'a, str>>,
    /// The row as the file has it, in UTF-8 and without its line end. Bytes of it that are not
    /// text, and U+0000, are U+FFFD. It has at most [`MAX_RAW`] bytes; one that is cut ends in `…`,
    /// and in no half of a number.
    pub raw: Cow<'a, str>,
}

impl std::fmt::Debug for Reject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reject").field("line", &self.line).field("reason", &self.reason).finish_non_exhaustive()
    }
}

/// Returns a value for the report.
pub(super) fn shown(value: &[u8]) -> Cow<'_, str> {
    // No character has more than four bytes.
    match printable(cut(value, 4 * MAX_VALUE)) {
        Cow::Borrowed(text) => Cow::Borrowed(text.char_indices().nth(MAX_VALUE).map_or(text, |(end, _)| &text[..end])),
        Cow::Owned(text) => Cow::Owned(text.chars().take(MAX_VALUE).collect()),
    }
}

/// Returns a row for the report.
pub(super) fn raw(record: &[u8]) -> Cow<'_, str> {
    let text = printable(cut(record, MAX_RAW));
    if record.len() <= MAX_RAW && text.len() <= MAX_RAW {
        return text;
    }
    let kept = text.floor_char_boundary(MAX_RAW - CUT_MARK.len_utf8());
    let kept = &text[..kept];
    // Half a phone would be nobody's, and nobody would find it to redact it.
    let whole =
        kept.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '(' | ')' | '+' | '/'));
    let kept = if kept.len() - whole.len() <= LONGEST_NUMBER { whole } else { kept };
    Cow::Owned(format!("{kept}{CUT_MARK}"))
}

/// Stands where a row was cut.
const CUT_MARK: char = '\u{2026}';

/// Bytes of the longest number that is looked for where a row is cut.
const LONGEST_NUMBER: usize = 32;

fn printable(bytes: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(bytes);
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { text }
}

/// At most so many bytes, and no half of a character.
fn cut(bytes: &[u8], limit: usize) -> &[u8] {
    if bytes.len() <= limit {
        return bytes;
    }
    let is_inner = |at: usize| bytes[at] & 0xc0 == 0x80;
    // A character has at most three bytes behind its first.
    let end = (limit.saturating_sub(3)..=limit).rev().find(|at| !is_inner(*at)).unwrap_or(limit);
    &bytes[..end]
}
