//! The reader's thread: bytes in, checked rows out, in chunks.

use std::io::{self, Read as _};

use bytes::{Buf, Bytes};
use csv::{ByteRecord, ReaderBuilder};
use encoding_rs::{CoderResult, Decoder, UTF_8};
use muster_domain::headers;
use muster_storage::ingest::Chunk;
use tokio::sync::mpsc;

use super::{
    rows::{Plan, Read, Rows},
    sniff::{self, HEAD},
};

/// Bytes of rows that are handed over at a time.
const CHUNK: usize = 1024 * 1024;
/// Columns that a file may have.
const MAX_COLUMNS: usize = 1_000;

/// Why reading ended early.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// The file as a whole is refused (rule C15), with a reason for its owner.
    Refused(String),
    /// The object store broke off; trying again may help.
    Broken(String),
}

/// The file's bytes as they come from the object store.
pub(crate) struct Chunks {
    source: mpsc::Receiver<Result<Bytes, String>>,
    current: Bytes,
}

impl Chunks {
    pub(crate) fn new(source: mpsc::Receiver<Result<Bytes, String>>) -> Self {
        Self { source, current: Bytes::new() }
    }

    /// The first bytes, without consuming them.
    fn head(&mut self) -> io::Result<Bytes> {
        let mut head = Vec::with_capacity(HEAD);
        self.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
        let head = Bytes::from(head);
        let rest = std::mem::take(&mut self.current);
        self.current = if rest.is_empty() { head.clone() } else { [head.as_ref(), rest.as_ref()].concat().into() };
        Ok(head)
    }
}

impl io::Read for Chunks {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.source.blocking_recv() {
                Some(Ok(bytes)) => self.current = bytes,
                Some(Err(error)) => return Err(io::Error::other(error)),
                None => return Ok(0),
            }
        }
        let size = out.len().min(self.current.len());
        out[..size].copy_from_slice(&self.current[..size]);
        self.current.advance(size);
        Ok(size)
    }
}

/// Any encoding to UTF-8, and any line ends to LF. A file in UTF-8 passes otherwise as it is, so that a bad byte costs its row and not
/// the file.
struct Utf8<R> {
    source: R,
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    raw_at: usize,
    /// The source has ended.
    ended: bool,
    /// The decoder has too; it must not be asked again.
    exhausted: bool,
    /// The last byte was a CR: an LF after it belongs to the same line end.
    after_cr: bool,
    /// Bytes of the file that were read.
    bytes_read: i64,
    /// Bytes of text that were handed on, and the last of them.
    handed_on: u64,
    last: u8,
}

impl<R: io::Read> Utf8<R> {
    fn new(source: R, encoding: &'static encoding_rs::Encoding) -> Self {
        let decoder = (encoding != UTF_8).then(|| encoding.new_decoder_with_bom_removal());
        Self {
            source,
            decoder,
            raw: Vec::new(),
            raw_at: 0,
            ended: false,
            exhausted: false,
            after_cr: false,
            bytes_read: 0,
            handed_on: 0,
            last: b'\n',
        }
    }

    /// The next text, without regard to line ends; nothing at the end.
    fn decode(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.exhausted {
            return Ok(0);
        }
        let Some(decoder) = &mut self.decoder else {
            let size = self.source.read(out)?;
            self.bytes_read += i64::try_from(size).unwrap_or(i64::MAX);
            return Ok(size);
        };
        loop {
            let (result, used, written, _) = decoder.decode_to_utf8(&self.raw[self.raw_at..], out, self.ended);
            self.raw_at += used;
            self.exhausted = self.ended && result == CoderResult::InputEmpty;
            if written > 0 || self.exhausted || result == CoderResult::OutputFull {
                return Ok(written);
            }
            self.raw.resize(HEAD, 0);
            let size = self.source.read(&mut self.raw)?;
            self.raw.truncate(size);
            (self.raw_at, self.ended) = (0, size == 0);
            self.bytes_read += i64::try_from(size).unwrap_or(i64::MAX);
        }
    }

    /// Makes CR and CRLF to LF in place; answers how many bytes are left.
    fn unify_line_ends(&mut self, text: &mut [u8]) -> usize {
        let mut kept = 0;
        for index in 0..text.len() {
            let byte = text[index];
            let second_half = byte == b'\n' && self.after_cr;
            self.after_cr = byte == b'\r';
            if !second_half {
                text[kept] = if byte == b'\r' { b'\n' } else { byte };
                kept += 1;
            }
        }
        kept
    }
}

