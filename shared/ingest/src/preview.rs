//! The first rows of a file as they will be read, to be looked at before anything is imported.

use std::{
    collections::BTreeMap,
    io::{self, Read, Seek},
};

use muster_domain::imports::FileEncoding;

use crate::stated_opt_out::Asks;
use serde::Serialize;

use crate::{
    ReadError,
    file::{Opened, opened_as},
    header::Header,
    limits::{MAX_PREVIEWED, MAX_SHOWN, MAX_UNPACKED},
    rows::{Row, RowOrReject, RowReader},
    sniff::tally::Tallied,
    unpack::Unpacked,
};

/// Facts in the file's beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// How its characters are written.
    pub encoding: FileEncoding,
    /// Character between its cells.
    pub delimiter: char,
    /// Its columns, in order.
    pub columns: Vec<PreviewColumn>,
    /// Its first rows and rejects.
    pub lines: Vec<PreviewLine>,
    /// There are fewer than were asked for, because they are long: [`MAX_SHOWN`].
    pub lines_truncated: bool,
}

/// A column and its meaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PreviewColumn {
    /// Its name as the file has it.
    pub header: String,
    /// The field that it fills: `first_name`, …, `custom:NAME`, or `ignore`.
    pub field: String,
    /// Meaning of its values where that is not plain: in columns that state opt-outs.
    pub meaning: Option<&'static str>,
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
        /// It states that the person has opted out, which an import keeps.
        opted_out: bool,
        /// Doubts about it: `area_code_unknown`, `opt_out_unknown`.
        warnings: Vec<&'static str>,
    },
    /// A reject.
    Reject {
        /// The line on which it begins.
        line: u64,
        /// Why.
        reason: &'static str,
        /// The column that is to blame.
        column: Option<String>,
        /// Text of the cell.
        value: Option<String>,
    },
}

/// Reads the first `rows` rows of a file. `adjust` is handed the header before any row is read, as
/// an import does with fields that an organization has locked (rule C14).
pub fn preview<R: Read + Seek>(
    mut source: R,
    mapping: &BTreeMap<String, String>,
    rows: usize,
    adjust: impl FnOnce(&mut Header),
) -> Result<Preview, ReadError> {
    let encoding = late_encoding(&mut source, mapping)?;
    source.rewind()?;
    let Opened { format, mut header, text } = opened_as(Unpacked::open(source, MAX_UNPACKED)?, mapping, encoding)?;
    adjust(&mut header);
    let mut reader = RowReader::new(&header, header.first_line, text);
    let (mut lines, mut size) = (Vec::new(), 0);
    while lines.len() < rows
        && size < MAX_SHOWN
        && let Some(line) = reader.next_line()?
    {
        let line = told(&line);
        size += line.size();
        lines.push(line);
    }
    let columns = header.names.iter().zip(&header.columns);
    let columns = columns.map(|(name, column)| PreviewColumn {
        header: name.clone(),
        field: column.field(),
        meaning: column.asks_of_opting_out().map(|asks| match asks {
            Asks::OptedOut => "a yes or a date opts out",
            Asks::OptedIn => "a no opts out",
            Asks::Status => "a word such as \"unsubscribed\" opts out",
        }),
    });
    Ok(Preview {
        encoding: format.encoding,
        delimiter: char::from(format.delimiter),
        columns: columns.collect(),
        lines_truncated: lines.len() < rows && size >= MAX_SHOWN,
        lines,
    })
}

fn told(line: &RowOrReject<'_>) -> PreviewLine {
    match line {
        RowOrReject::Row(row) => PreviewLine::Row {
            line: row.line,
            values: values(row),
            tags: row.tags().map(ToOwned::to_owned).collect(),
            opted_out: row.opted_out,
            warnings: row.doubts.words(),
        },
        RowOrReject::Reject(reject) => PreviewLine::Reject {
            line: reject.line,
            reason: reject.reason.as_str(),
            column: reject.column.as_deref().map(ToOwned::to_owned),
            value: reject.value.as_deref().map(ToOwned::to_owned),
        },
    }
}

impl PreviewLine {
    /// About how many bytes it takes.
    fn size(&self) -> usize {
        match self {
            Self::Row { values, tags, .. } => {
                let values = values.iter().map(|(name, value)| name.len() + value.len());
                values.chain(tags.iter().map(String::len)).sum()
            }
            Self::Reject { column, value, .. } => {
                column.as_ref().map_or(0, String::len) + value.as_ref().map_or(0, String::len)
            }
        }
    }
}

/// Returns the encoding of a file with first bytes that do not tell it, as far as it is there and
/// is looked at.
fn late_encoding<R: Read + Seek>(
    source: R,
    mapping: &BTreeMap<String, String>,
) -> Result<Option<FileEncoding>, ReadError> {
    let Opened { format, text, .. } = opened_as(Unpacked::open(source, MAX_UNPACKED)?, mapping, None)?;
    if !format.undecided {
        return Ok(None);
    }
    let mut text = Tallied::new(text.take(MAX_PREVIEWED));
    // The bytes may be the beginning of a file alone, so that neither their end nor a character
    // that breaks off tells anything.
    let _ended = io::copy(&mut text, &mut io::sink());
    Ok(text.tally.is_windows_1252().then_some(FileEncoding::Windows1252))
}

fn values(row: &Row<'_>) -> BTreeMap<String, String> {
    let postal_code = row.postal_code();
    let known = [
        ("phone", Some(row.e164.as_str())),
        ("first_name", Some(row.first_name())),
        ("last_name", Some(row.last_name())),
        ("email", row.email()),
        ("postal_code", postal_code.as_deref()),
        ("notes", row.notes()),
        ("external_id", row.external_id()),
        ("assigned_agent", row.assigned_agent()),
    ];
    let known = known.iter().filter_map(|(name, value)| value.map(|value| ((*name).to_owned(), value.to_owned())));
    let custom = row.fields().map(|(name, value)| (format!("custom:{name}"), value.to_owned()));
    known.chain(custom).filter(|(_, value)| !value.is_empty()).collect()
}
