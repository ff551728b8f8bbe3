//! Is a text without a byte-order mark UTF-8, or Windows-1252? (rule C3) Told by counting, in a
//! stream as well as in a file's head.

use std::io::{self, Read};

/// Counts the characters beyond ASCII of a text that comes in blocks, and the bytes that UTF-8 does
/// not have.
#[derive(Debug, Default)]
pub struct Tally {
    characters: u64,
    strays: u64,
    /// The beginning of a character that the end of a block has cut.
    cut: Vec<u8>,
}

impl Tally {
    /// Counts the next block.
    pub fn add(&mut self, block: &[u8]) {
        // Nearly all of them.
        if self.cut.is_empty() && block.is_ascii() {
            return;
        }
        let mut joined = std::mem::take(&mut self.cut);
        let mut rest = if joined.is_empty() {
            block
        } else {
            joined.extend_from_slice(block);
            joined.as_slice()
        };
        loop {
            match std::str::from_utf8(rest) {
                Ok(valid) => {
                    self.characters += beyond_ascii(valid.as_bytes());
                    return;
                }
                Err(error) => {
                    let (valid, bad) = rest.split_at(error.valid_up_to());
                    self.characters += beyond_ascii(valid);
                    let Some(stray) = error.error_len() else {
                        self.cut = bad.to_vec();
                        return;
                    };
                    self.strays += 1;
                    rest = &bad[stray..];
                }
            }
        }
    }

    /// The text has ended: a character that its end has cut is none.
    pub fn end(&mut self) {
        self.strays += u64::from(!self.cut.is_empty());
        self.cut.clear();
    }

    /// Returns whether bytes that UTF-8 does not have outnumber its characters beyond ASCII.
    pub const fn is_windows_1252(&self) -> bool {
        self.strays > self.characters
    }
}

/// Counts the first bytes of characters that have more than one.
fn beyond_ascii(valid: &[u8]) -> u64 {
    valid.iter().filter(|byte| **byte >= 0xc0).count() as u64
}

/// Hands a text on, and counts it.
#[derive(Debug)]
pub struct Tallied<R> {
    text: R,
    /// Returns the counts so far.
    pub tally: Tally,
}

impl<R> Tallied<R> {
    /// Counts the bytes that are read through it.
    pub fn new(text: R) -> Self {
        Self { text, tally: Tally::default() }
    }
}

impl<R: Read> Read for Tallied<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let size = self.text.read(out)?;
        self.tally.add(&out[..size]);
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(text: &[u8], block: usize) -> (u64, u64) {
        let mut tally = Tally::default();
        for block in text.chunks(block) {
            tally.add(block);
        }
        tally.end();
        (tally.characters, tally.strays)
    }

    #[test]
    fn c3_characters_and_strays_are_counted_however_the_text_comes() {
        for block in 1..12 {
            assert_eq!(tally("aé漢😀b".as_bytes(), block), (3, 0), "{block}");
            assert_eq!(tally(b"Jos\xe9 Pe\xf1a, Ren\xe9", block), (0, 3), "{block}");
            assert_eq!(tally(b"\xc3\xa9\xe9x\xf0\x9f\x98", block), (1, 2), "{block}");
            assert_eq!(tally(b"plain", block), (0, 0), "{block}");
        }
    }
}
