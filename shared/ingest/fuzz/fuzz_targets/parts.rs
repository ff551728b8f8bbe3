//! Arbitrary bytes as rows: the parts, read one after another, have the counts of the whole. The
//! first bytes are the block size and the least length of a part.

#![no_main]

use std::{collections::BTreeMap, io::Cursor};

use libfuzzer_sys::fuzz_target;
use muster_ingest::{cut::Cutter, file::open, rows::{Counts, RowReader}};

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (block, target, text) = input;
    let Ok(opened) = open(Cursor::new("first,last,phone\n"), &BTreeMap::new(), 1_000) else { return };
    let count = |line: u64, text: &[u8]| {
        let mut rows = RowReader::new(&opened.header, line, text);
        while rows.next_line().expect("memory does not break off").is_some() {}
        rows.counts().clone()
    };
    let mut cutter = Cutter::new(opened.header.shape(), target.into(), 0, 2);
    let mut parts = Vec::new();
    for block in text.chunks(usize::from(block) + 1) {
        cutter.feed(block, &mut parts).expect("too little to be too broken");
    }
    cutter.finish(&mut parts).expect("too little to be too broken");
    let mut counts = Counts::default();
    for part in parts {
        counts += &count(part.first_line, &text[part.offset as usize..(part.offset + part.length) as usize]);
    }
    assert_eq!(counts, count(2, text));
});
