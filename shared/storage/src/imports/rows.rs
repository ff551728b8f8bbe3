//! Rows between the file and the database: in the text format of COPY, sorted into shards by their
//! phones.
//!
//! The job that reads a part of a file sorts its rows and writes them as one object, a shard after
//! the other. The job that applies a shard reads its piece of each part's object. All rows of a
//! phone are in one shard, so that the last of them is found there (rule C6), from any part; and
//! rows are in the order of phones, so that contacts are created in one order everywhere.

use std::io::Write as _;

use bytes::Bytes;
use muster_domain::people::{e164::E164, phone_hash};
use uuid::Uuid;

use crate::imports::{
    copy_text::{json_object, put, text_array},
    names::Names,
};

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
    /// Known columns; `None` leaves the value.
    pub email: Option<&'a str>,
    /// Postal code.
    pub postal_code: Option<&'a str>,
    /// Notes.
    pub notes: Option<&'a str>,
    /// The caller's own id.
    pub external_id: Option<&'a str>,
    /// The agent it is assigned to: an e-mail address or a member's id.
    pub agent: Option<&'a str>,
    /// It states that the person has opted out (rule C17).
    pub opted_out: bool,
}

/// Place of a row, and its sort key.
#[derive(Debug, Clone, Copy)]
struct Entry {
    phone: u64,
    line: i64,
    buffer: u32,
    start: u32,
    end: u32,
    /// This row states that the person has opted out, or one that it replaces does (rule C17).
    opted_out: bool,
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
    /// Adds a row; `fields` are its custom fields that have a value, by their number in the file,
    /// because names may be longer than all else of a row; `tags` those of its tag column.
    pub fn push<'f>(
        &mut self,
        row: &Row<'_>,
        fields: impl IntoIterator<Item = (usize, &'f str)>,
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
        out.extend_from_slice(if row.opted_out { b"\tt" } else { b"\tf" });
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
        let (buffer, opted_out) = (position(self.buffers.len()), row.opted_out);
        self.entries.push(Entry { phone, line: row.line, buffer, start, end, opted_out });
    }

    /// The buffer that is being filled is full.
    fn put_away(&mut self) {
        self.buffers.push(Bytes::from(std::mem::take(&mut self.filling)));
    }

    /// Rows of a shard, as they were written by [`Sorted::chunks`]. A piece that is not of that
    /// form is an error of the object store.
    pub fn read(pieces: impl IntoIterator<Item = Bytes>) -> Option<Self> {
        let mut rows = Self::default();
        for piece in pieces {
            let buffer = position(rows.buffers.len());
            let mut start = 0;
            while start < piece.len() {
                let end = start + piece[start..].iter().position(|byte| *byte == b'\n')?;
                let mut cells = piece[start..end].splitn(4, |byte| *byte == b'\t');
                let (phone, line) = (number(cells.next()?), number(cells.next()?));
                let line = i64::try_from(line).ok()?;
                let opted_out = match cells.next()? {
                    b"t" => true,
                    b"f" => false,
                    _ => return None,
                };
                rows.entries.push(Entry { phone, line, buffer, start: position(start), end: position(end), opted_out });
                start = end + 1;
            }
            rows.buffers.push(piece);
        }
        Some(rows)
    }

