//! The machine: from the first byte of a record to the first byte of the next. It searches for
//! quotes and line ends only, so that a record without quotes costs one search; a reader that wants
//! the cells finds the delimiters.

use memchr::{memchr2, memchr3};

use super::{
    doubt::doubtful,
    opening::{Blank, blank, without_opening},
};
use crate::limits::{MAX_LINES, MAX_QUOTED, MAX_RECORD};

/// Shape of a row of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Character between its cells.
    pub delimiter: u8,
    /// The header's columns; 0 while they are not known, and then nothing is doubted.
    pub columns: usize,
}

/// Why the machine gives a record up. Told by the record's first line alone, which is all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// A quote stands within a quoted cell, and is not doubled.
    Malformed,
    /// The line ends in a quoted cell that is not properly closed on the lines behind it, or looks
    /// as if it had swallowed a row.
    Unclosed,
    /// The line is longer than [`MAX_RECORD`].
    TooLong,
}

/// The record at its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// A whole record, of a line without anything if `end` is its start.
    Whole {
        /// Where its last cell ends.
        end: usize,
        /// Where the next record begins.
        next: usize,
        /// Lines that it is written on.
        lines: u64,
    },
    /// A broken record of one line.
    Broken {
        /// Its fault.
        why: Broken,
        /// Where its line ends and the next begins, if the text reaches that far.
        ends: Option<(usize, usize)>,
        /// Bytes from its start that were looked at to know.
        looked: usize,
    },
    /// The text must go on for the record's end to be known.
    More,
}

/// Takes the cells of a record as they are found. Cells count only if the record turns out whole.
pub trait Cells {
    /// A record begins, maybe again because its end was not in reach: earlier cells of it are void.
    fn begin(&mut self);
    /// A stretch of unquoted cells of the text, parted by delimiters.
    fn plain(&mut self, text: &[u8], from: usize, to: usize);
    /// One quoted cell, between its quotes; `doubled` if quotes are doubled in it.
    fn quoted(&mut self, text: &[u8], from: usize, to: usize, doubled: bool);
}

/// Takes no cells: only where records end matters.
#[derive(Debug, Clone, Copy)]
pub struct Plain;

impl Cells for Plain {
    fn begin(&mut self) {}
    fn plain(&mut self, _: &[u8], _: usize, _: usize) {}
    fn quoted(&mut self, _: &[u8], _: usize, _: usize, _: bool) {}
}

/// Finds the end of the record that begins at `start`. `ended` says that nothing comes after
/// `text`; a part's text ends where a record does.
pub fn scan(text: &[u8], start: usize, shape: Shape, ended: bool, cells: &mut impl Cells) -> Found {
    cells.begin();
    // One byte more than a record may have, so that one that is just not too long can be told from
    // one that is.
    let limit = start.saturating_add(MAX_RECORD + 1);
    let capped = text.len() >= limit;
    let machine =
        Machine { text, window: &text[..text.len().min(limit)], start, delimiter: shape.delimiter, ended, capped };
    match machine.run(cells) {
        Ok((end, lines)) if lines > 1 && doubtful(&text[start..end], shape) => machine.broken(Broken::Unclosed, end),
        Ok((end, lines)) => machine.line_end(end).map_or(Found::More, |next| Found::Whole { end, next, lines }),
        Err(Stop::More) => Found::More,
        Err(Stop::Broken { why, at }) => machine.broken(why, at),
    }
}

struct Machine<'t> {
    text: &'t [u8],
    /// The text as far as a record may reach.
    window: &'t [u8],
    start: usize,
    delimiter: u8,
    ended: bool,
    /// The window is full: a record without an end in it is too long.
    capped: bool,
}

/// The end of a quoted cell.
struct Closing {
    quote: usize,
    /// Were there doubled quotes before it?
    doubled: bool,
    /// Line ends before it.
    line_ends: u64,
}

enum Stop {
    More,
    Broken { why: Broken, at: usize },
}

