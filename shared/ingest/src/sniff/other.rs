//! The kind of a file that is not a list of contacts, so that its owner reads the remedy and not
//! only that it failed.

/// By the first bytes of a binary format.
pub(super) fn magic(head: &[u8]) -> Option<&'static str> {
    const MAGIC: [(&[u8], &str); 16] = [
        (b"PK\x03\x04", "a zip file within the compressed file"),
        (b"PK\x05\x06", "an empty zip file"),
        (b"\x1f\x8b", "a gzip file within the compressed file"),
        (b"\x28\xb5\x2f\xfd", "a zstd file within the compressed file"),
        (b"%PDF-", "a PDF document"),
        (b"\xd0\xcf\x11\xe0", "an old Excel workbook; save the sheet as CSV"),
        (b"{\\rtf", "a rich text document"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        (b"Rar!", "a RAR archive"),
        (b"BZh", "a bzip2 file"),
        (b"\xfd7zXZ", "an xz file"),
        (b"\x89PNG", "a picture"),
        (b"\xff\xd8\xff", "a picture"),
        (b"GIF8", "a picture"),
        (b"SQLite format 3", "a SQLite database"),
        (b"PAR1", "a Parquet file"),
    ];
    MAGIC.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, what)| *what)
}

/// By the beginning of a text format.
pub(super) fn text(text: &[u8]) -> Option<&'static str> {
    let start = text.trim_ascii_start();
    let lower = start[..start.len().min(64)].to_ascii_lowercase();
    let dense: Vec<u8> = start.iter().take(256).copied().filter(|byte| !byte.is_ascii_whitespace()).take(2).collect();
    if [&b"<!doctype html"[..], b"<html", b"<head", b"<body", b"<table"].iter().any(|tag| lower.starts_with(tag)) {
        return Some("a web page; was it downloaded without being signed in?");
    }
    if lower.starts_with(b"<?xml") || lower.starts_with(b"<!doctype") {
        return Some("an XML file");
    }
    if lower.starts_with(b"begin:vcard") {
        return Some("a vCard file");
    }
    matches!(dense[..], [b'{', b'"' | b'}'] | [b'[', b'{' | b'[' | b'"' | b']']).then_some("a JSON file")
}
