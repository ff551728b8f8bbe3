//! Fields of rows in the text format of COPY.

use std::io::Write as _;

/// One more field in COPY's text format, after a tab. Postgres cannot store U+0000, so that it
/// becomes U+FFFD.
pub(super) fn put(out: &mut Vec<u8>, field: Option<&str>) {
    out.push(b'\t');
    match field {
        Some(field) => escaped(out, field.as_bytes()),
        None => out.extend_from_slice(b"\\N"),
    }
}

fn escaped(out: &mut Vec<u8>, mut bytes: &[u8]) {
    while let Some(at) = bytes.iter().position(|byte| matches!(byte, b'\\' | b'\t' | b'\n' | b'\r' | 0)) {
        out.extend_from_slice(&bytes[..at]);
        out.extend_from_slice(match bytes[at] {
            b'\\' => b"\\\\",
            b'\t' => b"\\t",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            _ => "\u{fffd}".as_bytes(),
        });
        bytes = &bytes[at + 1..];
    }
    out.extend_from_slice(bytes);
}

/// A JSON object of texts as a field, by numbers.
pub(super) fn json_object<'f>(out: &mut Vec<u8>, fields: impl IntoIterator<Item = (usize, &'f str)>) {
    out.extend_from_slice(b"\t{");
    let mut first = true;
    for (nth, value) in fields {
        if !first {
            out.push(b',');
        }
        first = false;
        let _ = write!(out, "\"{nth}\":");
        json_text(out, value);
    }
    out.push(b'}');
}

/// A JSON text, with COPY's escapes on top of JSON's.
pub(super) fn json_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for c in text.chars() {
        match c {
            '"' => out.extend_from_slice(b"\\\\\""),
            '\\' => out.extend_from_slice(b"\\\\\\\\"),
            '\0' => out.extend_from_slice("\u{fffd}".as_bytes()),
            c if c < ' ' => {
                let _ = write!(out, "\\\\u{:04x}", u32::from(c));
            }
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

/// A text array as a field, in the form that Postgres reads, with COPY's escapes on top.
pub(super) fn text_array<'f>(out: &mut Vec<u8>, items: impl IntoIterator<Item = &'f str>) {
    out.extend_from_slice(b"\t{");
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let quoted = format!("\"{}\"", item.replace('\\', "\\\\").replace('"', "\\\""));
        escaped(out, quoted.as_bytes());
    }
    out.push(b'}');
}
