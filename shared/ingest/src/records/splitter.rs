//! Records out of a stream, in bounded memory: at most four times the longest record.

use std::{
    io::{self, Cursor, Read},
    ops::Range,
};

use memchr::memchr2;

use super::{Broken, Cells, Found, Shape, scan};
use crate::{Refused, limits::MAX_IN_VAIN};

/// Bytes that the buffer has at first.
const BUFFER: usize = 256 * 1024;

/// A record in the splitter's buffer; its text is there until the next one is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// Its bytes in [`Splitter::buffer`], without the line end. Of a record that is too long, its
    /// beginning.
    pub bytes: Range<usize>,
    /// The line on which it begins.
    pub line: u64,
    /// Its fault.
    pub broken: Option<Broken>,
}

/// Splits UTF-8 text into records, and counts lines.
#[derive(Debug)]
pub struct Splitter<R> {
    source: R,
    shape: Shape,
    buffer: Vec<u8>,
    /// Where the next record begins.
    at: usize,
    /// How far the buffer holds text.
    filled: usize,
    ended: bool,
    line: u64,
    /// Bytes of text before the buffer's first.
    dropped: u64,
    /// The rest of a line that is too long is still to be passed over.
    in_long_line: bool,
    in_vain: u64,
}

impl<R: Read> Splitter<R> {
    /// Reads text that begins at this line of the file.
    pub fn new(source: R, shape: Shape, line: u64) -> Self {
        Self {
            source,
            shape,
            buffer: vec![0; BUFFER],
            at: 0,
            filled: 0,
            ended: false,
            line,
            dropped: 0,
            in_long_line: false,
            in_vain: 0,
        }
    }

    /// Returns the next record that is more than a blank line.
    pub fn next(&mut self, cells: &mut impl Cells) -> io::Result<Option<Located>> {
        if self.in_long_line {
            self.pass_long_line()?;
        }
        loop {
            if self.at == self.filled && (self.ended || !self.fill()?) {
                return Ok(None);
            }
            match scan(&self.buffer[..self.filled], self.at, self.shape, self.ended, cells) {
                Found::More => {
                    self.fill()?;
                }
                Found::Whole { end, next, lines } => {
                    let located = Located { bytes: self.at..end, line: self.line, broken: None };
                    self.line += lines;
                    self.at = next;
                    if !located.bytes.is_empty() {
                        return Ok(Some(located));
                    }
                }
                Found::Broken { why, ends, looked } => {
                    let (end, next) = ends.unwrap_or((self.filled, self.filled));
                    let located = Located { bytes: self.at..end, line: self.line, broken: Some(why) };
                    self.in_vain += looked.saturating_sub(next - self.at) as u64;
                    if self.in_vain > MAX_IN_VAIN {
                        return Err(too_broken().into());
                    }
                    self.line += 1;
                    self.at = next;
                    self.in_long_line = ends.is_none();
                    return Ok(Some(located));
                }
            }
        }
    }

    /// Returns where the records that were located are.
    pub fn buffer(&self) -> &[u8] {
        &self.buffer
    }

    /// Returns the character that parts the cells.
    pub fn delimiter(&self) -> u8 {
        self.shape.delimiter
    }

    /// The header is read: rows have as many columns.
    pub fn set_columns(&mut self, columns: usize) {
        self.shape.columns = columns;
    }

    /// Bytes of text up to the next record.
    pub fn offset(&self) -> u64 {
        self.dropped + self.at as u64
    }

    /// Returns the line on which the next record begins, or a blank line before it.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Returns the text from the next record on. Not to be asked for amid a line that is too long.
    pub fn into_rest(mut self) -> io::Chain<Cursor<Vec<u8>>, R> {
        self.buffer.truncate(self.filled);
        self.buffer.drain(..self.at);
        Cursor::new(self.buffer).chain(self.source)
    }

    /// Reads on; says whether there was more. The bytes in reach at least double, so that a record
    /// which is looked at again and again, because it comes in small pieces, is looked at a few
    /// times only.
    fn fill(&mut self) -> io::Result<bool> {
        let before = self.filled - self.at;
        if self.at > 0 && (before == 0 || self.at >= self.buffer.len() / 2) {
            self.buffer.copy_within(self.at..self.filled, 0);
            self.dropped += self.at as u64;
            (self.at, self.filled) = (0, before);
        }
        while !self.ended && self.filled - self.at <= 2 * before {
            if self.filled == self.buffer.len() {
                self.buffer.resize(self.buffer.len() * 2, 0);
            }
            match self.source.read(&mut self.buffer[self.filled..]) {
                Ok(0) => self.ended = true,
                Ok(size) => self.filled += size,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.filled - self.at > before)
    }

    /// Drops the rest of a line that is too long, and its line end.
    fn pass_long_line(&mut self) -> io::Result<()> {
        loop {
            if let Some(offset) = memchr2(b'\n', b'\r', &self.buffer[self.at..self.filled]) {
                self.at += offset;
                if self.buffer[self.at] == b'\r' && self.at + 1 == self.filled {
                    self.fill()?;
                }
                let crlf = self.buffer[self.at] == b'\r' && self.buffer[..self.filled].get(self.at + 1) == Some(&b'\n');
                self.at += if crlf { 2 } else { 1 };
                break;
            }
            self.at = self.filled;
            if self.ended || !self.fill()? {
                break;
            }
        }
        self.in_long_line = false;
        Ok(())
    }
}

/// Returns a file that would take hours to split, so broken are its quotes, was made for that.
pub(crate) fn too_broken() -> Refused {
    Refused("too many quotes of the file are never closed".to_owned())
}
