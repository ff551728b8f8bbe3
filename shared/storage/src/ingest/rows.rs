//! Rows between the file and the database: in the text format of COPY, sorted into shards by their phones.
//!
//! Whoever reads a part of a file sorts its rows and writes them as one object, a shard after the other. Whoever applies a shard reads its
//! piece of each part's object. All rows of a phone are in one shard, so that the last of them is found there (rule C6), whatever
//! part it stood in; and rows are in the order of phones, so that contacts are created in one order everywhere.

use std::io::Write as _;

use bytes::Bytes;
use muster_domain::{e164::E164, phone_hash};
use uuid::Uuid;

/// A readable row of the file.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// Line of the file at which it begins, from 1.
    pub line: i64,
    /// The phone.
    pub e164: &'a E164,
    /// Given name, may be blank.
    pub first_name: &'a str,
    /// Family name, may be blank.
    pub last_name: &'a str,
    /// Known columns; `None` leaves what is there.
    pub email: Option<&'a str>,
    /// Postal code.
    pub postal_code: Option<&'a str>,
    /// Notes.
    pub notes: Option<&'a str>,
    /// The caller's own id.
    pub external_id: Option<&'a str>,
    /// The agent it is assigned to: an e-mail address or a member's id.
    pub agent: Option<&'a str>,
}

/// Where a row stands, and what it is sorted by.
#[derive(Debug, Clone, Copy)]
struct Entry {
    phone: u64,
    line: i64,
    buffer: u32,
    start: u32,
    end: u32,
}

/// Rows that were read, in memory: a part's, or a shard's, which bounds them.
#[derive(Debug, Default)]
pub struct Rows {
    /// Buffers that are full, or pieces as they came; nothing is copied to make them one.
    buffers: Vec<Bytes>,
    filling: Vec<u8>,
    entries: Vec<Entry>,
}

/// Bytes of a buffer.
const BUFFER: usize = 1024 * 1024;

impl Rows {
    /// Adds a row; `fields` are its custom fields that have a value, `tags` those of its tag column.
    pub fn push<'f>(
        &mut self,
        row: &Row<'_>,
        fields: impl IntoIterator<Item = (&'f str, &'f str)>,
        tags: impl IntoIterator<Item = &'f str>,
    ) {
        if self.filling.len() >= BUFFER {
            self.put_away();
        }
        if self.filling.capacity() == 0 {
            self.filling.reserve_exact(BUFFER + BUFFER / 16);
        }
        let out = &mut self.filling;
        let start = position(out.len());
        out.extend_from_slice(row.e164.as_str().as_bytes());
        out.push(b'\t');
        // Writing to memory does not fail.
        let _ = write!(out, "{}", row.line);
        for field in [
            Some(row.first_name),
            Some(row.last_name),
            row.email,
            row.postal_code,
            row.notes,
            row.external_id,
            row.agent,
        ] {
            put(out, field);
        }
        json_object(out, fields);
        text_array(out, tags);
        let end = position(out.len());
        let phone = number(row.e164.as_str().as_bytes());
        self.entries.push(Entry { phone, line: row.line, buffer: position(self.buffers.len()), start, end });
    }

    /// The buffer that is being filled is full.
    fn put_away(&mut self) {
        self.buffers.push(Bytes::from(std::mem::take(&mut self.filling)));
    }

    /// Rows of a shard, as they were written by [`Sorted::chunks`]. A piece that is not of that form is an error of the object store.
    pub fn read(pieces: impl IntoIterator<Item = Bytes>) -> Option<Self> {
        let mut rows = Self::default();
        for piece in pieces {
            let buffer = position(rows.buffers.len());
            let mut start = 0;
            while start < piece.len() {
                let end = start + piece[start..].iter().position(|byte| *byte == b'\n')?;
                let mut cells = piece[start..end].splitn(3, |byte| *byte == b'\t');
                let (phone, line) = (number(cells.next()?), number(cells.next()?));
                let line = i64::try_from(line).ok()?;
                rows.entries.push(Entry { phone, line, buffer, start: position(start), end: position(end) });
                start = end + 1;
            }
            rows.buffers.push(piece);
        }
        Some(rows)
    }

    /// Sorts by shard, phone and line, and keeps the last row of each phone (rule C6).
    pub fn sort(mut self, shards: u32) -> Sorted {
        self.put_away();
        let before = self.entries.len();
        self.entries
            .sort_unstable_by_key(|entry| (shard_of(entry.phone, shards), entry.phone, std::cmp::Reverse(entry.line)));
        self.entries.dedup_by_key(|entry| entry.phone);
        let merged = i64::try_from(before - self.entries.len()).unwrap_or(i64::MAX);
        let mut starts = Vec::with_capacity(shards as usize + 1);
        let mut at = 0_i64;
        for entry in &self.entries {
            while starts.len() <= shard_of(entry.phone, shards) as usize {
                starts.push(at);
            }
            at += i64::from(entry.end - entry.start) + 1;
        }
        starts.resize(shards as usize + 1, at);
        Sorted { rows: self, starts, merged }
    }
}

