//! Compressed files (rule C15).

use std::{
    collections::BTreeMap,
    io::{self, Cursor, Read, Seek, SeekFrom, Write as _},
};

use flate2::{Compression, write::GzEncoder};
use muster_domain::imports;
use muster_ingest::{
    ReadError,
    file::{open, opened},
    rows::RowReader,
    unpack::Unpacked,
};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::support::{refusal, told};

const TEXT: &str = "first,last,phone\nAnn,Lee,2125550001\nBob,Ray,2125550002\n";

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(text).unwrap();
    out.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    compress_to_vec(text, CompressionLevel::Fastest)
}

fn zipped(files: &[(&str, &str)], method: CompressionMethod) -> Vec<u8> {
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        if name.ends_with('/') {
            out.add_directory(*name, SimpleFileOptions::default()).unwrap();
        } else {
            out.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
            out.write_all(text.as_bytes()).unwrap();
        }
    }
    out.finish().unwrap().into_inner()
}

/// Many different rows, so that there is something to cut.
fn many() -> String {
    let rows = (0..20_000).map(|n| format!("A{n},B{},212555{:04}", n * 7919 % 10_007, n % 10_000));
    format!("first,last,phone\n{}\n", rows.collect::<Vec<_>>().join("\n"))
}

#[test]
fn every_packing_reads_the_same() {
    let rows = told(TEXT);
    let members = [gzip(&TEXT.as_bytes()[..30]), gzip(b""), gzip(&TEXT.as_bytes()[30..])].concat();
    let frames = [zstd(&TEXT.as_bytes()[..30]), zstd(&TEXT.as_bytes()[30..])].concat();
    let skippable = [b"\x50\x2a\x4d\x18\x03\0\0\0abc".to_vec(), zstd(TEXT.as_bytes())].concat();
    let mac = [("list/", ""), ("__MACOSX/list/._a.csv", "x"), ("list/.DS_Store", "y"), ("list/a.csv", TEXT)];
    for file in [
        gzip(TEXT.as_bytes()),
        members,
        zstd(TEXT.as_bytes()),
        frames,
        skippable,
        zipped(&mac, CompressionMethod::Deflated),
        zipped(&[("a.csv", TEXT)], CompressionMethod::Stored),
    ] {
        assert_eq!(told(file), rows);
    }
    let long = many();
    for file in [gzip(long.as_bytes()), zstd(long.as_bytes()), zipped(&[("a", &long)], CompressionMethod::Deflated)] {
        assert_eq!(told(file), told(&long));
    }
}

#[test]
fn c15_a_file_that_is_cut_off_or_damaged_is_refused() {
    let long = many();
    for (file, name) in [(gzip(long.as_bytes()), "gzip"), (zstd(long.as_bytes()), "zstd")] {
        for cut in [5, file.len() / 2, file.len() - 1] {
            let why = refusal(&file[..cut]);
            assert_eq!(why, format!("the {name} file is damaged or not complete"), "{cut}");
        }
    }
    let archive = zipped(&[("a.csv", &long)], CompressionMethod::Deflated);
    assert!(refusal(&archive[..archive.len() - 30]).contains("not complete"));
    for packed in [gzip(long.as_bytes()), archive] {
        let mut damaged = packed.clone();
        damaged[packed.len() / 2] ^= 0x55;
        assert!(refusal(damaged).contains("damaged"));
    }
}

#[test]
fn c15_a_zip_has_exactly_one_file() {
    let method = CompressionMethod::Deflated;
    assert!(refusal(zipped(&[("a.csv", TEXT), ("b.csv", TEXT)], method)).contains("2 files"));
    assert!(refusal(zipped(&[], method)).contains("no file"));
    assert!(refusal(zipped(&[("a/", ""), ("__MACOSX/x", "y")], method)).contains("no file"));
    let names: Vec<String> = (0..1_500).map(|n| n.to_string()).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    assert!(refusal(zipped(&files, method)).contains("more than 1000 files"));
}

#[test]
fn c15_a_workbook_is_refused_by_its_name() {
    let files = [("[Content_Types].xml", "<x/>"), ("xl/workbook.xml", "<x/>")];
    assert!(refusal(zipped(&files, CompressionMethod::Deflated)).contains("Excel workbook"));
    let files = [("mimetype", "x"), ("content.xml", "<x/>")];
    assert!(refusal(zipped(&files, CompressionMethod::Deflated)).contains("OpenDocument"));
}

