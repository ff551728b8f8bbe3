//! What kind of file is this? (rule C3) Decided by its first bytes; what cannot be told is refused, never guessed.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How to read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Format {
    /// How its characters are written.
    pub(crate) encoding: &'static Encoding,
    /// What parts its fields.
    pub(crate) delimiter: u8,
}

/// Bytes that are looked at.
pub(crate) const HEAD: usize = 64 * 1024;

/// Looks at the first bytes of a file.
pub(crate) fn format(head: &[u8]) -> Result<Format, String> {
    if head.iter().all(u8::is_ascii_whitespace) {
        return Err("the file is empty".to_owned());
    }
    let (encoding, text) = match Encoding::for_bom(head) {
        Some((encoding, _)) if encoding == UTF_16LE || encoding == UTF_16BE => (encoding, encoding.decode(head).0),
        _ if head.contains(&0) => return Err("the file is not text".to_owned()),
        _ if utf8_so_far(head) => (UTF_8, UTF_8.decode(head).0),
        _ => (WINDOWS_1252, WINDOWS_1252.decode(head).0),
    };
    if text.chars().take(2_000).filter(|c| c.is_control() && !matches!(c, '\t' | '\r' | '\n' | '\u{c}')).count() > 2 {
        return Err("the file is not text".to_owned());
    }
    Ok(Format { encoding, delimiter: delimiter(&text) })
}

/// Valid UTF-8, but for a character that the end of the head may cut.
fn utf8_so_far(head: &[u8]) -> bool {
    match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && head.len() >= HEAD,
    }
}

/// The delimiter that is most frequent in the header line, outside quotes; a comma if there is none.
fn delimiter(text: &str) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    for byte in text.trim_start_matches(['\u{feff}', '\r', '\n']).bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\r' | b'\n' if !quoted => break,
            byte if !quoted => counts.iter_mut().filter(|(of, _)| *of == byte).for_each(|(_, count)| *count += 1),
            _ => {}
        }
    }
    // The first of equals is the more usual one.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(of, _)| *of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c3_encodings_and_delimiters() {
        let sniff = |head: &[u8]| format(head).map(|format| (format.encoding.name(), char::from(format.delimiter)));
        assert_eq!(sniff(b"first,last,phone\n"), Ok(("UTF-8", ',')));
        assert_eq!(sniff(b"\xef\xbb\xbffirst;last;phone\n"), Ok(("UTF-8", ';')));
        assert_eq!(sniff(b"first\tlast\tphone\nJos\xe9\tx\t1"), Ok(("windows-1252", '\t')));
        assert_eq!(sniff(b"\xff\xfef\0i\0|\0p\0\n\0"), Ok(("UTF-16LE", '|')));
        assert_eq!(sniff(b"\"a,b\"|c|d\n"), Ok(("UTF-8", '|')));
    }

    #[test]
    fn c15_what_is_not_text_is_refused() {
        assert!(format(b"").is_err());
        assert!(format(b" \r\n ").is_err());
        assert!(format(b"PK\x03\x04\0\0").is_err());
        assert!(format(b"\x01\x02\x03\x04,phone").is_err());
    }
}
