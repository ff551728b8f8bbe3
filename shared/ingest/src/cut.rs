//! Cutting a file's text into parts that can be read at once, each by another reader.
//!
//! A cut is made at a true record border only, found by the machine of [`crate::records`] that the
//! readers use as well; so the parts, read one after another, give exactly the rows and rejects of
//! the whole, with the same lines. The sizes of the blocks that the text is fed in have no
//! influence on where it is cut. The contents of cells do not matter here, and are not looked at.

use serde::{Deserialize, Serialize};

use crate::{
    Refused,
    limits::MAX_IN_VAIN,
    records::{Found, Plain, Shape, scan},
};

/// A stretch of text that begins and ends with records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePart {
    /// Bytes of text before it, counted from where the cutter was told that it begins.
    pub offset: u64,
    /// Bytes of text in it.
    pub length: u64,
    /// The file's line on which it begins.
    pub first_line: u64,
    /// Records in it. Rows without any value are among them, blank lines are not: at least as many
    /// as a reader will count.
    pub records: u64,
}

/// Finds the parts of a text that it is fed with in blocks.
#[derive(Debug)]
pub struct Cutter {
    shape: Shape,
    target: u64,
    /// Text with records that have not been passed yet.
    pending: Vec<u8>,
    /// How much must be pending for another look to be worthwhile.
    look_at: usize,
    part: FilePart,
    line: u64,
    /// Within a line that is too long: it goes on until a line end.
    in_long_line: bool,
    /// The line end was a CR at the end of a block: an LF belongs to it.
    after_cr: bool,
    in_vain: u64,
}

impl Cutter {
    /// Cuts text that begins at this offset and line, behind the header, into parts of at least
    /// `target` bytes; the last may be shorter.
    pub fn new(shape: Shape, target: u64, offset: u64, first_line: u64) -> Self {
        Self {
            shape,
            target,
            pending: Vec::new(),
            look_at: 0,
            part: FilePart { offset, length: 0, first_line, records: 0 },
            line: first_line,
            in_long_line: false,
            after_cr: false,
            in_vain: 0,
        }
    }

    /// Takes the next block of text; adds the parts that end in it.
    pub fn feed(&mut self, block: &[u8], parts: &mut Vec<FilePart>) -> Result<(), Refused> {
        if self.pending.is_empty() {
            // The usual case copies nothing but the rest of the block.
            let done = self.pass(block, false, parts)?;
            self.pending.extend_from_slice(&block[done..]);
        } else {
            self.pending.extend_from_slice(block);
            if self.pending.len() < self.look_at {
                return Ok(());
            }
            let pending = std::mem::take(&mut self.pending);
            let done = self.pass(&pending, false, parts)?;
            self.pending = pending;
            self.pending.drain(..done);
        }
        self.look_at = 2 * self.pending.len();
        Ok(())
    }

    /// The text has ended: adds the last parts.
    pub fn finish(mut self, parts: &mut Vec<FilePart>) -> Result<(), Refused> {
        let pending = std::mem::take(&mut self.pending);
        self.pass(&pending, true, parts)?;
        if self.part.length > 0 {
            parts.push(self.part);
        }
        Ok(())
    }

    /// Passes the records that end in the text; returns where it stopped.
    fn pass(&mut self, text: &[u8], ended: bool, parts: &mut Vec<FilePart>) -> Result<usize, Refused> {
        let mut at = self.pass_long_line(text, ended, parts);
        while at < text.len() && !self.in_long_line {
            match scan(text, at, self.shape, ended, &mut Plain) {
                Found::More => break,
                Found::Whole { end, next, lines } => {
                    self.part.records += u64::from(end > at);
                    self.line += lines;
                    self.advance(next - at, parts);
                    at = next;
                }
                Found::Broken { ends, looked, .. } => {
                    let next = ends.map_or(text.len(), |(_, next)| next);
                    self.in_vain += looked.saturating_sub(next - at) as u64;
                    if self.in_vain > MAX_IN_VAIN {
                        return Err(crate::records::too_broken());
                    }
                    self.part.records += 1;
                    self.line += 1;
                    if ends.is_some() {
                        self.advance(next - at, parts);
                    } else {
                        self.in_long_line = true;
                        self.part.length += (next - at) as u64;
                    }
                    at = next;
                }
            }
        }
        Ok(at)
    }

    /// Goes to the end of a line that is too long, if we are within one; returns where the next
    /// record begins.
    fn pass_long_line(&mut self, text: &[u8], ended: bool, parts: &mut Vec<FilePart>) -> usize {
        if !self.in_long_line || text.is_empty() {
            return 0;
        }
        let end = if self.after_cr { Some(0) } else { memchr::memchr2(b'\n', b'\r', text) };
        let next = match end {
            None => text.len(),
            Some(end) if self.after_cr => end + usize::from(text[0] == b'\n'),
            Some(end) if text[end] == b'\r' && text.get(end + 1) == Some(&b'\n') => end + 2,
            Some(end) => end + 1,
        };
        // A CR that ends the block may be half of a line end.
        self.after_cr = !self.after_cr && !ended && next == text.len() && text[next - 1] == b'\r';
        self.in_long_line = end.is_none() || self.after_cr;
        if self.in_long_line {
            self.part.length += next as u64;
        } else {
            self.advance(next, parts);
        }
        next
    }

    /// Goes on by the bytes of a record; the part ends if it is large enough.
    fn advance(&mut self, bytes: usize, parts: &mut Vec<FilePart>) {
        self.part.length += bytes as u64;
        if self.part.length >= self.target.max(1) {
            parts.push(self.part);
            let offset = self.part.offset + self.part.length;
            self.part = FilePart { offset, length: 0, first_line: self.line, records: 0 };
        }
    }
}
