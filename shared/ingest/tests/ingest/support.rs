//! Small words for tests: files as text, and their content as text.

use std::{
    collections::BTreeMap,
    io::{self, Cursor, Read},
};

use muster_ingest::{
    ReadError,
    cut::{Cutter, FilePart},
    file::{Opened, open},
    header::Header,
    limits::MAX_UNPACKED,
    records::Shape,
    rows::{Counts, RowOrReject, RowReader},
};

/// Contents of a row or a reject, owned: the line, then the phone and the values, or the reason,
/// the column, the value and the raw row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    Row { line: u64, values: Vec<(String, String)>, tags: Vec<String> },
    Reject { line: u64, reason: &'static str, column: Option<String>, value: Option<String>, raw: String },
}

impl Told {
    pub(crate) fn of(line: &RowOrReject<'_>) -> Self {
        match line {
            RowOrReject::Row(row) => {
                let postal_code = row.postal_code();
                let known = [
                    ("phone", row.e164.as_str()),
                    ("first_name", row.first_name()),
                    ("last_name", row.last_name()),
                    ("email", row.email().unwrap_or_default()),
                    ("postal_code", postal_code.as_deref().unwrap_or_default()),
                    ("notes", row.notes().unwrap_or_default()),
                    ("external_id", row.external_id().unwrap_or_default()),
                    ("assigned_agent", row.assigned_agent().unwrap_or_default()),
                ];
                let values = known.into_iter().chain(row.fields()).filter(|(_, value)| !value.is_empty());
                Self::Row {
                    line: row.line,
                    values: values.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
                    tags: row.tags().map(ToOwned::to_owned).collect(),
                }
            }
            RowOrReject::Reject(reject) => Self::Reject {
                line: reject.line,
                reason: reject.reason.as_str(),
                column: reject.column.as_deref().map(ToOwned::to_owned),
                value: reject.value.as_deref().map(ToOwned::to_owned),
                raw: reject.raw.clone().into_owned(),
            },
        }
    }

    /// `2: +12125551234 Ann Lee` or `3: phone_missing Phone`.
    pub(crate) fn brief(&self) -> String {
        match self {
            Self::Row { line, values, tags } => {
                let values: Vec<_> = values.iter().map(|(_, value)| value.as_str()).collect();
                let tags = tags.iter().map(|tag| format!("#{tag}"));
                let values = values.into_iter().map(ToOwned::to_owned);
                format!("{line}: {}", values.chain(tags).collect::<Vec<_>>().join(" "))
            }
            Self::Reject { line, reason, column, .. } => {
                format!("{line}: {reason}{}", column.as_ref().map(|column| format!(" {column}")).unwrap_or_default())
            }
        }
    }
}

/// Reads a text that begins behind a header.
pub(crate) fn read_text(header: &Header, first_line: u64, text: impl Read) -> (Vec<Told>, Counts) {
    let mut reader = RowReader::new(header, first_line, text);
    let mut told = Vec::new();
    while let Some(line) = reader.next_line().unwrap() {
        told.push(Told::of(&line));
    }
    let rejects = told.iter().filter(|told| matches!(told, Told::Reject { .. })).count() as u64;
    let counts = reader.counts().clone();
    assert_eq!((counts.rows(), counts.rejected()), (told.len() as u64, rejects), "every row is in one counter");
    assert_eq!(counts.by_reason().values().sum::<u64>(), rejects);
    (told, counts)
}

/// Reads a whole file.
pub(crate) fn try_told(file: &[u8]) -> Result<Vec<Told>, ReadError> {
    let Opened { header, text, .. } = open(Cursor::new(file), &BTreeMap::new(), MAX_UNPACKED)?;
    let mut reader = RowReader::new(&header, header.first_line, text);
    let mut told = Vec::new();
    while let Some(line) = reader.next_line()? {
        told.push(Told::of(&line));
    }
    Ok(told)
}

/// Reads a whole file, briefly.
pub(crate) fn told(file: impl AsRef<[u8]>) -> Vec<String> {
    try_told(file.as_ref()).unwrap().iter().map(Told::brief).collect()
}

/// Why a file is refused.
pub(crate) fn refusal(file: impl AsRef<[u8]>) -> String {
    match try_told(file.as_ref()) {
        Err(ReadError::Refused(refused)) => refused.0,
        other => panic!("not refused: {other:?}"),
    }
}

/// Returns a header of these columns.
pub(crate) fn header(columns: &str) -> Header {
    open(Cursor::new(columns), &BTreeMap::new(), MAX_UNPACKED).map(|opened| opened.header).unwrap()
}

/// Cuts a text that is fed in blocks of these sizes, in turn.
pub(crate) fn cut(text: &[u8], shape: Shape, target: u64, blocks: &[usize]) -> Vec<FilePart> {
    let mut cutter = Cutter::new(shape, target, 0, 2);
    let (mut parts, mut rest) = (Vec::new(), text);
    for size in blocks.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (block, more) = rest.split_at((*size).clamp(1, rest.len()));
        cutter.feed(block, &mut parts).unwrap();
        rest = more;
    }
    cutter.finish(&mut parts).unwrap();
    parts
}

/// Hands out a few bytes at a time.
pub(crate) struct Dribble<'t>(pub(crate) &'t [u8], pub(crate) usize);

impl Read for Dribble<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let size = self.1.min(out.len()).min(self.0.len());
        out[..size].copy_from_slice(&self.0[..size]);
        self.0 = &self.0[size..];
        Ok(size)
    }
}
