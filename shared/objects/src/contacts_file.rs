//! A contacts file on its way into the store (rules C1 and C15): one pipeline for files that are
//! uploaded and for those that are fetched from a source. It holds the limit, hashes the file,
//! counts its lines, and looks at it as an import would while its bytes pass.

use std::{collections::BTreeMap, fmt::Display};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use muster_ingest::{Refused, arrival::Arrival};
use sha2::{Digest, Sha256};

use crate::{Error, Objects};

/// A contacts file that the store has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactsFile {
    /// Its size.
    pub size_bytes: i64,
    /// Its SHA-256.
    pub sha256: Vec<u8>,
    /// About how many rows it has, if somebody can say.
    pub rows_expected: Option<i64>,
}

/// Why a contacts file was not taken in; nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum NotTakenIn {
    /// No import would take it (rule C15). Coming again changes nothing.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It is larger than allowed.
    #[error("at most {limit} bytes are allowed")]
    TooLarge {
        /// Bytes allowed.
        limit: u64,
    },
    /// Its source broke off; coming again may help.
    #[error("the file broke off: {0}")]
    BrokeOff(String),
    /// The store failed.
    #[error(transparent)]
    Store(Error),
}

impl From<Error> for NotTakenIn {
    fn from(error: Error) -> Self {
        match error {
            Error::TooLarge { limit } => Self::TooLarge { limit },
            Error::Source(why) => Self::BrokeOff(why),
            error => Self::Store(error),
        }
    }
}

impl Objects {
    /// Writes a contacts file under a key, as [`Self::put`] does, and looks at it meanwhile.
    /// `mapping` goes from a column's name to a field's.
    pub async fn take_in<E: Display>(
        &self,
        key: &str,
        source: impl Stream<Item = Result<Bytes, E>> + Unpin,
        mapping: &BTreeMap<String, String>,
        limit: u64,
    ) -> Result<ContactsFile, NotTakenIn> {
        let (mut digest, mut arrival) = (Sha256::new(), Arrival::new(mapping.clone()));
        let bytes = source.map(|chunk| arrival.pass_on(chunk).inspect(|bytes| digest.update(bytes)));
        let written = self.put(key, bytes, limit).await;
        if let Some(why) = arrival.refusal() {
            return Err(why.into());
        }
        let size = written?;
        match arrival.end() {
            Ok(rows) => Ok(ContactsFile {
                size_bytes: signed(size),
                sha256: digest.finalize().to_vec(),
                rows_expected: rows.map(signed),
            }),
            Err(why) => {
                self.delete(key).await?;
                Err(why.into())
            }
        }
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;
    use crate::StoreAddress;

    async fn take_in(chunks: &[&str], limit: u64, breaks_off: bool) -> (Result<ContactsFile, NotTakenIn>, bool) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("file://{}", folder.path().display());
        let objects = Objects::open(&StoreAddress::new(&url, None, "", None, None)).unwrap();
        let chunks: Vec<_> = chunks.iter().map(|chunk| Ok(Bytes::copy_from_slice(chunk.as_bytes()))).collect();
        let end = breaks_off.then(|| Err("the line is dead".to_owned()));
        let taken = objects.take_in("a", stream::iter(chunks.into_iter().chain(end)), &BTreeMap::new(), limit).await;
        (taken, objects.size("a").await.unwrap().is_some())
    }

    #[tokio::test]
    async fn c1_a_file_is_hashed_and_counted_as_it_is_stored() {
        let (taken, kept) = take_in(&["first,last,", "phone\nAda,L,6465550001\n"], 34, false).await;
        let sha256 = Sha256::digest("first,last,phone\nAda,L,6465550001\n").to_vec();
        assert_eq!(taken.unwrap(), ContactsFile { size_bytes: 34, sha256, rows_expected: Some(1) });
        assert!(kept);
    }

    #[tokio::test]
    async fn c15_a_file_that_is_not_taken_in_is_not_kept_and_tells_why() {
        let list = "first,last,phone\nAda,L,6465550001\n";
        let large = format!("%PDF-1.7\n{}", "x".repeat(200_000));
        for (chunks, limit, breaks_off, why) in [
            (vec!["%PDF-1.7\n"], 100, false, "PDF"),
            (vec![large.as_str(), "more"], u64::MAX, false, "PDF"),
            (vec![""], 100, false, "empty"),
            (vec![list], 33, false, "at most 33 bytes are allowed"),
            (vec![list], 100, true, "the line is dead"),
        ] {
            let (taken, kept) = take_in(&chunks, limit, breaks_off).await;
            let error = taken.unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
            assert!(!kept, "{error}");
        }
    }
}