impl Machine<'_> {
    /// Returns the action at the window's end: the text has ended (at `Ok`), goes on, or would make
    /// the record too long.
    fn window_ends(&self) -> Result<usize, Stop> {
        match (self.capped, self.ended) {
            (true, _) => Err(Stop::Broken { why: Broken::TooLong, at: self.window.len() }),
            (false, true) => Ok(self.window.len()),
            (false, false) => Err(Stop::More),
        }
    }

    /// Returns where the record's last cell ends, and the lines it is written on.
    fn run(&self, cells: &mut impl Cells) -> Result<(usize, u64), Stop> {
        let (mut at, mut cell, mut lines) = (self.start, self.start, 1);
        loop {
            // Where every cell is quoted, there is nothing to search for.
            let hit = match self.window.get(at) {
                Some(b'"') => at,
                _ => match memchr3(b'"', b'\n', b'\r', &self.window[at..]) {
                    Some(offset) => at + offset,
                    None => self.window_ends()?,
                },
            };
            if self.window.get(hit) != Some(&b'"') {
                cells.plain(self.text, cell, hit);
                return Ok((hit, lines));
            }
            if hit > cell {
                let Some(begin) = self.opened_by(cell, hit) else {
                    at = hit + 1;
                    continue;
                };
                if begin > cell {
                    cells.plain(self.text, cell, begin - 1);
                }
            }
            let Closing { quote: close, doubled, line_ends } = self.closing_quote(hit + 1)?;
            lines += line_ends;
            if lines > MAX_LINES {
                return Err(Stop::Broken { why: Broken::Unclosed, at: close });
            }
            let after = self.behind_blanks(close + 1)?;
            match self.window.get(after).copied() {
                Some(byte) if byte == self.delimiter => {
                    cells.quoted(self.text, hit + 1, close, doubled);
                    (at, cell) = (after + 1, after + 1);
                }
                None | Some(b'\n' | b'\r') => {
                    cells.quoted(self.text, hit + 1, close, doubled);
                    return Ok((after, lines));
                }
                Some(_) => return Err(Stop::Broken { why: Broken::Malformed, at: after }),
            }
        }
    }

    /// Returns where the cell begins that this quote opens; `None` if it is a character of its
    /// cell. Unquoted cells stand before it, from `cells` on.
    fn opened_by(&self, cells: usize, quote: usize) -> Option<usize> {
        let before = &self.window[cells..quote];
        // Mostly, a letter or a digit tells it at once.
        if before.last().is_some_and(u8::is_ascii_alphanumeric) {
            return None;
        }
        let begin = without_opening(before, self.delimiter);
        (begin == 0 || before[begin - 1] == self.delimiter).then_some(cells + begin)
    }

    /// Returns the first byte from here on that is no blank, or the text's end.
    fn behind_blanks(&self, mut at: usize) -> Result<usize, Stop> {
        loop {
            match blank(&self.window[at..], self.delimiter) {
                Blank::Of(bytes) => at += bytes,
                Blank::Not => return Ok(at),
                // More of the text may tell; where there is no more, half a character is none.
                Blank::Cut => {
                    self.window_ends()?;
                    return Ok(at);
                }
            }
        }
    }

    /// Returns the quote that closes the cell with a value that begins at `open`.
    fn closing_quote(&self, open: usize) -> Result<Closing, Stop> {
        let limit = open + MAX_QUOTED + 1;
        let reach = &self.window[..self.window.len().min(limit)];
        let (mut at, mut doubled, mut line_ends) = (open, false, 0);
        loop {
            let Some(offset) = reach.get(at..).and_then(|rest| memchr3(b'"', b'\n', b'\r', rest)) else {
                if reach.len() < limit {
                    self.window_ends()?;
                }
                return Err(Stop::Broken { why: Broken::Unclosed, at: reach.len() });
            };
            let quote = at + offset;
            if reach[quote] != b'"' {
                // A CRLF is one line end.
                line_ends += u64::from(reach[quote] == b'\r' || quote == open || reach[quote - 1] != b'\r');
                at = quote + 1;
                continue;
            }
            match self.window.get(quote + 1) {
                Some(b'"') => (at, doubled) = (quote + 2, true),
                Some(_) => return Ok(Closing { quote, doubled, line_ends }),
                None => return self.window_ends().map(|_| Closing { quote, doubled, line_ends }),
            }
        }
    }

    /// Returns where the line behind `end` begins. `None`: it may be the first half of a CRLF.
    fn line_end(&self, end: usize) -> Option<usize> {
        match (self.text.get(end), self.text.get(end + 1)) {
            (Some(b'\r'), Some(b'\n')) => Some(end + 2),
            (Some(b'\r'), None) if !self.ended => None,
            (Some(_), _) => Some(end + 1),
            (None, _) => Some(end),
        }
    }

    fn broken(&self, why: Broken, at: usize) -> Found {
        let looked = at - self.start;
        let Some(end) = memchr2(b'\n', b'\r', &self.text[self.start..]).map(|offset| self.start + offset) else {
            // The fault is one of this line, however long it is.
            return match (self.ended, self.capped) {
                (true, _) => Found::Broken { why, ends: Some((self.text.len(), self.text.len())), looked },
                (false, true) => Found::Broken { why, ends: None, looked },
                (false, false) => Found::More,
            };
        };
        // A fault that only shows on a later line is, on this one, a quote that is not closed.
        let why = if end < at { Broken::Unclosed } else { why };
        match self.line_end(end) {
            Some(next) => Found::Broken { why, ends: Some((end, next)), looked },
            None => Found::More,
        }
    }
}
