//! The ledger of redactions and opt-outs (rule R6), as it is kept in the object store: segments,
//! each signed and naming the hash of the one before, and a head that names the last.
//!
//! It holds ids, instants and keyed hashes, and nothing that identifies. A segment that is altered,
//! taken out or cut off is seen, and so is a head that is older than its segments.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use strum::{VariantArray, VariantNames};
use uuid::Uuid;

use crate::{
    people::{
        contact::OptOutOrigin,
        phone_hash::{KeyId, PhoneHash, PhoneHashKeys},
    },
    text_enum,
};

/// The key of the head in the object store.
pub const HEAD: &str = "ledger/head";
/// Bytes of a segment or a head at most.
pub const OBJECT_LIMIT: u64 = 16 * 1024 * 1024;
/// Entries of a segment at most.
pub const MAX_ENTRIES: i64 = 10_000;

/// Returns the key of a segment in the object store.
pub fn segment_key(number: i64) -> String {
    format!("ledger/{number:020}")
}

/// The sign by which a database that came back from a backup is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum RestoredBy {
    /// `muster restore` made it.
    Command,
    /// It is in another server, or another database of it.
    Place,
    /// It is at an earlier beat than the ledger.
    Beat,
}

text_enum!(RestoredBy);

/// An entry of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Entry {
    /// Somebody was redacted.
    Redaction {
        /// The redaction.
        id: Uuid,
        /// The account.
        account: Uuid,
        /// The member that asked for it; none when the engine did.
        by: Option<Uuid>,
        /// The keyed hash of the number.
        #[serde(with = "hex")]
        hash: Vec<u8>,
        /// The check value of its key.
        #[serde(with = "hex")]
        key: Vec<u8>,
        /// When it was asked for.
        at: DateTime<Utc>,
        /// The organizations that had the person, with the opt-out there.
        organizations: Vec<(Uuid, bool)>,
    },
    /// Somebody opted out or in.
    Word {
        /// The organization.
        organization: Uuid,
        /// The keyed hash of the number.
        #[serde(with = "hex")]
        hash: Vec<u8>,
        /// The check value of its key.
        #[serde(with = "hex")]
        key: Vec<u8>,
        /// Whether they are opted out since.
        opted_out: bool,
        /// The word's number: the latest stands (rule I3a).
        word: i64,
        /// The way by which an opt-out was recorded.
        origin: Option<OptOutOrigin>,
        /// When it was written down.
        at: DateTime<Utc>,
    },
}

/// The head: the last segment, and the last beat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The last beat.
    pub beat: i64,
    /// When it was.
    pub at: DateTime<Utc>,
    /// The number of the last segment; 0 for none.
    pub segment: i64,
    /// Its SHA-256; empty for none.
    #[serde(with = "hex")]
    pub sha256: Vec<u8>,
}

/// A segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Its number, from 1.
    pub number: i64,
    /// The SHA-256 of the segment before; empty for the first.
    pub after: Vec<u8>,
    /// Its entries.
    pub entries: Vec<Entry>,
}

/// Why a part of the ledger is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// It cannot be read.
    #[error("{0} cannot be read")]
    Unreadable(String),
    /// Its signature is not one of the configured keys.
    #[error("{0} is signed by none of the configured keys: it was altered, or a key is missing")]
    Signature(String),
    /// The segment does not follow the one before.
    #[error("segment {0} does not follow the one before it: a segment was altered, taken out or put in another place")]
    Chain(i64),
    /// The head names another segment than the last.
    #[error("the head does not name the last segment {0}: the ledger was cut off")]
    Head(i64),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct First {
    segment: i64,
    #[serde(with = "hex")]
    after: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature {
    #[serde(with = "hex")]
    key: Vec<u8>,
    #[serde(with = "hex")]
    mac: Vec<u8>,
}

impl Head {
    /// Returns the head's text, signed.
    pub fn write(&self, keys: &PhoneHashKeys) -> serde_json::Result<String> {
        sign(serde_json::to_string(self)? + "\n", keys)
    }

    /// Reads a head.
    pub fn read(text: &[u8], keys: &PhoneHashKeys) -> Result<Self, Broken> {
        let name = || "the ledger's head".to_owned();
        let signed = signed(text, keys, &name)?;
        serde_json::from_str(signed.trim_end()).map_err(|_| Broken::Unreadable(name()))
    }
}

impl Segment {
    /// Returns the segment's text, signed: its first line names it, each other an entry.
    pub fn write(&self, keys: &PhoneHashKeys) -> serde_json::Result<String> {
        let first = First { segment: self.number, after: self.after.clone() };
        let mut text = serde_json::to_string(&first)? + "\n";
        for entry in &self.entries {
            text += &serde_json::to_string(entry)?;
            text.push('\n');
        }
        sign(text, keys)
    }

    /// Reads the segment that follows one with this hash.
    pub fn read(text: &[u8], number: i64, after: &[u8], keys: &PhoneHashKeys) -> Result<Self, Broken> {
        let name = || format!("segment {number} of the ledger");
        let signed = signed(text, keys, &name)?;
        let mut lines = signed.lines();
        let unreadable = |_| Broken::Unreadable(name());
        let first: First = serde_json::from_str(lines.next().unwrap_or_default()).map_err(unreadable)?;
        if (first.segment, first.after.as_slice()) != (number, after) {
            return Err(Broken::Chain(number));
        }
        let entries: Result<Vec<Entry>, _> = lines.map(serde_json::from_str).collect();
        Ok(Self { number, after: first.after, entries: entries.map_err(unreadable)? })
    }
}

/// Returns the SHA-256 of a segment's text.
pub fn sha256(text: &[u8]) -> Vec<u8> {
    Sha256::digest(text).to_vec()
}

/// Is a database at this beat older than the head in the object store? A beat is committed before
/// it is written there, so that a head is never ahead of a database that has lost nothing.
pub const fn is_older(beat: i64, head: &Head) -> bool {
    beat < head.beat
}

fn sign(text: String, keys: &PhoneHashKeys) -> serde_json::Result<String> {
    let (key, mac) = keys.sign(text.as_bytes());
    let signature = Signature { key: key.to_vec(), mac: mac.to_vec() };
    Ok(text + &serde_json::to_string(&signature)? + "\n")
}

/// Returns the text above the signature in the last line, if that is of one of the keys.
fn signed<'a>(text: &'a [u8], keys: &PhoneHashKeys, name: &impl Fn() -> String) -> Result<&'a str, Broken> {
    let unreadable = || Broken::Unreadable(name());
    let text = str::from_utf8(text).map_err(|_| unreadable())?;
    let whole = text.strip_suffix('\n').ok_or_else(unreadable)?;
    let at = whole.rfind('\n').ok_or_else(unreadable)? + 1;
    let (body, last) = (&text[..at], &whole[at..]);
    let signature: Signature = serde_json::from_str(last).map_err(|_| unreadable())?;
    let (key, mac): (KeyId, PhoneHash) = match (signature.key.try_into(), signature.mac.try_into()) {
        (Ok(key), Ok(mac)) => (key, mac),
        _ => return Err(unreadable()),
    };
    if keys.is_signed(body.as_bytes(), &key, &mac) { Ok(body) } else { Err(Broken::Signature(name())) }
}