/// Rows in the order of their shards and phones, each phone once.
#[derive(Debug)]
pub struct Sorted {
    rows: Rows,
    /// Where each shard begins, and where the last one ends.
    pub starts: Vec<i64>,
    /// Rows that a later row for the same phone replaced.
    pub merged: i64,
}

/// The keyed hashes of an E.164 number: under the current key, and under the other one while keys are rotated.
pub type PhoneHash<'a> = dyn Fn(&E164) -> (phone_hash::PhoneHash, Option<phone_hash::PhoneHash>) + Send + Sync + 'a;

/// Bytes handed over at a time.
const CHUNK: usize = 256 * 1024;

impl Sorted {
    /// How many rows there are.
    pub fn count(&self) -> usize {
        self.rows.entries.len()
    }

    /// The rows as text, a line each, in chunks.
    pub fn chunks(&self) -> impl Iterator<Item = Vec<u8>> {
        self.chunked(|_, _| {})
    }

    /// The same for COPY into the staging table: each row with the id that its contact will have if it is new, and with the keyed hash
    /// of its phone where redacted people are known.
    pub fn chunks_to_stage(&self, hash: Option<&PhoneHash<'_>>) -> impl Iterator<Item = Vec<u8>> {
        self.chunked(move |out, row| {
            out.push(b'\t');
            let mut id = Uuid::encode_buffer();
            out.extend_from_slice(Uuid::now_v7().hyphenated().encode_lower(&mut id).as_bytes());
            let hash = hash.and_then(|hash| {
                let e164 = row.split(|byte| *byte == b'\t').next()?;
                Some(hash(&E164::parse(std::str::from_utf8(e164).ok()?).ok()?))
            });
            let (current, previous) = hash.map_or((None, None), |(current, previous)| (Some(current), previous));
            for hash in [current, previous] {
                out.extend_from_slice(if hash.is_some() { b"\t\\\\x" } else { b"\t\\N" });
                for byte in hash.iter().flatten() {
                    let _ = write!(out, "{byte:02x}");
                }
            }
        })
    }

    /// Phones and lines alone, with the agent, for COPY.
    pub fn phones(&self) -> impl Iterator<Item = Vec<u8>> {
        let mut entries = self.rows.entries.iter();
        std::iter::from_fn(move || {
            let mut chunk = Vec::new();
            for entry in entries.by_ref() {
                let mut cells = self.row(entry).split(|byte| *byte == b'\t');
                let (e164, line) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
                let agent = cells.nth(6).unwrap_or(b"\\N");
                for cell in [e164, b"\t", line, b"\t", agent, b"\n"] {
                    chunk.extend_from_slice(cell);
                }
                if chunk.len() >= CHUNK {
                    break;
                }
            }
            (!chunk.is_empty()).then_some(chunk)
        })
    }

    fn row(&self, entry: &Entry) -> &[u8] {
        &self.rows.buffers[entry.buffer as usize][entry.start as usize..entry.end as usize]
    }

    fn chunked(&self, after: impl Fn(&mut Vec<u8>, &[u8])) -> impl Iterator<Item = Vec<u8>> {
        let mut entries = self.rows.entries.iter();
        std::iter::from_fn(move || {
            let mut chunk = Vec::new();
            for entry in entries.by_ref() {
                let row = self.row(entry);
                chunk.extend_from_slice(row);
                after(&mut chunk, row);
                chunk.push(b'\n');
                if chunk.len() >= CHUNK {
                    break;
                }
            }
            (!chunk.is_empty()).then_some(chunk)
        })
    }
}

/// The shard of a phone: spread evenly, whatever the area codes.
fn shard_of(phone: u64, shards: u32) -> u32 {
    let spread = phone.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    u32::try_from(spread % u64::from(shards.max(1))).unwrap_or(0)
}

