//! The kind of a file (rules C3 and C15), told by its first bytes, unpacked: its encoding, its
//! delimiter, or its kind if it is no list of contacts. A file of unknown kind is refused.
//!
//! A file without a byte-order mark is UTF-8, unless bytes that UTF-8 does not have outnumber its
//! characters beyond ASCII: then it is Windows-1252. A file that begins with ASCII alone does not
//! tell it yet ([`Format::undecided`]): it is read as UTF-8, and the reader of all of it counts
//! ([`tally`]), and reads it once more if it turns out to be Windows-1252. Else a stray byte of
//! another encoding costs its row.

mod delimiter;
mod other;
pub mod tally;

use encoding_rs::{UTF_16BE, UTF_16LE};
use serde::{Deserialize, Serialize};

use tally::Tally;

use muster_domain::imports::FileEncoding;

use crate::{Refused, text::Text};

/// Bytes of a file that are looked at.
pub const HEAD_BYTES: usize = 64 * 1024;

/// How to read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Format {
    /// How its characters are written.
    pub encoding: FileEncoding,
    /// Bytes of the byte-order mark that it begins with.
    pub bom: usize,
    /// Character between its cells.
    pub delimiter: u8,
    /// Its first line only names the delimiter (`sep=;`), as Excel writes and reads it.
    pub sep_line: bool,
    /// Nothing beyond ASCII was seen, and the file goes on: its rest may yet tell that it is
    /// Windows-1252.
    pub undecided: bool,
}

/// Looks at the first bytes of a file, at most [`HEAD_BYTES`] of them and fewer only if there are
/// no more.
pub fn sniff(head: &[u8]) -> Result<Format, Refused> {
    let whole = head.len() < HEAD_BYTES;
    if let Some(what) = other::magic(head) {
        return Err(Refused(format!("the file is not a list of contacts: it looks like {what}")));
    }
    let (encoding, bom) = encoding(head)?;
    let mut text = Vec::with_capacity(head.len());
    // Decoding a slice cannot fail.
    let decoded = std::io::Read::read_to_end(&mut Text::new(&head[bom..], encoding), &mut text);
    if decoded.is_err() || text.iter().all(u8::is_ascii_whitespace) {
        return Err(Refused("the file is empty".to_owned()));
    }
    if is_binary(&text) {
        return Err(Refused("the file is not text".to_owned()));
    }
    if let Some(what) = other::text(&text) {
        return Err(Refused(format!("the file is not a list of contacts: it looks like {what}")));
    }
    let said = delimiter::sep_line(&text)?;
    let delimiter = said.unwrap_or_else(|| delimiter::delimiter(&text, whole));
    let undecided = bom == 0 && !whole && head.is_ascii();
    Ok(Format { encoding, bom, delimiter, sep_line: said.is_some(), undecided })
}

fn encoding(head: &[u8]) -> Result<(FileEncoding, usize), Refused> {
    match encoding_rs::Encoding::for_bom(head) {
        Some((encoding, bom)) if encoding == UTF_16LE => return Ok((FileEncoding::Utf16Le, bom)),
        Some((encoding, bom)) if encoding == UTF_16BE => return Ok((FileEncoding::Utf16Be, bom)),
        Some((_, bom)) => return Ok((FileEncoding::Utf8, bom)),
        None => {}
    }
    let zeros = |odd: usize| head.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    if head.len() >= 4 && zeros(0).max(zeros(1)) > head.len() / 4 {
        let reason = "the file looks like UTF-16 without a byte-order mark; save it as UTF-8";
        return Err(Refused(reason.to_owned()));
    }
    let mut tally = Tally::default();
    tally.add(head);
    // The end of the head may cut a character; the end of the file does not.
    if head.len() < HEAD_BYTES {
        tally.end();
    }
    Ok((if tally.is_windows_1252() { FileEncoding::Windows1252 } else { FileEncoding::Utf8 }, 0))
}

/// More control characters than slips of the hand explain. A NUL here and there is one: some
/// databases pad with them.
fn is_binary(text: &[u8]) -> bool {
    let controls = text.iter().filter(|b| b.is_ascii_control() && !matches!(b, b'\t' | b'\r' | b'\n' | 0x0c)).count();
    controls > 2 + text.len() / 1_000
}
