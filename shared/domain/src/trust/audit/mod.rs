//! The audit: entries in a chain of hashes, one chain for each account (rule R9).
//!
//! An entry's hash covers its contents, its number, its time and the hash before it, so that no
//! entry can be altered, removed, moved or added without changing every later hash. The client's
//! address and the reason are in the chain by a salted hash alone: their words stand beside it, and
//! can be forgotten without breaking it.

mod verify;

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest, Sha256};
use strum::{VariantArray, VariantNames};
use uuid::Uuid;

pub use self::verify::{Break, Head, Report, Verifier};
use crate::text_enum;

/// Beginning of the hashed bytes of an entry, so that another form of entries has other hashes.
const FORMAT: &[u8] = b"muster.audit.1";

/// Chain of acts that concern no account.
pub const INSTALLATION: Uuid = Uuid::nil();

/// Records that an entry names at most.
pub const RECORDS_LIMIT: usize = 1_024;

/// A SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Hash before the first entry of a chain.
    pub const NONE: Self = Self([0; 32]);

    /// Returns the hash that these bytes are, if they are as many as a hash has.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = String::deserialize(deserializer)?;
        let wrong = || D::Error::custom("a hash has 64 hexadecimal digits");
        if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

/// The kind of party that did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum PrincipalKind {
    /// An admin or an agent.
    Member,
    /// An operator of the installation.
    Operator,
    /// A visitor of a sign-up form.
    Visitor,
}

/// The way by which something was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Via {
    /// A request.
    Api,
    /// A command of `muster`.
    Cli,
    /// A job that somebody had asked for.
    Job,
}

/// Words beside the chain, which has their salted hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum AsideKind {
    /// The client's address.
    Address,
    /// The reason.
    Reason,
}

text_enum!(PrincipalKind, Via, AsideKind);

/// A record that something was done to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Its noun: `contact`, `goal`.
    pub kind: String,
    /// Its id.
    pub id: Uuid,
}

/// The contents of an entry: ids, words of the engine and names of members of requests, never the
/// values of these (rule R5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// The organization, where it was done within one.
    pub organization_id: Option<Uuid>,
    /// The kind of party that did it.
    pub principal: PrincipalKind,
    /// The member, of acts of members.
    pub member_id: Option<Uuid>,
    /// The member's role at that time.
    pub role: Option<String>,
    /// The operator's name, of acts of operators.
    pub operator: Option<String>,
    /// The way by which it was done.
    pub via: Via,
    /// The job, of acts of jobs.
    pub job_id: Option<Uuid>,
    /// The operation: `patch_contact`, `jobs_retry`.
    pub operation: String,
    /// The request's method.
    pub method: Option<String>,
    /// The records, the main one first.
    pub records: Vec<Record>,
    /// Names of the members that the request had.
    pub members: Vec<String>,
    /// The request's trace.
    pub trace_id: Option<String>,
}

/// An entry as it is kept, and as files of entries have it, one on a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The account, or [`INSTALLATION`].
    pub chain: Uuid,
    /// Its place in the chain, from 1.
    pub number: i64,
    /// When it was written; never before the entry in front of it.
    pub at: DateTime<Utc>,
    /// Its contents.
    #[serde(flatten)]
    pub act: Act,
    /// Salted hash of the client's address.
    pub address_hash: Option<Hash>,
    /// Salted hash of the reason.
    pub reason_hash: Option<Hash>,
    /// Its hash.
    pub hash: Hash,
}

impl Act {
    /// Returns the hash of the contents. Each part is written with its length, so that no two
    /// contents have the same bytes.
    pub fn content(&self) -> Hash {
        let mut bytes = Bytes(Sha256::new());
        bytes.optional(self.organization_id.as_ref().map(|id| &id.as_bytes()[..]));
        bytes.part(self.principal.as_str().as_bytes());
        bytes.optional(self.member_id.as_ref().map(|id| &id.as_bytes()[..]));
        bytes.optional(self.role.as_deref().map(str::as_bytes));
        bytes.optional(self.operator.as_deref().map(str::as_bytes));
        bytes.part(self.via.as_str().as_bytes());
        bytes.optional(self.job_id.as_ref().map(|id| &id.as_bytes()[..]));
        bytes.part(self.operation.as_bytes());
        bytes.optional(self.method.as_deref().map(str::as_bytes));
        bytes.count(self.records.len());
        for record in &self.records {
            bytes.part(record.kind.as_bytes());
            bytes.part(record.id.as_bytes());
        }
        bytes.count(self.members.len());
        for member in &self.members {
            bytes.part(member.as_bytes());
        }
        bytes.optional(self.trace_id.as_deref().map(str::as_bytes));
        bytes.end()
    }
}

impl Entry {
    /// Returns the hash that the entry has behind another with the hash `former`.
    pub fn expected(&self, former: Hash) -> Hash {
        let mut hash = Sha256::new();
        hash.update(FORMAT);
        hash.update(self.chain.as_bytes());
        hash.update(former.0);
        hash.update(self.number.to_be_bytes());
        hash.update(self.at.timestamp_micros().to_be_bytes());
        hash.update(self.act.content().0);
        for aside in [self.address_hash, self.reason_hash] {
            match aside {
                Some(aside) => {
                    hash.update([1]);
                    hash.update(aside.0);
                }
                None => hash.update([0]),
            }
        }
        Hash(hash.finalize().into())
    }
}

/// Returns the salted hash by which words are in the chain.
pub fn aside(salt: &[u8], words: &str) -> Hash {
    let mut hash = Sha256::new();
    hash.update(salt);
    hash.update(words.as_bytes());
    Hash(hash.finalize().into())
}

/// Hashed bytes of an act.
struct Bytes(Sha256);

impl Bytes {
    fn count(&mut self, count: usize) {
        self.0.update((count as u64).to_be_bytes());
    }

    fn part(&mut self, part: &[u8]) {
        self.count(part.len());
        self.0.update(part);
    }

    fn optional(&mut self, part: Option<&[u8]>) {
        match part {
            Some(part) => {
                self.0.update([1]);
                self.part(part);
            }
            None => self.0.update([0]),
        }
    }

    fn end(self) -> Hash {
        Hash(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests;
