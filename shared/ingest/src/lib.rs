//! Reading a contacts file exactly as an import does (rules C1 to C4, C6, C7 and C15): the one
//! reader behind the import's workers and the offline check of the command line. Pure and
//! synchronous: bytes in, rows and rejects out, in memory that does not grow with the file. Nothing
//! here knows of a database, a network or a clock.
//!
//! A file goes through these, each of which is a `Read` over the one before or a function of its
//! head:
//!
//! 1. [`unpack`]: its compression, and its contents.
//! 2. [`sniff`]: encoding and delimiter, or its kind if it is no list of contacts.
//! 3. [`text`]: any encoding to UTF-8.
//! 4. [`header`]: the contents of its columns.
//! 5. [`rows`]: rows and rejects, by [`records`], which finds where each record ends.
//!
//! [`mod@file`] puts the first four together; [`arrival`] does so while a file comes in. A large
//! file is [`cut`] into parts behind its header that can be read at once: the parts hold, one after
//! another, exactly the records of the whole, because the end of a record is found by one machine
//! that depends on nothing but the text from the record's first byte on.

pub mod arrival;
pub mod check;
pub mod cut;
pub mod file;
pub mod file_name;
pub mod header;
pub mod headers;
pub mod limits;
pub mod preview;
pub mod records;
mod refusal;
pub mod rows;
pub mod sniff;
pub mod stated_opt_out;
pub mod tags;
pub mod text;
pub mod unpack;

pub use refusal::{ReadError, Refused};
