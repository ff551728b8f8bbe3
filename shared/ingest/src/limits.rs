//! Limits on the cost of a file. Every buffer of this crate is bounded by one of these numbers, and
//! so is the work on hostile files.

/// Bytes of one record, without its line end.
pub const MAX_RECORD: usize = 4 * 1024 * 1024;

/// Bytes between the quotes of one cell. A quote that is not closed within them was never meant to
/// open a cell.
pub const MAX_QUOTED: usize = 1024 * 1024;

/// Lines of one record: more are the work of a quote that nobody closed.
pub const MAX_LINES: u64 = 1_000;

/// Characters of one cell.
pub const MAX_CELL: usize = 10_000;

/// Characters of a tag.
pub const MAX_TAG: usize = 100;

/// Characters of an agent's address or id.
pub const MAX_AGENT: usize = 320;

/// Characters of a custom field's name.
pub const MAX_FIELD_NAME: usize = 200;

/// Different tags that the rows of a file may name. More are the work of a column that holds no
/// tags.
pub const MAX_TAGS: usize = 1_000;

/// Columns of a header.
pub const MAX_COLUMNS: usize = 1_000;

/// Bytes of a header's names together. They are read, told and kept with every row that has values
/// in them.
pub const MAX_NAMES: usize = 256 * 1024;

/// Bytes of a rejected row that are kept for the report.
pub const MAX_RAW: usize = 4 * 1024;

/// Bytes of rejects that are kept of any file, however small.
pub const REJECTS_BASE: u64 = 1024 * 1024;

/// Bytes of rejects that are kept beyond these for each byte of the file as it was uploaded.
pub const REJECTS_RATIO: u64 = 4;

/// Bytes of rejects that may be kept of a file of so many bytes, as it was uploaded: a small file
/// does not fill a disk, however much it unpacks to. `most` is the most of any file.
pub fn rejects_kept(uploaded: u64, most: u64) -> u64 {
    uploaded.saturating_mul(REJECTS_RATIO).saturating_add(REJECTS_BASE).min(most)
}

/// Bytes of rows that a preview shows.
pub const MAX_SHOWN: usize = 1024 * 1024;

/// Characters of an offending value that are told.
pub const MAX_VALUE: usize = 200;

/// Bytes that a compressed file may unpack to, unless the caller says otherwise: 10 GiB.
pub const MAX_UNPACKED: u64 = 10 * 1024 * 1024 * 1024;

/// Unpacked bytes for each packed one. Text that people wrote stays below a hundred; deflate cannot
/// do more than 1,032.
pub const MAX_RATIO: u64 = 1_000;

/// Unpacked bytes from which on the ratio is looked at.
pub const RATIO_FROM: u64 = 16 * 1024 * 1024;

/// Memory for a zstd window. A frame that needs more (`zstd --ultra --long=28` and up) is refused.
pub const MAX_WINDOW: u64 = 128 * 1024 * 1024;

/// Files that a zip is looked through for.
pub const MAX_ZIP_ENTRIES: u64 = 1_000;

/// Bytes that may be looked at in vain behind unclosed quotes, over the whole file. Each costs at
/// most a record of them, so that an honest file stays far below; a file made to be slow is
/// refused.
pub const MAX_IN_VAIN: u64 = 16 * 1024 * 1024 * 1024;

/// Bytes of a file that are held until they tell whether an import would take it. A header that
/// does not end within them is no reason against the file yet.
pub const MAX_BEGINNING: usize = 1024 * 1024;

/// Memory for a zstd window where only the beginning of a file is looked at.
pub const GLANCE_WINDOW: u64 = 8 * 1024 * 1024;

/// Rows of which a report names the line when it warns of them. It counts them all.
pub const MAX_WARNED: usize = 10;

/// Bytes of text that a preview looks through to tell the encoding of a file that begins with ASCII
/// alone.
pub const MAX_PREVIEWED: u64 = 16 * 1024 * 1024;

/// Rejects that a check lists. It counts them all.
pub const MAX_LISTED: usize = 100_000;