#[test]
fn c15_an_encrypted_zip_is_refused() {
    let mut archive = zipped(&[("a.csv", TEXT)], CompressionMethod::Deflated);
    // The flag that says so, in the file's own header and in the directory.
    let directory = archive.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
    archive[6] |= 1;
    archive[directory + 8] |= 1;
    assert!(refusal(archive).contains("encrypted"));
}

#[test]
fn c15_a_compressed_file_within_a_compressed_file_is_refused() {
    for file in [
        gzip(&gzip(TEXT.as_bytes())),
        zstd(&gzip(TEXT.as_bytes())),
        gzip(&zipped(&[("a", TEXT)], CompressionMethod::Stored)),
    ] {
        assert!(refusal(file).contains("within the compressed file"));
    }
}

#[test]
fn c15_a_bomb_is_refused_at_the_limit() {
    let long = many();
    let limit = 100 * 1024;
    let read = |file: Vec<u8>| -> Result<u64, ReadError> {
        let opened = open(Cursor::new(file), &BTreeMap::new(), limit)?;
        let mut rows = RowReader::new(&opened.header, opened.header.first_line, opened.text);
        while rows.next_line()?.is_some() {}
        Ok(rows.counts().rows())
    };
    for file in [gzip(long.as_bytes()), zstd(long.as_bytes()), zipped(&[("a", &long)], CompressionMethod::Deflated)] {
        let Err(ReadError::Refused(refused)) = read(file) else { panic!("read") };
        assert!(refused.0.contains("more than 100 KiB"), "{refused}");
    }
    // Not packed, the file is as large as it is.
    assert_eq!(read(long.into_bytes()).unwrap(), 20_000);
}

#[test]
fn c15_a_file_that_unpacks_to_absurdly_more_is_refused() {
    let text = format!("first,last,phone\n{}", "\n".repeat(40 * 1024 * 1024));
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(text.as_bytes()).unwrap();
    assert!(refusal(bomb.finish().unwrap()).contains("more than 1000 times"));
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let best = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).compression_level(Some(9));
    archive.start_file("a.csv", best).unwrap();
    archive.write_all(text.as_bytes()).unwrap();
    assert!(refusal(archive.finish().unwrap().into_inner()).contains("more than 1000 times"));
    // A block of zstd that is one byte again and again: four bytes for 128 KiB.
    assert!(refusal(zstd_bomb(320)).contains("more than 1000 times"));
}

/// Returns a zstd frame that begins with a header row and goes on with line ends, so many times 128
/// KiB of them.
fn zstd_bomb(blocks: u32) -> Vec<u8> {
    let block = |last: u32, kind: u32, size: u32| (last | (kind << 1) | (size << 3)).to_le_bytes()[..3].to_vec();
    let header = b"first,last,phone\n";
    // The magic number, no checksum, no size of the contents, and a window of 128 KiB.
    let mut frame = b"\x28\xb5\x2f\xfd\x00\x38".to_vec();
    frame.extend(block(0, 0, 17));
    frame.extend_from_slice(header);
    for nth in 1..=blocks {
        frame.extend(block(u32::from(nth == blocks), 1, 128 * 1024));
        frame.push(b'\n');
    }
    frame
}

/// Fails amid the file.
struct Failing(Cursor<Vec<u8>>, u64);

impl Read for Failing {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.0.position() >= self.1 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the store hung up"));
        }
        self.0.read(&mut out[..1])
    }
}

impl Seek for Failing {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn a_source_that_fails_is_not_the_files_fault() {
    for file in [TEXT.as_bytes().to_vec(), gzip(TEXT.as_bytes()), zstd(TEXT.as_bytes())] {
        let half = file.len() as u64 / 2;
        let outcome = open(Failing(Cursor::new(file), half), &BTreeMap::new(), 1_000).map(|opened| opened.format);
        assert!(matches!(outcome, Err(ReadError::Broken(_))), "{outcome:?}");
    }
}

#[test]
fn a_stream_says_how_it_is_packed_and_how_far_it_is() {
    let file = gzip(TEXT.as_bytes());
    let contents = Unpacked::stream(file.as_slice(), 1_000).unwrap();
    let progress = contents.progress();
    assert_eq!(contents.compression(), Some(imports::Compression::Gzip));
    let mut text = String::new();
    opened(contents, &BTreeMap::new()).unwrap().text.read_to_string(&mut text).unwrap();
    assert_eq!((text.lines().count(), progress.bytes()), (2, file.len() as u64));
    let archive = zipped(&[("a", TEXT)], CompressionMethod::Stored);
    assert!(matches!(Unpacked::stream(archive.as_slice(), 1_000), Err(ReadError::Refused(_))));
}
