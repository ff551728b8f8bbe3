//! Files that are looked at while they come in (rule C15).

use std::{
    collections::BTreeMap,
    io::{Cursor, Write as _},
};

use flate2::{Compression, write::GzEncoder};
use muster_ingest::{Refused, arrival::Arrival};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::support::refusal;

/// Takes a file in blocks of a size; returns how much was taken, and the end.
fn arrive(file: &[u8], block: usize) -> (usize, Result<Option<u64>, Refused>) {
    let mut arrival = Arrival::new(BTreeMap::new());
    let mut taken = 0;
    for block in file.chunks(block) {
        taken += block.len();
        if let Err(refused) = arrival.pass(block) {
            return (taken, Err(refused));
        }
    }
    (taken, arrival.end())
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(text).unwrap();
    out.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    compress_to_vec(text, CompressionLevel::Fastest)
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        out.start_file(*name, SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)).unwrap();
        out.write_all(text).unwrap();
    }
    out.finish().unwrap().into_inner()
}

/// Rows that hardly pack, so that there is much to come also of a packed file.
fn rows(header: &str, count: u64) -> Vec<u8> {
    let row = |n: u64| {
        format!(
            "{:016x},{:016x},212555{:04}",
            n.wrapping_mul(0x9e37_79b9_7f4a_7c15),
            n.wrapping_mul(0xbf58_476d_1ce4_e5b9),
            n % 10_000
        )
    };
    format!("{header}\n{}\n", (0..count).map(row).collect::<Vec<_>>().join("\n")).into_bytes()
}

const GOOD: &str = "first,last,phone";
const BAD: &str = "first,last,email";
const BLOCKS: [usize; 4] = [1_000, 10_007, 65_536, 1 << 20];

#[test]
fn c15_a_bad_file_is_refused_by_its_beginning_for_the_reason_that_the_whole_has() {
    let picture = [b"\x89PNG\r\n\x1a\n".to_vec(), vec![7; 3_000_000]].concat();
    let noise: Vec<u8> = (0..3_000_000_u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes()[7]).collect();
    let no_phone = rows(BAD, 100_000);
    for (file, early) in [
        (picture, true),
        (noise, true),
        (no_phone.clone(), true),
        (gzip(&no_phone), true),
        (zip(&[("a.csv", &no_phone)]), true),
        (zip(&[("[Content_Types].xml", b"<x/>"), ("xl/workbook.xml", &no_phone)]), true),
        // Where nothing comes out of a frame before all of it is there, nothing is told before.
        (zstd(&no_phone), false),
    ] {
        assert!(file.len() > 2_000_000, "{} bytes", file.len());
        for block in BLOCKS {
            let (taken, end) = arrive(&file, block);
            match end {
                Err(refused) => assert_eq!(refused.0, refusal(&file)),
                Ok(_) => assert!(!early, "{}", refusal(&file)),
            }
            assert!(!early || taken <= 1_500_000, "{taken} of {} bytes, in blocks of {block}", file.len());
        }
    }
}

#[test]
fn c15_a_small_file_is_judged_when_it_is_there() {
    let text = rows(GOOD, 50);
    for file in [
        b"".to_vec(),
        b" \r\n \n".to_vec(),
        b"first,last\nAda,L\n".to_vec(),
        b"%PDF-1.7\n1 0 obj\n".to_vec(),
        b"PK\x03\x04\x14\0\0\0\x08\0".to_vec(),
        gzip(b"first,last\nAda,L\n"),
        zstd(b"first,last\nAda,L\n"),
        gzip(&gzip(&text)),
        gzip(&text)[..200].to_vec(),
        zip(&[("a.csv", &text), ("b.csv", &text)]),
        zip(&[]),
        zip(&[("mimetype", b"x"), ("content.xml", b"<x/>")]),
    ] {
        for block in BLOCKS {
            assert_eq!(arrive(&file, block).1.unwrap_err().0, refusal(&file));
        }
    }
}

#[test]
fn a_good_file_comes_in_and_its_lines_are_counted_unless_it_is_packed() {
    for count in [1, 50, 100_000] {
        let text = rows(GOOD, count);
        let returns: Vec<u8> = text.iter().map(|byte| if *byte == b'\n' { b'\r' } else { *byte }).collect();
        let both = String::from_utf8(text.clone()).unwrap().replace('\n', "\r\n").into_bytes();
        for block in BLOCKS {
            for plain in [&text, &text[..text.len() - 1].to_vec(), &returns, &both] {
                assert_eq!(arrive(plain, block), (plain.len(), Ok(Some(count))));
            }
            for packed in [gzip(&text), zstd(&text), zip(&[("a.csv", &text)])] {
                assert_eq!(arrive(&packed, block), (packed.len(), Ok(None)));
            }
        }
    }
}

#[test]
fn what_the_beginning_does_not_tell_is_left_to_the_import() {
    // A header of more than is held: the reader of the whole finds it too long.
    let long = format!("first,last,phone,\"{}\"\n", "x".repeat(3 << 20));
    assert!(arrive(long.as_bytes(), 65_536).1.is_ok());
    assert!(refusal(long).contains("header"));
    // One that is longer than the first look, and is none too long.
    let columns: Vec<String> = (0..900).map(|nth| format!("{nth}{}", "y".repeat(150))).collect();
    let wide = format!("first,last,phone,{}\n{}\n", columns.join(","), "Ada,L,2125550001\n".repeat(9_999));
    assert_eq!(arrive(wide.as_bytes(), 1_000).1.unwrap(), Some(10_000));
    // A file that breaks off shows it at its end, and it may be long until then.
    let packed = gzip(&rows(GOOD, 100_000));
    assert!(arrive(&packed[..packed.len() / 2], 65_536).1.is_ok());
}
