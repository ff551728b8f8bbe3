//! The statements of redactions and of retention, made of the registry: each column of `personal`
//! that is overwritten, deleted or searched is here with its value or its pattern, and the
//! statements name no other (rules R3, R5a and R7).
//!
//! Parameters are the same everywhere. Of statements over a person's own rows `$1` is the ids of
//! the contacts. Of searches `$1` is the account, `$2` the pattern of traces that can be of no one
//! else, and `$3` that of single names. Statements over old texts have their own.

mod aged;
mod own;
mod searches;
#[cfg(test)]
mod tests;

pub use self::own::{Part, Which};
#[cfg(test)]
pub(super) use self::own::{leaves_a_word, rows_go};
use crate::trust::{
    objects::{Erasure, FOLDERS, Folder},
    personal::{COLUMNS, Holds},
    tables::{Rows, Table, named},
};

/// The columns and the folders of the object store that a redaction treats: all of the registry, or
/// all but one, by which a test shows that each is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Treatment {
    without: Option<(&'static str, &'static str)>,
    without_folder: Option<&'static str>,
}

/// A statement and the table that it treats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The table.
    pub table: &'static str,
    /// The statement.
    pub sql: String,
}

/// Columns that a function of `redactions` overwrites, and which.
pub const BY_FUNCTION: &[(&str, &str, &str)] = &[
    ("account_word", "e164", "account_words::forget"),
    ("audit_aside", "words", "audit::forget_person"),
    ("import_part", "tags", "erase::imports"),
    ("import_reject", "raw", "erase::rejects"),
    ("custom_field", "name", "names::field_names"),
    ("redaction", "e164", "erase::finish"),
    ("redaction", "traces", "erase::finish"),
    ("tag", "name", "names::tag_names"),
    ("webhook", "payload", "person::clear_texts_that_came"),
];

/// Columns of rows that leave by themselves, and how.
pub const LEAVE: &[(&str, &str, &str)] = &[("rate_bucket", "subject", "within an hour")];

impl Treatment {
    /// Returns the treatment of every column and folder.
    pub const fn whole() -> Self {
        Self { without: None, without_folder: None }
    }

    /// Returns the treatment of every column but one, and of every folder.
    pub const fn without(table: &'static str, column: &'static str) -> Self {
        Self { without: Some((table, column)), without_folder: None }
    }

    /// Returns the treatment of every column, and of every folder but one.
    pub const fn without_folder(name: &'static str) -> Self {
        Self { without: None, without_folder: Some(name) }
    }

    /// Returns the folders that it treats.
    pub fn folders(self) -> impl Iterator<Item = &'static Folder> {
        let treated =
            move |folder: &&Folder| folder.erasure != Erasure::Nothing && self.without_folder != Some(folder.name);
        FOLDERS.iter().filter(treated)
    }

    /// Returns whether a column is treated.
    pub fn has(self, table: &str, column: &str) -> bool {
        self.without != Some((table, column)) && COLUMNS.iter().any(|(of, name, _)| (*of, *name) == (table, column))
    }

    /// Returns the columns of the registry that a redaction treats.
    pub fn columns() -> impl Iterator<Item = (&'static str, &'static str)> {
        let treated = |holds: Holds| matches!(holds, Holds::Overwritten | Holds::Deleted | Holds::Searched);
        COLUMNS.iter().filter(move |(.., holds)| treated(*holds)).map(|(table, column, _)| (*table, *column))
    }
}

fn of_contact(table: &str) -> Option<(&'static Table, &'static str)> {
    let table = named(table)?;
    match table.rows {
        Rows::OfContact(by) => Some((table, by)),
        Rows::OfAccount(_) | Rows::Installation => None,
    }
}