/// Bytes as hexadecimal digits.
mod hex {
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        use std::fmt::Write as _;
        let mut digits = String::with_capacity(2 * bytes.len());
        for byte in bytes {
            write!(digits, "{byte:02x}").map_err(serde::ser::Error::custom)?;
        }
        serializer.serialize_str(&digits)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let digits = String::deserialize(deserializer)?;
        let wrong = || D::Error::custom("not hexadecimal digits");
        if digits.len() % 2 != 0 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| wrong());
        (0..digits.len()).step_by(2).map(byte).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys() -> PhoneHashKeys {
        PhoneHashKeys::new([7; 32], None)
    }

    fn word(word: i64) -> Entry {
        let at = "2026-11-29T12:00:00Z".parse().unwrap();
        let (organization, hash, key) = (Uuid::from_u128(1), vec![1, 255], vec![2]);
        Entry::Word { organization, hash, key, opted_out: true, word, origin: Some(OptOutOrigin::Text), at }
    }

    /// Returns the texts of a chain of segments.
    fn chain(length: i64) -> Vec<String> {
        let mut after = Vec::new();
        let mut texts = Vec::new();
        for number in 1..=length {
            let text = Segment { number, after, entries: vec![word(number)] }.write(&keys()).unwrap();
            after = sha256(text.as_bytes());
            texts.push(text);
        }
        texts
    }

    /// Reads a chain to its end, as a replay does.
    fn read(texts: &[String]) -> Result<usize, Broken> {
        let mut after = Vec::new();
        for (number, text) in (1..).zip(texts) {
            Segment::read(text.as_bytes(), number, &after, &keys())?;
            after = sha256(text.as_bytes());
        }
        Ok(texts.len())
    }

    #[test]
    fn r6_a_segment_and_a_head_are_read_as_they_were_written() {
        let segment = Segment { number: 1, after: Vec::new(), entries: vec![word(1), word(2)] };
        let text = segment.write(&keys()).unwrap();
        assert_eq!(Segment::read(text.as_bytes(), 1, &[], &keys()), Ok(segment));
        let at = "2026-11-29T12:00:00Z".parse().unwrap();
        let head = Head { beat: 9, at, segment: 1, sha256: sha256(text.as_bytes()) };
        assert_eq!(Head::read(head.write(&keys()).unwrap().as_bytes(), &keys()), Ok(head.clone()));
        assert!(is_older(8, &head) && !is_older(9, &head) && !is_older(10, &head));
    }

    #[test]
    fn r6_a_segment_of_another_key_is_not_believed_and_one_of_the_key_before_is() {
        let text = chain(1).remove(0);
        let other = PhoneHashKeys::new([8; 32], None);
        let refused = Segment::read(text.as_bytes(), 1, &[], &other);
        assert_eq!(refused, Err(Broken::Signature("segment 1 of the ledger".to_owned())));
        assert!(Segment::read(text.as_bytes(), 1, &[], &PhoneHashKeys::new([8; 32], Some([7; 32]))).is_ok());
    }

    #[test]
    fn r6_a_segment_that_is_taken_out_or_moved_is_seen() {
        assert_eq!(read(&chain(4)), Ok(4));
        let mut taken = chain(4);
        taken.remove(1);
        assert_eq!(read(&taken), Err(Broken::Chain(2)));
        let mut moved = chain(4);
        moved.swap(1, 2);
        assert_eq!(read(&moved), Err(Broken::Chain(2)));
    }

    proptest! {
        #[test]
        fn r6_any_changed_byte_is_seen(at in 0_usize..1_000, by in 1_u8..) {
            let texts = chain(2);
            let mut bytes = texts[0].clone().into_bytes();
            let at = at % bytes.len();
            bytes[at] = bytes[at].wrapping_add(by);
            let changed = Segment::read(&bytes, 1, &[], &keys());
            let same = Segment::read(texts[0].as_bytes(), 1, &[], &keys());
            // Hexadecimal digits of the signature may be large letters: the text is the same then,
            // and the next segment tells that this one is not.
            let next = Segment::read(texts[1].as_bytes(), 2, &sha256(&bytes), &keys());
            prop_assert!(changed != same || next == Err(Broken::Chain(2)));
        }
    }
}
