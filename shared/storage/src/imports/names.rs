//! The names of custom fields in rows on their way. Rows name their fields by numbers until they
//! are staged: in a part, and in the object store, a row takes about as much as its text, however
//! long the names are.

use crate::imports::copy_text::json_text;

/// Where the fields stand among the cells of a row.
const FIELDS: usize = 10;

/// The file's custom fields in order, each as JSON for COPY with its colon.
#[derive(Debug)]
pub(super) struct Names(Vec<Vec<u8>>);

impl Names {
    pub(super) fn of(names: &[String]) -> Self {
        let json = |name: &String| {
            let mut json = Vec::new();
            json_text(&mut json, name);
            json.push(b':');
            json
        };
        Self(names.iter().map(json).collect())
    }

    /// Writes names for the numbers of a row of so many bytes, which has just been written.
    pub(super) fn write_into(&self, out: &mut Vec<u8>, row: usize) {
        if self.0.is_empty() {
            return;
        }
        let start = out.len() - row;
        let mut tabs = out[start..].iter().enumerate().filter(|(_, byte)| **byte == b'\t').map(|(at, _)| start + at);
        let (Some(from), Some(to)) = (tabs.nth(FIELDS - 1), tabs.next()) else { return };
        if out[from + 1..to] == *b"{}" {
            return;
        }
        let rest = out.split_off(from + 1);
        let (fields, rest) = rest.split_at(to - from - 1);
        self.expand(fields, out);
        out.extend_from_slice(rest);
    }

    fn expand(&self, fields: &[u8], out: &mut Vec<u8>) {
        out.push(b'{');
        let mut at = 1;
        while let Some((number, value)) = number(fields.get(at..).unwrap_or_default()) {
            if at > 1 {
                out.push(b',');
            }
            out.extend_from_slice(self.0.get(number).map_or(b"\"\":", Vec::as_slice));
            let from = at + value;
            let to = from + text(&fields[from..]);
            out.extend_from_slice(&fields[from..to]);
            // A comma, or the end.
            at = to + 1;
        }
        out.push(b'}');
    }
}

/// Returns the number of a field and the length of `"number":`.
fn number(field: &[u8]) -> Option<(usize, usize)> {
    let digits = field.strip_prefix(b"\"")?;
    let length = digits.iter().position(|byte| *byte == b'"')?;
    Some((std::str::from_utf8(&digits[..length]).ok()?.parse().ok()?, length + 3))
}

/// Returns the length of a JSON text with COPY's escapes on top, from quote to quote.
fn text(text: &[u8]) -> usize {
    let mut at = 1;
    loop {
        match text.get(at..) {
            // A backslash of JSON, and the character that it escapes.
            Some([b'\\', b'\\', b'\\', b'\\', ..]) => at += 4,
            Some([b'\\', b'\\', ..]) => at += 3,
            Some([b'"', ..]) => return at + 1,
            Some([_, ..]) => at += 1,
            Some([]) | None => return text.len(),
        }
    }
}
