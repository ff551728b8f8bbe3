//! A file, opened up to the first record behind its header: unpacked, sniffed, decoded, its columns
//! known.

use std::{
    collections::BTreeMap,
    io::{Chain, Cursor, Read, Seek},
};

use muster_domain::imports::FileEncoding;

use crate::{
    ReadError,
    header::Header,
    records::{Plain, Shape, Splitter},
    sniff::{Format, HEAD_BYTES, sniff},
    text::Text,
    unpack::Unpacked,
};

/// The text behind the header.
pub type Rest<R> = Chain<Cursor<Vec<u8>>, Text<Chain<Cursor<Vec<u8>>, R>>>;

/// A file with a header that is read.
pub struct Opened<R> {
    /// How it is written.
    pub format: Format,
    /// Its columns.
    pub header: Header,
    /// The text from the first record behind the header on: for a [`crate::rows::RowReader`] or a
    /// [`crate::cut::Cutter`].
    pub text: Rest<R>,
}

/// Opens a file, packed or not, with contents of at most `limit` bytes if it is packed. `mapping`
/// goes from a column's name to a field's.
pub fn open<R: Read + Seek>(
    source: R,
    mapping: &BTreeMap<String, String>,
    limit: u64,
) -> Result<Opened<Unpacked<R>>, ReadError> {
    opened(Unpacked::open(source, limit)?, mapping)
}

/// Opens contents that are already unpacked.
pub fn opened<R: Read>(contents: R, mapping: &BTreeMap<String, String>) -> Result<Opened<R>, ReadError> {
    opened_as(contents, mapping, None)
}

/// Opens contents that are already unpacked, in the encoding that somebody has found out by reading
/// all of a file that was undecided.
pub fn opened_as<R: Read>(
    mut contents: R,
    mapping: &BTreeMap<String, String>,
    encoding: Option<FileEncoding>,
) -> Result<Opened<R>, ReadError> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    contents.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    let mut format = sniff(&head)?;
    if let Some(encoding) = encoding.filter(|_| format.undecided) {
        (format.encoding, format.undecided) = (encoding, false);
    }
    let mut head = Cursor::new(head);
    head.set_position(format.bom as u64);
    let shape = Shape { delimiter: format.delimiter, columns: 0 };
    let mut splitter = Splitter::new(Text::new(head.chain(contents), format.encoding), shape, 1);
    if format.sep_line {
        splitter.next(&mut Plain)?;
    }
    let header = Header::read(&mut splitter, format.delimiter, mapping)?;
    Ok(Opened { format, header, text: splitter.into_rest() })
}
