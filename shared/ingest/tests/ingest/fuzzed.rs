//! Arbitrary bytes: the reader never panics, ends, and its counts add up. `shared/ingest/fuzz` runs
//! the same for as long as one likes.

use std::{collections::BTreeMap, io::Cursor};

use muster_ingest::{ReadError, check::check, preview::preview};
use proptest::{prelude::*, sample::select};

fn adds_up(file: &[u8]) {
    let _ = preview(Cursor::new(file), &BTreeMap::new(), 3, |_| {});
    match check(Cursor::new(file), &BTreeMap::new()) {
        Ok(report) => {
            assert_eq!(report.rows, report.valid + report.merged + report.rejected);
            assert_eq!(report.rejects.len() as u64, report.rejected);
            assert!(report.rejects.windows(2).all(|pair| pair[0].line < pair[1].line), "lines go up");
        }
        Err(ReadError::Refused(refused)) => assert!(!refused.0.is_empty()),
        Err(ReadError::Broken(error)) => panic!("memory does not break off: {error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn c15_arbitrary_bytes_are_read_or_refused(
        start in select(vec![
            &b""[..], b"first,last,phone\n", b"\xef\xbb\xbffirst;last;phone\r", b"\xff\xfe", b"\xfe\xff", b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
            b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18", b"PK\x03\x04", b"PK\x05\x06", b"sep=;\n",
        ]),
        bytes in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        adds_up(&[start, &bytes].concat());
    }

    #[test]
    fn c7_arbitrary_rows_add_up(
        wide in any::<bool>(),
        rows in "(\"|,|\n|\r|[a-z0-9]|2125550001|\u{e9}|\u{0}|\\\\N| |\u{a0}|=\"|, \"|\" ,){0,200}",
    ) {
        let text = format!("\u{feff}first,last,phone,tags,Ward\n{rows}");
        let wide_bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        adds_up(if wide { &wide_bytes } else { text.as_bytes() });
    }
}
