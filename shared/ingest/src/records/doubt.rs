//! Records on several lines that are doubtful (rule C3): a quote that was never meant to open a
//! cell runs on to the next quote that happens to close one, and the text between would be another
//! person's row.
//!
//! Only a line with a phone on it, behind the record's first, can be another person's row: without
//! one, the row would have been rejected anyway. A record that has such a line is doubtful when it
//! lies wholly in a quoted cell and has at least as many delimiters as a row has. If the record's
//! first line has a phone too, of which its person's row has one, it is doubtful as well when it
//! has fewer cells than the header has columns; and when the line on which a cell begins and the
//! line on which it ends, read as if the quotes were none, both have at least as many delimiters as
//! a row. So addresses and notes of several lines are read with commas in them, unless a line of
//! them could be a row by itself.
//!
//! Records on one line are never looked at here.

use memchr::{memchr, memchr_iter};

use super::{Shape, opening::opening_quote};

/// Returns whether this whole record of several lines, without its line end, is doubtful. Asked of
/// nothing but its own bytes, so that the cutter and the readers agree.
pub(super) fn doubtful(record: &[u8], shape: Shape) -> bool {
    let Shape { delimiter, columns } = shape;
    if columns < 2 || !lines(record).skip(1).any(|line| could_be_row(line, delimiter)) {
        return false;
    }
    let two_phones = lines(record).next().is_some_and(|line| tells_phone(line, delimiter));
    // Delimiters of a row.
    let row = columns - 1;
    let (mut at, mut cells) = (0, 0);
    // Of the cells with a first line that could be a row: the delimiters of their last line, less
    // the cells up to and with them.
    let mut ends: Option<isize> = None;
    loop {
        cells += 1;
        if let Some(quote) = opening_quote(record.get(at..).unwrap_or_default(), delimiter).map(|quote| at + quote) {
            let close = closing(record, quote + 1);
            if let Some(lines) = Lines::of(&record[quote + 1..close], delimiter) {
                if lines.within >= row {
                    return true;
                }
                if cells - 1 + lines.first >= row {
                    let end = lines.last.cast_signed() - cells.cast_signed();
                    ends = Some(ends.map_or(end, |other| other.max(end)));
                }
            }
            at = close + 1;
        }
        match memchr(delimiter, record.get(at..).unwrap_or_default()) {
            Some(offset) => at += offset + 1,
            None => break,
        }
    }
    two_phones && (cells < columns || ends.is_some_and(|end| end + cells.cast_signed() >= row.cast_signed()))
}

/// Returns where the quote is that closes a cell; the record is whole, so that there is one.
fn closing(record: &[u8], open: usize) -> usize {
    let mut at = open;
    while let Some(offset) = memchr(b'"', record.get(at..).unwrap_or_default()) {
        let quote = at + offset;
        if record.get(quote + 1) != Some(&b'"') {
            return quote;
        }
        at = quote + 2;
    }
    record.len()
}

/// A CRLF makes a line without anything, which is no row.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| matches!(byte, b'\n' | b'\r'))
}

/// Returns whether this line has a phone and names before or behind it.
fn could_be_row(line: &[u8], delimiter: u8) -> bool {
    memchr_iter(delimiter, line).count() >= 2 && tells_phone(line, delimiter)
}

/// Returns whether one of the cells of this line, read as if quotes were none, could be a phone.
/// Rule C4 asks for ten digits, which may be full-width ones.
fn tells_phone(line: &[u8], delimiter: u8) -> bool {
    line.split(|byte| *byte == delimiter).any(|cell| {
        let digits = cell.iter().filter(|byte| byte.is_ascii_digit()).count();
        let full_width = cell.windows(3).filter(|three| matches!(three, [0xEF, 0xBC, 0x90..=0x99])).count();
        digits + full_width >= 10
    })
}

/// Delimiters on the lines of a cell.
struct Lines {
    first: usize,
    /// On the line between the first and the last that has the most, of those with a phone.
    within: usize,
    last: usize,
}

impl Lines {
    /// `None` if the cell is on one line.
    fn of(cell: &[u8], delimiter: u8) -> Option<Self> {
        let count = |line| memchr_iter(delimiter, line).count();
        let mut lines = lines(cell);
        let first = count(lines.next()?);
        let mut last = lines.next()?;
        let mut within = 0;
        for line in lines {
            if tells_phone(last, delimiter) {
                within = within.max(count(last));
            }
            last = line;
        }
        Some(Self { first, within, last: count(last) })
    }
}
