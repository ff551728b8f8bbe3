//! Verifying a chain entry by entry, in the memory of one entry and the published heads.

use std::{collections::BTreeMap, fmt};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Entry, Hash};

/// Breaks that are told of a chain; the rest is counted.
const TOLD: usize = 20;

/// The last entry of a chain at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The account, or the installation.
    pub chain: Uuid,
    /// The entry's number.
    pub number: i64,
    /// Its hash.
    pub hash: Hash,
    /// When it was written.
    pub at: DateTime<Utc>,
}

impl Head {
    /// Bytes of the object that it is published as, at most.
    pub const BYTES: u64 = 4_096;

    /// Returns the folder of a chain's heads in the object store.
    pub fn folder(chain: Uuid) -> String {
        format!("audit/{chain}")
    }

    /// Returns the key of the object that it is published as.
    pub fn key(&self) -> String {
        format!("{}/{:019}.json", Self::folder(self.chain), self.number)
    }
}

/// A place where a chain is not as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "break", rename_all = "snake_case")]
pub enum Break {
    /// The entry, or its hash, is not as it was written.
    Altered {
        /// The entry.
        number: i64,
    },
    /// Entries are not there.
    Missing {
        /// The first of them.
        from: i64,
        /// The last of them.
        to: i64,
    },
    /// An entry comes behind one that it was in front of.
    OutOfOrder {
        /// The entry.
        number: i64,
    },
    /// An entry is another chain's.
    Foreign {
        /// The entry.
        number: i64,
    },
    /// The entry has another hash than the one that was published.
    NotAsPublished {
        /// The entry.
        number: i64,
    },
    /// The chain ends before an entry that was published.
    Truncated {
        /// The last entry that is there.
        last: i64,
        /// The last entry that was published.
        published: i64,
    },
    /// The head is not the last entry.
    HeadDiffers {
        /// The head's number.
        head: i64,
        /// The last entry that is there.
        last: i64,
    },
    /// An address or a reason beside the chain is not the one that was written.
    AsideAltered {
        /// Its entry.
        number: i64,
    },
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Altered { number } => write!(f, "entry {number} was altered"),
            Self::Missing { from, to } if from == to => write!(f, "entry {from} was removed"),
            Self::Missing { from, to } => write!(f, "entries {from} to {to} were removed"),
            Self::OutOfOrder { number } => write!(f, "entry {number} was moved"),
            Self::Foreign { number } => write!(f, "entry {number} is another chain's"),
            Self::NotAsPublished { number } => write!(f, "entry {number} is not the one that was published"),
            Self::Truncated { last, published } => {
                write!(f, "the chain ends with entry {last}, and entry {published} was published")
            }
            Self::HeadDiffers { head, last } => {
                write!(f, "the head is entry {head}, or has another hash than the last entry, {last}")
            }
            Self::AsideAltered { number } => write!(f, "the address or the reason of entry {number} was altered"),
        }
    }
}

/// Outcome of a verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The chain.
    pub chain: Uuid,
    /// Entries that were read.
    pub entries: i64,
    /// Published heads that were compared.
    pub published: i64,
    /// The first breaks.
    pub breaks: Vec<Break>,
    /// All breaks.
    pub found: usize,
}

/// Verifies the entries of a chain, which are given in their order.
#[derive(Debug)]
pub struct Verifier {
    report: Report,
    last: i64,
    hash: Hash,
    /// Published heads that were not reached, by their number.
    published: BTreeMap<i64, Hash>,
    last_published: i64,
}

impl Verifier {
    /// Begins with a chain and its published heads.
    pub fn new(chain: Uuid, published: impl IntoIterator<Item = Head>) -> Self {
        let published: BTreeMap<_, _> = published.into_iter().map(|head| (head.number, head.hash)).collect();
        let report = Report { chain, entries: 0, published: 0, breaks: Vec::new(), found: 0 };
        let last_published = published.keys().next_back().copied().unwrap_or_default();
        Self { report, last: 0, hash: Hash::NONE, published, last_published }
    }

    /// Takes the next entry.
    pub fn take(&mut self, entry: &Entry) {
        self.report.entries += 1;
        let number = entry.number;
        if entry.chain != self.report.chain {
            return self.broken(Break::Foreign { number });
        }
        if number <= self.last {
            return self.broken(Break::OutOfOrder { number });
        }
        // Behind missing entries the former hash is not known: the next one is compared again.
        if number > self.last + 1 {
            self.broken(Break::Missing { from: self.last + 1, to: number - 1 });
        } else if entry.expected(self.hash) != entry.hash {
            self.broken(Break::Altered { number });
        }
        if let Some(published) = self.published.remove(&number) {
            self.report.published += 1;
            if published != entry.hash {
                self.broken(Break::NotAsPublished { number });
            }
        }
        (self.last, self.hash) = (number, entry.hash);
    }

    /// Notes that an address or a reason is not the one that the entry was written with.
    pub fn aside_altered(&mut self, number: i64) {
        self.broken(Break::AsideAltered { number });
    }

    /// Ends with the chain's head, where it is known; a file of entries has none.
    pub fn end(mut self, head: Option<Head>) -> Report {
        if let Some(head) = head
            && (head.number, head.hash) != (self.last, self.hash)
        {
            self.broken(Break::HeadDiffers { head: head.number, last: self.last });
        }
        if self.last_published > self.last {
            self.broken(Break::Truncated { last: self.last, published: self.last_published });
        }
        self.report
    }

    fn broken(&mut self, broken: Break) {
        self.report.found += 1;
        if self.report.breaks.len() < TOLD {
            self.report.breaks.push(broken);
        }
    }
}