    /// Sorts by shard, phone and line, and keeps the last row of each phone (rule C6), with an
    /// opt-out that any of them states.
    pub fn sort(mut self, shards: u32) -> Sorted {
        self.put_away();
        let before = self.entries.len();
        self.entries
            .sort_unstable_by_key(|entry| (shard_of(entry.phone, shards), entry.phone, std::cmp::Reverse(entry.line)));
        self.entries.dedup_by(|earlier, last| {
            let same = earlier.phone == last.phone;
            last.opted_out |= same && earlier.opted_out;
            same
        });
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

/// The keyed hashes of an E.164 number: under the current key, and under the others.
pub type PhoneHash<'a> = dyn Fn(&E164) -> (phone_hash::PhoneHash, Vec<phone_hash::PhoneHash>) + Send + Sync + 'a;

/// Returns a hash as Postgres reads bytes.
fn hex(hash: &phone_hash::PhoneHash) -> String {
    hash.iter().fold("\\x".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

/// Bytes handed over at a time.
const CHUNK: usize = 256 * 1024;

impl Sorted {
    /// Returns how many rows there are.
    pub fn count(&self) -> usize {
        self.rows.entries.len()
    }

    /// Returns the rows as text, a line each, in chunks.
    pub fn chunks(&self) -> impl Iterator<Item = Vec<u8>> {
        self.chunked(|_, _| {})
    }

    /// The same for COPY into the staging table: each row with the names of its custom fields, of
    /// which these are the file's in order, with the id that its contact will have if it is new,
    /// and with the keyed hash of its phone where redacted people are known.
    pub fn chunks_to_stage(&self, names: &[String], hash: Option<&PhoneHash<'_>>) -> impl Iterator<Item = Vec<u8>> {
        let names = Names::of(names);
        self.chunked(move |out, row| {
            names.write_into(out, row.len());
            out.push(b'\t');
            let mut id = Uuid::encode_buffer();
            out.extend_from_slice(Uuid::now_v7().hyphenated().encode_lower(&mut id).as_bytes());
            let hash = hash.and_then(|hash| {
                let e164 = row.split(|byte| *byte == b'\t').next()?;
                Some(hash(&E164::parse(std::str::from_utf8(e164).ok()?).ok()?))
            });
            let (current, previous) =
                hash.map_or((None, Vec::new()), |(current, previous)| (Some(hex(&current)), previous));
            put(out, current.as_deref());
            if previous.is_empty() {
                put(out, None);
            } else {
                let previous: Vec<_> = previous.iter().map(hex).collect();
                text_array(out, previous.iter().map(String::as_str));
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
                let agent = cells.nth(7).unwrap_or(b"\\N");
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
                let start = chunk.len();
                chunk.extend_from_slice(row);
                if entry.opted_out
                    && let Some(mark) = row.iter().enumerate().filter(|(_, byte)| **byte == b'\t').nth(1)
                {
                    // A statement of an earlier row stands in this one.
                    chunk[start + mark.0 + 1] = b't';
                }
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

/// Returns the shard of a phone: spread evenly, for any mix of area codes.
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
                opted_out: *line == 2,
            };
            rows.push(&row, [(1, "say \"7\"\\\n"), (0, "{\"0\":,}")], ["a,b", "c\""]);
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
            "+12125550001\t7\tf\tA\\tB\t\t\\N\t\\N\t\\N\t\\N\tx@example.org\t{\"1\":\"say \\\\\"7\\\\\"\\\\\\\\\\\\u000a\",\"0\":\"{\\\\\"0\\\\\":,}\"}\t{\"a,b\",\"c\\\\\"\"}\n"
        );
    }

    #[test]
    fn a_staged_row_has_the_names_of_its_fields() {
        let names = ["Zero \"0\"".to_owned(), "Ward\\".to_owned()];
        let staged = rows(&[("+12125550001", 7)]).sort(1).chunks_to_stage(&names, None).flatten().collect();
        let staged = String::from_utf8(staged).unwrap();
        let fields =
            "{\"Ward\\\\\\\\\":\"say \\\\\"7\\\\\"\\\\\\\\\\\\u000a\",\"Zero \\\\\"0\\\\\"\":\"{\\\\\"0\\\\\":,}\"}";
        assert_eq!(staged.split('\t').nth(10), Some(fields), "{staged}");
        assert_eq!(staged.split('\t').nth(11), Some("{\"a,b\",\"c\\\\\"\"}"), "{staged}");
        assert!(staged.ends_with("\t\\N\n"), "{staged}");
    }

    #[test]
    fn c17_an_opt_out_that_an_earlier_row_states_stands_in_the_last() {
        let phones = ["+12125550001", "+12125550002"];
        let flags = |sorted: &Sorted| {
            text(sorted).lines().map(|line| line.split('\t').nth(2).unwrap().to_owned()).collect::<Vec<_>>()
        };
        let first = rows(&[(phones[0], 2), (phones[1], 3), (phones[0], 4)]).sort(1);
        assert_eq!(flags(&first), ["t", "f"]);
        let second = rows(&[(phones[0], 5)]).sort(1);
        assert_eq!(flags(&second), ["f"]);
        let both = Rows::read([Bytes::from(text(&first)), Bytes::from(text(&second))]).unwrap().sort(1);
        assert_eq!(flags(&both), ["t", "f"]);
        assert!(text(&both).starts_with("+12125550001\t5\tt\t"));
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
        assert!(Rows::read([Bytes::from_static(b"+12125550001\t7\tf\tcut off")]).is_none());
        assert!(Rows::read([Bytes::from_static(b"+12125550001\t7\tAnn\tLee\n")]).is_none(), "too few fields");
    }

    #[test]
    fn phones_go_alone_where_only_they_count() {
        let sorted = rows(&[("+12125550001", 7)]).sort(1);
        assert_eq!(sorted.phones().flatten().collect::<Vec<_>>(), b"+12125550001\t7\tx@example.org\n");
    }
}