/// Parts are a few megabytes; a buffer never gets to four gigabytes.
fn position(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn number(digits: &[u8]) -> u64 {
    digits.iter().filter(|byte| byte.is_ascii_digit()).fold(0, |number, byte| number * 10 + u64::from(byte - b'0'))
}

/// Rejected rows on their way, in the text format of COPY.
#[derive(Debug, Default)]
pub struct Rejects {
    pub(super) bytes: Vec<u8>,
}

impl Rejects {
    /// Adds a row that cannot be read.
    pub fn push(&mut self, import_id: Uuid, line: i64, reason: &str, column: Option<&str>, raw: &str) {
        let out = &mut self.bytes;
        let _ = write!(out, "{import_id}\t{line}");
        put(out, Some(reason));
        put(out, column);
        put(out, Some(raw));
        out.push(b'\n');
    }

    /// Bytes that they take.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// One more field in COPY's text format, after a tab. Postgres cannot store U+0000, so that it becomes U+FFFD.
fn put(out: &mut Vec<u8>, field: Option<&str>) {
    out.push(b'\t');
    match field {
        Some(field) => escaped(out, field.as_bytes()),
        None => out.extend_from_slice(b"\\N"),
    }
}

fn escaped(out: &mut Vec<u8>, mut bytes: &[u8]) {
    while let Some(at) = bytes.iter().position(|byte| matches!(byte, b'\\' | b'\t' | b'\n' | b'\r' | 0)) {
        out.extend_from_slice(&bytes[..at]);
        out.extend_from_slice(match bytes[at] {
            b'\\' => b"\\\\",
            b'\t' => b"\\t",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            _ => "\u{fffd}".as_bytes(),
        });
        bytes = &bytes[at + 1..];
    }
    out.extend_from_slice(bytes);
}

/// A JSON object of texts as a field.
fn json_object<'f>(out: &mut Vec<u8>, fields: impl IntoIterator<Item = (&'f str, &'f str)>) {
    out.extend_from_slice(b"\t{");
    let mut first = true;
    for (name, value) in fields {
        if !first {
            out.push(b',');
        }
        first = false;
        json_text(out, name);
        out.push(b':');
        json_text(out, value);
    }
    out.push(b'}');
}

/// A JSON text, with COPY's escapes on top of JSON's.
fn json_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for c in text.chars() {
        match c {
            '"' => out.extend_from_slice(b"\\\\\""),
            '\\' => out.extend_from_slice(b"\\\\\\\\"),
            '\0' => out.extend_from_slice("\u{fffd}".as_bytes()),
            c if c < ' ' => {
                let _ = write!(out, "\\\\u{:04x}", u32::from(c));
            }
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

/// A text array as a field, in the form that Postgres reads, with COPY's escapes on top.
fn text_array<'f>(out: &mut Vec<u8>, items: impl IntoIterator<Item = &'f str>) {
    out.extend_from_slice(b"\t{");
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let quoted = format!("\"{}\"", item.replace('\\', "\\\\").replace('"', "\\\""));
        escaped(out, quoted.as_bytes());
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(of: &[(&str, i64)]) -> Rows {
        let mut rows = Rows::default();
        for (phone, line) in of {
            let e164 = E164::parse(phone).unwrap();
            let row = Row {
                line: *line,
                e164: &e164,
                first_name: "A\tB",
                last_name: "",
                email: None,
                postal_code: None,
                notes: None,
                external_id: None,
                agent: Some("x@example.org"),
            };
            rows.push(&row, [("Ward", "say \"7\"\\\n")], ["a,b", "c\""]);
        }
        rows
    }

    fn text(sorted: &Sorted) -> String {
        String::from_utf8(sorted.chunks().flatten().collect()).unwrap()
    }

    #[test]
    fn a_row_is_a_line_of_copy_text() {
        let line = text(&rows(&[("+12125550001", 7)]).sort(1));
        assert_eq!(
            line,
            "+12125550001\t7\tA\\tB\t\t\\N\t\\N\t\\N\t\\N\tx@example.org\t{\"Ward\":\"say \\\\\"7\\\\\"\\\\\\\\\\\\u000a\"}\t{\"a,b\",\"c\\\\\"\"}\n"
        );
    }

    #[test]
    fn c6_the_last_row_of_a_phone_wins_within_and_between_parts() {
        let phones = ["+12125550001", "+12125550002", "+12125550003"];
        let first = rows(&[(phones[0], 2), (phones[1], 3), (phones[0], 4)]).sort(4);
        let second = rows(&[(phones[2], 5), (phones[1], 6)]).sort(4);
        assert_eq!((first.merged, second.merged), (1, 0));
        let mut seen = Vec::new();
        for shard in 0..4 {
            let pieces = [&first, &second].map(|part| {
                let [start, end] = [shard, shard + 1].map(|nth| usize::try_from(part.starts[nth]).unwrap());
                Bytes::from(text(part)).slice(start..end)
            });
            let sorted = Rows::read(pieces).unwrap().sort(1);
            seen.extend(text(&sorted).lines().map(|line| line.split('\t').take(2).collect::<Vec<_>>().join(" ")));
        }
        seen.sort();
        assert_eq!(seen, ["+12125550001 4", "+12125550002 6", "+12125550003 5"]);
    }

    #[test]
    fn a_damaged_piece_is_noticed() {
        assert!(Rows::read([Bytes::from_static(b"+12125550001\t7\tcut off")]).is_none());
    }

    #[test]
    fn phones_go_alone_where_only_they_count() {
        let sorted = rows(&[("+12125550001", 7)]).sort(1);
        assert_eq!(sorted.phones().flatten().collect::<Vec<_>>(), b"+12125550001\t7\tx@example.org\n");
    }
}
