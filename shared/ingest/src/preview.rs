//! The first rows of a file as they will be read, to be looked at before anything is imported.

use std::{
    collections::BTreeMap,
    io::{Read, Seek},
};

use serde::Serialize;

use crate::{
    ReadError,
    file::{Opened, open},
    limits::MAX_UNPACKED,
    rows::{Line, Row, RowReader},
    sniff::Encoding,
};

/// What the file's beginning says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// How its characters are written.
    pub encoding: Encoding,
    /// What parts its cells.
    pub delimiter: char,
    /// Its columns, in order.
    pub columns: Vec<PreviewColumn>,
    /// Its first rows and rejects.
    pub lines: Vec<PreviewLine>,
}

/// A column and what it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PreviewColumn {
    /// Its name as the file has it.
    pub header: String,
    /// The field that it fills: `first_name`, …, `custom:NAME`, or `ignore`.
    pub field: String,
}

/// A row as it will be read, or why it will not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum PreviewLine {
    /// A row.
    Row {
        /// The line on which it begins.
        line: u64,
        /// Values by the names of their fields; those without a value are left out.
        values: BTreeMap<String, String>,
        /// The row's own tags.
        tags: Vec<String>,
    },
    /// A reject.
    Reject {
        /// The line on which it begins.
        line: u64,
        /// Why.
        reason: &'static str,
        /// The column that is to blame.
        column: Option<String>,
        /// What stands there.
        value: Option<String>,
    },
}

/// Reads the first `rows` rows of a file.
pub fn preview<R: Read + Seek>(
    source: R,
    mapping: &BTreeMap<String, String>,
    rows: usize,
) -> Result<Preview, ReadError> {
    let Opened { format, header, text } = open(source, mapping, MAX_UNPACKED)?;
    let mut reader = RowReader::new(&header, header.first_line, text);
    let mut lines = Vec::new();
    while lines.len() < rows
        && let Some(line) = reader.next_line()?
    {
        lines.push(match line {
            Line::Row(row) => PreviewLine::Row {
                line: row.line,
                values: values(&row),
                tags: row.tags().map(ToOwned::to_owned).collect(),
            },
            Line::Reject(reject) => PreviewLine::Reject {
                line: reject.line,
                reason: reject.reason.word(),
                column: reject.column.map(ToOwned::to_owned),
                value: reject.value.map(std::borrow::Cow::into_owned),
            },
        });
    }
    let columns = header.names.iter().zip(&header.columns);
    let columns = columns.map(|(name, column)| PreviewColumn { header: name.clone(), field: column.field() });
    Ok(Preview {
        encoding: format.encoding,
        delimiter: char::from(format.delimiter),
        columns: columns.collect(),
        lines,
    })
}

fn values(row: &Row<'_>) -> BTreeMap<String, String> {
    let known = [
        ("phone", Some(row.e164.as_str())),
        ("first_name", Some(row.first_name())),
        ("last_name", Some(row.last_name())),
        ("email", row.email()),
        ("postal_code", row.postal_code()),
        ("notes", row.notes()),
        ("external_id", row.external_id()),
        ("assigned_agent", row.assigned_agent()),
    ];
    let known = known.iter().filter_map(|(name, value)| value.map(|value| ((*name).to_owned(), value.to_owned())));
    let custom = row.fields().map(|(name, value)| (format!("custom:{name}"), value.to_owned()));
    known.chain(custom).filter(|(_, value)| !value.is_empty()).collect()
}
