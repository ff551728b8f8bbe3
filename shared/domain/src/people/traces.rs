//! Traces that free text may have of a person that is being redacted (rule R3): their phone however
//! it is written, their e-mail addresses, their own ids and their names. Said as regular
//! expressions of Postgres, which looks through the rows, and as a search of files.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::people::e164::E164;

/// The person's names, addresses and ids, as they were kept. Kept themselves until the redaction is
/// done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Traces {
    /// Given and family names.
    pub names: BTreeSet<(String, String)>,
    /// E-mail addresses and the customer's own ids.
    pub words: BTreeSet<String>,
}

/// The regular expressions that find a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patterns {
    /// Traces that can belong to no one else: the phone, an address, an id, both names together.
    /// Without regard to case.
    pub sure: String,
    /// One of the names, of those that nobody else of the account has.
    pub alone: String,
}

/// A regular expression that matches nothing.
const MATCHES_NOTHING: &str = "a^";
/// Characters that people write between the digits of a phone, and none that parts cells or members
/// of JSON.
const BETWEEN_DIGITS: &str = "[^0-9０-９\"\\\\,;:{}|[:cntrl:]\\[\\]]{0,4}";
/// Characters between two names, and for each character of a name that is no letter. A comma is
/// among it.
const BETWEEN_NAMES: &str = "[^[:alnum:]\"\\\\{}:\\[\\]]{0,3}";
/// The shortest name that is looked for by itself.
const SHORTEST_NAME: usize = 3;
/// The shortest name that is looked for inside of words.
const SHORTEST_INSIDE: usize = 5;
/// The shortest id that is looked for.
const SHORTEST_WORD: usize = 5;

impl Traces {
    /// Adds a name.
    pub fn add_name(&mut self, first: &str, last: &str) {
        let name = (first.trim().to_owned(), last.trim().to_owned());
        if name != (String::new(), String::new()) {
            self.names.insert(name);
        }
    }

    /// Adds an address or an id.
    pub fn add_word(&mut self, word: &str) {
        let word = word.trim();
        if word.chars().count() >= SHORTEST_WORD {
            self.words.insert(word.to_owned());
        }
    }

    /// Adds another's traces.
    pub fn add(&mut self, other: Self) {
        self.names.extend(other.names);
        self.words.extend(other.words);
    }

    /// Returns the single names that could tell the person by themselves, in lower case, if nobody
    /// else has them.
    pub fn single_names(&self) -> BTreeSet<String> {
        let parts = self.names.iter().flat_map(|(first, last)| [first, last]);
        parts.map(|part| part.to_lowercase()).filter(|part| part.chars().count() >= SHORTEST_NAME).collect()
    }

    /// Returns the regular expressions; `alone` are those of the [single names](Self::single_names)
    /// that nobody else has.
    pub fn patterns(&self, phone: Option<&E164>, alone: &BTreeSet<String>) -> Patterns {
        let mut sure: Vec<String> = phone.map(phone_pattern).into_iter().collect();
        sure.extend(self.words.iter().map(|word| bounded(&loosely(word))));
        for (first, last) in &self.names {
            if !first.is_empty() && !last.is_empty() {
                let (first, last) = (loosely(first), loosely(last));
                sure.push(bounded(&format!("{first}{BETWEEN_NAMES}{last}")));
                sure.push(bounded(&format!("{last}{BETWEEN_NAMES}{first}")));
            }
        }
        let parts = self.names.iter().flat_map(|(first, last)| [first, last]);
        let alone: BTreeSet<String> = parts
            .filter(|part| alone.contains(&part.to_lowercase()))
            .map(|part| if part.chars().count() < SHORTEST_INSIDE { bounded(&loosely(part)) } else { loosely(part) })
            .collect();
        Patterns { sure: any_of(sure), alone: any_of(alone) }
    }

    /// Returns the texts that a file is searched for beside the phone, in lower case.
    pub fn needles(&self) -> Vec<String> {
        let whole = self.names.iter().filter(|(first, last)| !first.is_empty() && !last.is_empty());
        let whole = whole.flat_map(|(first, last)| [format!("{first},{last}"), format!("{first} {last}")]);
        let needles: BTreeSet<_> = whole.chain(self.words.iter().cloned()).map(|text| text.to_lowercase()).collect();
        needles.into_iter().collect()
    }
}

/// Returns a pattern of ten digits, full-width ones too, with the characters that people write
/// between them.
fn phone_pattern(phone: &E164) -> String {
    let digits: Vec<String> = phone
        .national()
        .chars()
        .map(|digit| {
            let wide = char::from_u32(u32::from(digit) + 0xFEE0).unwrap_or(digit);
            format!("[{digit}{wide}]")
        })
        .collect();
    digits.join(BETWEEN_DIGITS)
}

fn any_of(patterns: impl IntoIterator<Item = String>) -> String {
    let all: Vec<_> = patterns.into_iter().collect();
    if all.is_empty() { MATCHES_NOTHING.to_owned() } else { format!("({})", all.join("|")) }
}

/// Returns a text letter by letter; characters that are no letters or digits may be written in
/// other ways.
fn loosely(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    let mut between = false;
    for c in text.chars() {
        if c.is_alphanumeric() {
            pattern.push(c);
            between = false;
        } else if !between {
            pattern.push_str(BETWEEN_NAMES);
            between = true;
        }
    }
    pattern
}

