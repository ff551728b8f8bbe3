//! Arbitrary bytes as a file: read or refused, never a panic, and the counts add up.

#![no_main]

use std::{collections::BTreeMap, io::Cursor};

use libfuzzer_sys::fuzz_target;
use muster_ingest::{ReadError, check::check, preview::preview};

fuzz_target!(|file: &[u8]| {
    let _ = preview(Cursor::new(file), &BTreeMap::new(), 3, |_| {});
    match check(Cursor::new(file), &BTreeMap::new()) {
        Ok(report) => {
            assert_eq!(report.rows, report.valid + report.merged + report.rejected);
            assert!(report.rejects.windows(2).all(|pair| pair[0].line < pair[1].line));
        }
        Err(ReadError::Refused(_)) => {}
        Err(ReadError::Broken(error)) => panic!("memory does not break off: {error}"),
    }
});
