//! Where a record ends, and which bytes are its cells: the one machine behind the cutter, the
//! reader and the sniffer (rule C3).
//!
//! A record ends with a CRLF, LF or CR, or with the text. A cell that begins with a quote ends with
//! a quote. In between, a quote is doubled, and delimiters and line ends are part of the value.
//! Blanks before the opening quote, a `=` with them, and blanks behind the closing quote are
//! skipped (`opening`). A quote elsewhere in an unquoted cell is a character like others.
//!
//! **A file with one bad row loses one row.** A record is broken when a quote stands in a quoted
//! cell that is neither doubled nor followed by a delimiter, a line end or the end of the text;
//! when a quoted cell is not closed within its bytes; and when the record has too many bytes or
//! lines. How many those are stands in [`crate::limits`]. A broken record is taken to end at the
//! end of its *first line*, and reading resumes on the next. A record of several lines is broken as
//! well when it looks as if its quotes had swallowed a row (`doubt`). For that the machine is told
//! the [`Shape`] of the file's rows.
//!
//! **Cutting changes nothing.** Whether and where a record ends depends on the text from its first
//! byte on and on nothing before it. Nothing behind its end matters to a record that is whole. To
//! know that one is broken, the machine may have to look at lines behind its end, which a part need
//! not hold; but a reader of the part then meets the part's end inside the quote, and finds the
//! record broken too. So that both give it the same name, [`Broken`] is told by the record's own
//! line alone. `tests/ingest/parts.rs` holds this against random files.

mod cells;
mod doubt;
mod machine;
mod opening;
mod splitter;

pub(crate) use cells::undouble;
pub use cells::{Cell, Collected};
pub use machine::{Broken, Cells, Found, Plain, Shape, scan};
pub(crate) use splitter::too_broken;
pub use splitter::{Located, Splitter};