/// Not inside of a word.
fn bounded(pattern: &str) -> String {
    format!("(?<![[:alnum:]]){pattern}(?![[:alnum:]])")
}

/// A search of a file's bytes for a person, in any encoding: digits are compared without the
/// characters between them, and texts without zero bytes and in lower case.
#[derive(Debug)]
pub struct FileSearch {
    digits: Vec<u8>,
    last_digits: Vec<u8>,
    needles: Vec<Vec<u8>>,
    longest: usize,
    tail: Vec<u8>,
    /// Bytes of a full-width digit so far.
    wide: Vec<u8>,
    found: bool,
    begun: bool,
}

/// How packed files begin: gzip, zstd, zip.
const COMPRESSED_MAGIC: [&[u8]; 3] = [&[0x1f, 0x8b], &[0x28, 0xb5, 0x2f, 0xfd], b"PK\x03\x04"];

impl FileSearch {
    /// Begins a search.
    pub fn new(phone: &E164, traces: &Traces) -> Self {
        let needles: Vec<Vec<u8>> = traces.needles().into_iter().map(String::into_bytes).collect();
        let longest = needles.iter().map(Vec::len).max().unwrap_or_default();
        Self {
            digits: phone.national().as_bytes().to_vec(),
            last_digits: Vec::new(),
            needles,
            longest,
            tail: Vec::new(),
            wide: Vec::new(),
            found: false,
            begun: false,
        }
    }

    /// Looks at the next bytes. A packed file, which this does not look into, counts as one in
    /// which the person is.
    pub fn pass(&mut self, bytes: &[u8]) {
        if !self.begun && !bytes.is_empty() {
            self.begun = true;
            self.found = COMPRESSED_MAGIC.iter().any(|magic| bytes.starts_with(magic));
        }
        if self.found {
            return;
        }
        for byte in bytes {
            self.pass_digit(*byte);
        }
        self.tail.extend(bytes.iter().filter(|byte| **byte != 0).map(u8::to_ascii_lowercase));
        self.found |= self.needles.iter().any(|needle| self.tail.windows(needle.len()).any(|seen| seen == needle));
        let kept = self.tail.len().saturating_sub(self.longest);
        self.tail.drain(..kept);
    }

    fn pass_digit(&mut self, byte: u8) {
        // U+FF10 to U+FF19 are EF BC 90 to EF BC 99 in UTF-8.
        let digit = match (self.wide.as_slice(), byte) {
            (_, b'0'..=b'9') => Some(byte),
            ([0xEF, 0xBC], 0x90..=0x99) => Some(byte - 0x90 + b'0'),
            _ => None,
        };
        match (self.wide.as_slice(), byte) {
            (_, 0xEF) => self.wide = vec![0xEF],
            ([0xEF], 0xBC) => self.wide.push(byte),
            _ => self.wide.clear(),
        }
        if let Some(digit) = digit {
            self.last_digits.push(digit);
            if self.last_digits.len() > self.digits.len() {
                self.last_digits.remove(0);
            }
            self.found |= self.last_digits == self.digits;
        }
    }

    /// Returns whether the person is in the bytes that were passed.
    pub const fn found(&self) -> bool {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone() -> E164 {
        E164::parse("+16465550001").unwrap()
    }

    fn person() -> Traces {
        let mut traces = Traces::default();
        traces.add_name("Zebulon", "O'Quag");
        traces.add_word("zq@example.org");
        traces.add_word("7");
        traces
    }

    #[test]
    fn r3_nothing_known_matches_nothing() {
        let patterns = Traces::default().patterns(None, &BTreeSet::new());
        assert_eq!(patterns, Patterns { sure: MATCHES_NOTHING.to_owned(), alone: MATCHES_NOTHING.to_owned() });
    }

    #[test]
    fn r3_only_names_that_nobody_else_has_are_looked_for_alone() {
        let traces = person();
        assert_eq!(traces.single_names(), BTreeSet::from(["zebulon".to_owned(), "o'quag".to_owned()]));
        let patterns = traces.patterns(Some(&phone()), &BTreeSet::from(["zebulon".to_owned()]));
        assert_eq!(patterns.alone, "(Zebulon)");
        assert!(patterns.sure.starts_with("([6６]"), "{}", patterns.sure);
        assert!(patterns.sure.contains("zq"), "{}", patterns.sure);
        assert!(!patterns.sure.contains("|7"), "an id of one digit is everywhere");
    }

    #[test]
    fn r3_a_file_is_searched_whatever_its_encoding_and_its_chunks() {
        let wide: String = "6465550001".chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).unwrap()).collect();
        let utf16: Vec<u8> = "a,(646) 555-0001".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let texts: [(&[u8], bool); 8] = [
            (b"Ann,Lee,+1 (646) 555-0001\n", true),
            (b"Ann,Lee,6465550002\n", false),
            (wide.as_bytes(), true),
            (&utf16, true),
            (b"ZQ@Example.ORG", true),
            (b"zebulon,o'quag,", true),
            (b"\x1f\x8b anything", true),
            (b"", false),
        ];
        for (text, wanted) in texts {
            for size in [1, 2, 3, 7, 100] {
                let mut search = FileSearch::new(&phone(), &person());
                // The magic number of a packed file comes in one piece.
                let size = if text.starts_with(&[0x1f]) { 100 } else { size };
                text.chunks(size).for_each(|chunk| search.pass(chunk));
                assert_eq!(search.found(), wanted, "{text:?} by {size}");
            }
        }
    }
}
