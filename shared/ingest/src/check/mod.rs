//! The check of a whole file without a database: the result of an import of it
//! (rules C6, C7 and C15).
//!
//! Memory does not grow with the file but for the set of its phones, which is a bit to a few bytes
//! for each, and its tags, which are few. Facts that only the organization's data can tell (limits
//! of a group, redacted people, locked fields) are not checked here.

mod phones;

use std::{
    collections::BTreeMap,
    io::{Read, Seek},
};

use serde::{Serialize, Serializer, ser::SerializeMap as _};

pub use phones::Phones;

use muster_domain::imports::FileEncoding;

use crate::{
    ReadError,
    file::{Opened, opened_as},
    limits::{MAX_LISTED, MAX_UNPACKED},
    rows::{Reject, RowOrReject, RowReader},
    sniff::tally::Tallied,
    tags::Tags,
    unpack::Unpacked,
};

/// Expected result of an import of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Rows that were read: `valid`, `merged` and `rejected` add up to them.
    pub rows: u64,
    /// Rows that would be applied.
    pub valid: u64,
    /// Rows with a phone that a later row has too (rule C6).
    pub merged: u64,
    /// Rows that cannot be read.
    pub rejected: u64,
    /// People with an opt-out stated in the file (rule C17).
    pub opted_out: u64,
    /// Rows that can be read with a doubt (rules C4 and C17); they are applied like others.
    pub warnings: u64,
    /// For each doubt, how many: `area_code_unknown`, `opt_out_unknown`.
    pub warning_reasons: BTreeMap<&'static str, u64>,
    /// The lines on which the first of these begin.
    pub warning_lines: Vec<u64>,
    /// The field that each column fills, in the file's order.
    #[serde(serialize_with = "as_map")]
    pub columns: Vec<(String, String)>,
    /// How the file's characters are written.
    pub encoding: FileEncoding,
    /// Character between its cells.
    pub delimiter: char,
    /// The rejects, at most [`MAX_LISTED`] of them; `rejected` counts all.
    pub rejects: Vec<ListedReject>,
    /// There are more rejects than are listed.
    pub rejects_truncated: bool,
}

/// A reject of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedReject {
    /// The line on which the row begins, from 1.
    pub line: u64,
    /// Why.
    pub reason: &'static str,
    /// The column that is to blame.
    pub column: Option<String>,
    /// Text of the cell.
    pub value: Option<String>,
}

/// Checks a file, and lists its rejects.
pub fn check<R: Read + Seek>(mut source: R, mapping: &BTreeMap<String, String>) -> Result<Report, ReadError> {
    let (report, found) = pass(&mut source, mapping, None)?;
    if found.is_none() {
        return Ok(report);
    }
    // Only its end has told how it is written.
    source.rewind()?;
    pass(&mut source, mapping, found).map(|(report, _)| report)
}

/// Reads a file from end to end; returns the encoding that it turns out to have, if that is not the
/// one in which it was read.
fn pass<R: Read + Seek>(
    source: R,
    mapping: &BTreeMap<String, String>,
    encoding: Option<FileEncoding>,
) -> Result<(Report, Option<FileEncoding>), ReadError> {
    let Opened { format, header, text } = opened_as(Unpacked::open(source, MAX_UNPACKED)?, mapping, encoding)?;
    let mut text = Tallied::new(text);
    let mut reader = RowReader::new(&header, header.first_line, &mut text);
    let (mut phones, mut tags, mut merged, mut rejects) = (Phones::default(), Tags::default(), 0, Vec::new());
    let (mut out, mut opted_out) = (Phones::default(), 0);
    while let Some(line) = reader.next_line()? {
        match line {
            RowOrReject::Row(row) => {
                tags.add(&row)?;
                merged += u64::from(!phones.insert(&row.e164));
                opted_out += u64::from(row.opted_out && out.insert(&row.e164));
            }
            RowOrReject::Reject(reject) if rejects.len() < MAX_LISTED => rejects.push(ListedReject::of(&reject)),
            RowOrReject::Reject(_) => {}
        }
    }
    let (rows, rejected) = (reader.counts().rows(), reader.counts().rejected());
    let report = Report {
        rows,
        valid: rows - rejected - merged,
        merged,
        rejected,
        opted_out,
        warnings: reader.warnings().rows(),
        warning_reasons: reader.warnings().by_reason(),
        warning_lines: reader.warnings().lines().to_vec(),
        columns: header.fields(),
        encoding: format.encoding,
        delimiter: char::from(format.delimiter),
        rejects_truncated: rejects.len() as u64 != rejected,
        rejects,
    };
    text.tally.end();
    Ok((report, (format.undecided && text.tally.is_windows_1252()).then_some(FileEncoding::Windows1252)))
}

impl ListedReject {
    fn of(reject: &Reject<'_>) -> Self {
        Self {
            line: reject.line,
            reason: reject.reason.as_str(),
            column: reject.column.as_deref().map(ToOwned::to_owned),
            value: reject.value.as_deref().map(ToOwned::to_owned),
        }
    }
}

fn as_map<S: Serializer>(pairs: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(pairs.len()))?;
    for (header, field) in pairs {
        map.serialize_entry(header, field)?;
    }
    map.end()
}
