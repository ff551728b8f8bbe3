//! The file of an access request (rule R8): everything that is held of one person, as a page for a
//! reader and as JSON for a program.
//!
//! It is one HTML file without scripts and without a reference to anything outside of it. The same
//! records stand in its last element as JSON: nobody can have one without the other, nothing is to
//! be unpacked, and a program finds the JSON between two fixed lines.

mod page;
mod value;

pub use page::{DATA_BEGIN, DATA_END, Page};

/// The form of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Text, or a JSON document.
    Text,
    /// An instant, a number or a flag.
    Fact,
    /// An id. The page leaves it out where a column beside it has the name; the JSON has both.
    Id {
        /// Whether a column beside it has the name.
        named: bool,
    },
}

/// A column of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name in the JSON.
    pub name: String,
    /// Its name for a reader.
    pub heading: String,
    /// The form of its values.
    pub form: Form,
}

/// Records of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its name in the JSON: the table's.
    pub name: &'static str,
    /// Its heading.
    pub title: String,
    /// A sentence on its records; empty for none.
    pub about: &'static str,
    /// Its columns, in the order of the page.
    pub columns: Vec<Column>,
}