impl<R: io::Read> io::Read for Utf8<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let size = self.decode(out)?;
            if size == 0 {
                return Ok(0);
            }
            let kept = self.unify_line_ends(&mut out[..size]);
            if kept > 0 {
                self.handed_on += kept as u64;
                self.last = out[kept - 1];
                return Ok(kept);
            }
        }
    }
}

/// The line at which a record that was just read begins, from 1. It is reckoned from the record's end, because blank lines before a
/// record count as its beginning to the parser.
fn line_of<R: io::Read>(record: &ByteRecord, csv: &csv::Reader<Utf8<R>>) -> i64 {
    let within = record.as_slice().split(|byte| *byte == b'\n').count() as u64 - 1;
    let text = csv.get_ref();
    let unterminated = csv.position().byte() == text.handed_on && text.last != b'\n';
    let line = csv.position().line().saturating_sub(within + u64::from(!unterminated));
    i64::try_from(line).unwrap_or(i64::MAX)
}

/// Reads a file to its end, handing chunks of rows over; answers the file's custom fields.
pub(crate) fn read(plan: &Plan, mut source: Chunks, out: &mpsc::Sender<Read>) -> Result<Vec<String>, ReadError> {
    let broken = |error: io::Error| ReadError::Broken(format!("the file could not be read: {error}"));
    let head = source.head().map_err(broken)?;
    let format = sniff::format(&head).map_err(ReadError::Refused)?;
    let mut csv = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(format.delimiter)
        .buffer_capacity(128 * 1024)
        .from_reader(Utf8::new(source, format.encoding));
    let mut record = ByteRecord::new();
    let next = |record: &mut ByteRecord, csv: &mut csv::Reader<_>| {
        csv.read_byte_record(record).map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => broken(error),
            kind => ReadError::Refused(format!("the file is not CSV: {kind:?}")),
        })
    };
    if !next(&mut record, &mut csv)? {
        return Err(ReadError::Refused("the file is empty".to_owned()));
    }
    if record.len() > MAX_COLUMNS {
        let columns = record.len();
        return Err(ReadError::Refused(format!("the file has {columns} columns, at most {MAX_COLUMNS} are allowed")));
    }
    let names: Vec<String> = record.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    let columns = headers::read(&names, &plan.mapping).map_err(|error| ReadError::Refused(error.to_string()))?;
    let mut rows = Rows::new(plan, &names, &columns, format.delimiter);
    let mut chunk = Chunk::new(plan.import_id);
    while next(&mut record, &mut csv)? {
        rows.add(&record, line_of(&record, &csv), &mut chunk);
        if chunk.len() >= CHUNK {
            let full = std::mem::replace(&mut chunk, Chunk::new(plan.import_id));
            // Nobody listens any more: the import was cancelled or its transaction failed.
            if out.blocking_send(rows.read(full, csv.get_ref().bytes_read)).is_err() {
                return Ok(Vec::new());
            }
        }
    }
    let last = rows.read(chunk, csv.get_ref().bytes_read);
    let fields = rows.custom_fields();
    // As above.
    let _ = out.blocking_send(last);
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{UTF_16LE, WINDOWS_1252};

    fn lines(text: &str) -> Vec<i64> {
        let mut csv =
            ReaderBuilder::new().has_headers(false).flexible(true).from_reader(Utf8::new(text.as_bytes(), UTF_8));
        let (mut record, mut lines) = (ByteRecord::new(), Vec::new());
        while csv.read_byte_record(&mut record).unwrap() {
            lines.push(line_of(&record, &csv));
        }
        lines
    }

    #[test]
    fn c7_lines_are_the_files() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a,b", "1,\"two", "lines\"", "", "", "2,x", "3,y"].join(end);
            assert_eq!(lines(&text), [1, 2, 6, 7], "{end:?}");
            assert_eq!(lines(&(text + end)), [1, 2, 6, 7], "{end:?}");
        }
    }

    #[test]
    fn c3_other_encodings_come_out_as_utf8_whatever_the_size_of_the_reads() {
        let wide: Vec<u8> = "\u{feff}é,漢\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (encoding, bytes, wanted) in
            [(UTF_16LE, wide.as_slice(), "é,漢\n"), (WINDOWS_1252, b"Jos\xe9,\x80\r".as_slice(), "José,€\n")]
        {
            for size in [4, 7, 1_000] {
                let (mut text, mut out, mut read) = (Vec::new(), vec![0; size], Utf8::new(bytes, encoding));
                loop {
                    let size = read.read(&mut out).unwrap();
                    if size == 0 {
                        break;
                    }
                    text.extend_from_slice(&out[..size]);
                }
                assert_eq!(String::from_utf8(text).unwrap(), wanted);
                assert_eq!(read.read(&mut out).unwrap(), 0, "and it stays at the end");
            }
        }
    }
}
