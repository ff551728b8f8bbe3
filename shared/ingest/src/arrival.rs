//! A file that is still coming in: a fault of its beginning is told before the rest is there
//! (rule C15), and its lines are counted as they pass.
//!
//! The look is the import's own ([`mod@crate::file`]), at as much of the beginning as it needs:
//! mostly the first 64 KiB, unpacked. The rest is left to the reader of the whole file: a header
//! that is longer than [`MAX_BEGINNING`], an archive's directory, which is at its end, and a zstd
//! frame that wants much memory.

use std::{
    collections::BTreeMap,
    fmt::Display,
    io::{self, Cursor, Read},
};

use muster_domain::imports::Compression;

use crate::{
    ReadError, Refused,
    file::{open, opened},
    limits::{MAX_BEGINNING, MAX_UNPACKED},
    sniff::HEAD_BYTES,
    unpack::{Unpacked, compression, zip_beginning},
};

/// Looks at a file as its bytes pass.
#[derive(Debug)]
pub struct Arrival {
    mapping: BTreeMap<String, String>,
    compression: Option<Compression>,
    /// The beginning, until it has been looked at.
    beginning: Vec<u8>,
    /// How much of it must be there for the next look.
    look_at: usize,
    looked: bool,
    /// Why it was refused while it came in, until somebody asks.
    refusal: Option<Refused>,
    line_feeds: u64,
    returns: u64,
    last: u8,
}

impl Arrival {
    /// Nothing is there yet. `mapping` goes from a column's name to a field's.
    pub fn new(mapping: BTreeMap<String, String>) -> Self {
        Self {
            mapping,
            compression: None,
            beginning: Vec::new(),
            look_at: HEAD_BYTES,
            looked: false,
            refusal: None,
            line_feeds: 0,
            returns: 0,
            last: b'\n',
        }
    }

    /// Takes the next bytes; refuses the file as soon as they tell that no import would take it.
    pub fn pass(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        self.count(bytes);
        let mut rest = bytes;
        while !self.looked && !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(self.look_at - self.beginning.len()));
            self.beginning.extend_from_slice(now);
            rest = later;
            if self.beginning.len() == self.look_at {
                self.look()?;
            }
        }
        Ok(())
    }

    /// Takes the next bytes as their source has them and hands them on to the writer, which hears
    /// of an error in words: the source's, or the reason for which the file is refused.
    pub fn pass_on<B: AsRef<[u8]>, E: Display>(&mut self, chunk: Result<B, E>) -> Result<B, String> {
        let bytes = chunk.map_err(|error| error.to_string())?;
        match self.pass(bytes.as_ref()) {
            Ok(()) => Ok(bytes),
            Err(why) => Err(self.refusal.insert(why).to_string()),
        }
    }

    /// Returns the reason for which [`Self::pass_on`] has refused the file, which tells that from
    /// an error of the writer.
    pub const fn refusal(&mut self) -> Option<Refused> {
        self.refusal.take()
    }

    /// The file is there. Returns about how many rows a file has that is not packed: its lines
    /// without the header, blank ones and those within cells among them.
    pub fn end(mut self) -> Result<Option<u64>, Refused> {
        if !self.looked {
            self.compression = compression(&self.beginning);
            if let Err(ReadError::Refused(refused)) = whole(&self.beginning, &self.mapping) {
                return Err(refused);
            }
        }
        let lines = self.line_feeds.max(self.returns) + u64::from(!matches!(self.last, b'\n' | b'\r'));
        Ok(self.compression.is_none().then(|| lines.saturating_sub(1)))
    }

    fn count(&mut self, bytes: &[u8]) {
        self.line_feeds += memchr::memchr_iter(b'\n', bytes).count() as u64;
        self.returns += memchr::memchr_iter(b'\r', bytes).count() as u64;
        self.last = bytes.last().copied().unwrap_or(self.last);
    }

    fn look(&mut self) -> Result<(), Refused> {
        self.compression = compression(&self.beginning);
        match begun(&self.beginning, &self.mapping) {
            Err(ReadError::Refused(refused)) => return Err(refused),
            Err(ReadError::Broken(_)) if self.look_at < MAX_BEGINNING => {
                self.look_at *= 2;
                return Ok(());
            }
            // It is as it should be, or cannot be told from here.
            Ok(()) | Err(ReadError::Broken(_)) => {}
        }
        self.looked = true;
        self.beginning = Vec::new();
        Ok(())
    }
}

/// Looks at a file of which this is the beginning; an error of the source means that more of it is
/// needed.
fn begun(beginning: &[u8], mapping: &BTreeMap<String, String>) -> Result<(), ReadError> {
    let source = |from: usize| Unended(Cursor::new(&beginning[from..]));
    if compression(beginning) == Some(Compression::Zip) {
        return match zip_beginning(beginning, source)? {
            Some(contents) => opened(contents, mapping).map(|_| ()),
            None => Err(io::Error::from(io::ErrorKind::WouldBlock).into()),
        };
    }
    opened(Unpacked::glance(source(0))?, mapping).map(|_| ())
}

/// Looks at a file that is all there.
fn whole(file: &[u8], mapping: &BTreeMap<String, String>) -> Result<(), ReadError> {
    if compression(file) == Some(Compression::Zip) {
        return open(Cursor::new(file), mapping, MAX_UNPACKED).map(|_| ());
    }
    opened(Unpacked::glance(file)?, mapping).map(|_| ())
}

/// The beginning of something that goes on.
struct Unended<'b>(Cursor<&'b [u8]>);

impl Read for Unended<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.0.read(out)? {
            0 if !out.is_empty() => Err(io::ErrorKind::WouldBlock.into()),
            size => Ok(size),
        }
    }
}
