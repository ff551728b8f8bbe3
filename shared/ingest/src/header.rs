//! The header: the first record with any value, and the content of each of its columns (rule C2).
//! The meaning of names is decided in [`crate::headers`].

use std::{collections::BTreeMap, io::Read};

use crate::headers::{self, Column};
use serde::{Deserialize, Serialize};

use crate::{
    ReadError,
    limits::{MAX_CELL, MAX_COLUMNS, MAX_FIELD_NAME, MAX_NAMES},
    records::{Collected, Shape, Splitter, undouble},
};

/// Facts of a file's beginning that a reader of any part of it has to know. It can be written down
/// and read elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The columns' names as the file has them.
    pub names: Vec<String>,
    /// Content of each.
    pub columns: Vec<Column>,
    /// The character that parts the cells.
    pub delimiter: u8,
    /// Bytes of text, in UTF-8 and behind any byte-order mark, up to the first record behind the
    /// header.
    pub offset: u64,
    /// The file's line on which that begins.
    pub first_line: u64,
}

impl Header {
    /// Reads the header off the beginning of a text. `mapping` goes from a column's name to a
    /// field's, and wins over the recognition.
    pub fn read<R: Read>(
        splitter: &mut Splitter<R>,
        delimiter: u8,
        mapping: &BTreeMap<String, String>,
    ) -> Result<Self, ReadError> {
        let Names(names) = Names::read(splitter)?;
        let columns = headers::read(&names, mapping).map_err(|error| ReadError::refused(error.to_string()))?;
        for column in &columns {
            if let Column::Custom(name) = column
                && name.chars().count() > MAX_FIELD_NAME
            {
                let shown: String = name.chars().take(40).collect();
                return Err(ReadError::refused(format!(
                    "the custom field {shown:?}… has a name of more than {MAX_FIELD_NAME} characters"
                )));
            }
        }
        Ok(Self { names, columns, delimiter, offset: splitter.offset(), first_line: splitter.line() })
    }

    /// Returns the shape of the file's rows.
    pub fn shape(&self) -> Shape {
        Shape { delimiter: self.delimiter, columns: self.columns.len() }
    }

    /// Returns the names of the file's custom fields.
    pub fn custom_fields(&self) -> Vec<String> {
        let names = self.columns.iter().filter_map(|column| match column {
            Column::Custom(name) => Some(name.clone()),
            _ => None,
        });
        names.collect()
    }

    /// Rule C14: where an organization has locked its fields, columns that are none of them are not
    /// imported.
    pub fn lock_fields(&mut self, known: &[String]) {
        for column in &mut self.columns {
            if matches!(column, Column::Custom(name) if !known.contains(name)) {
                *column = Column::Ignored;
            }
        }
    }

    /// Columns of these fields are not imported.
    pub fn leave_out(&mut self, fields: &[String]) {
        for column in &mut self.columns {
            if matches!(column, Column::Custom(name) if fields.contains(name)) {
                *column = Column::Ignored;
            }
        }
    }

    /// Columns of a field's former name fill the field, unless another column does.
    pub fn rename_field(&mut self, former: &str, name: &str) {
        let column = |name: &str| Column::Custom(name.to_owned());
        let taken = self.columns.contains(&column(name));
        for one in &mut self.columns {
            if *one == column(former) {
                *one = if taken { Column::Ignored } else { column(name) };
            }
        }
    }

    /// Each column's name and the field that it fills, in the file's order. Columns without a name
    /// are left out; of columns with one name, the later have a number.
    pub fn fields(&self) -> Vec<(String, String)> {
        let mut copies: BTreeMap<&str, usize> = BTreeMap::new();
        let mut fields = Vec::with_capacity(self.names.len());
        for (name, column) in self.names.iter().zip(&self.columns) {
            let name = name.trim();
            if name.is_empty() {
                continue;
            }
            let copy = copies.entry(name).and_modify(|copy| *copy += 1).or_insert(1);
            let told = if *copy == 1 { name.to_owned() } else { format!("{name} ({copy})") };
            fields.push((told, column.field()));
        }
        fields
    }
}

/// The names of a header, before their meaning is asked for.
pub(crate) struct Names(pub(crate) Vec<String>);

impl Names {
    /// Reads the first record with any value.
    pub(crate) fn read<R: Read>(splitter: &mut Splitter<R>) -> Result<Self, ReadError> {
        let mut cells = Collected::new(splitter.delimiter(), MAX_COLUMNS);
        loop {
            let Some(record) = splitter.next(&mut cells)? else { return Err(ReadError::refused("the file is empty")) };
            if record.broken.is_some() {
                let line = record.line;
                return Err(ReadError::refused(format!(
                    "the header on line {line} cannot be read: its quotes are wrong"
                )));
            }
            let values = cells.cells().iter().map(|cell| {
                let mut name = Vec::new();
                let bytes = &splitter.buffer()[cell.from..cell.to];
                if cell.doubled {
                    undouble(bytes, &mut name);
                } else {
                    name.extend_from_slice(bytes);
                }
                String::from_utf8_lossy(&name).replace('\0', "\u{fffd}")
            });
            let names: Vec<String> = values.collect();
            if names.iter().all(|name| name.trim().is_empty()) && !cells.more() {
                continue;
            }
            if cells.count() > MAX_COLUMNS {
                let columns = cells.count();
                return Err(ReadError::refused(format!(
                    "the file has {columns} columns, at most {MAX_COLUMNS} are allowed"
                )));
            }
            if names.iter().any(|name| name.len() > MAX_CELL) {
                return Err(ReadError::refused(format!("a column's name is longer than {MAX_CELL} bytes")));
            }
            if names.iter().map(String::len).sum::<usize>() > MAX_NAMES {
                return Err(ReadError::refused(format!(
                    "the header's names have more than {MAX_NAMES} bytes together"
                )));
            }
            return Ok(Self(names));
        }
    }
}
