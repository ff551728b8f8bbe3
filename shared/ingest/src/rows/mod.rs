//! Rows and rejects out of the text behind a header, or out of a part of it
//! (rules C2 to C4 and C7).
//!
//! Cells are trimmed, `\N` and `NULL` are nulls, and U+0000, which Postgres cannot store, becomes
//! U+FFFD. A row without any value is not a row. Reasons for rejecting a row are looked for in this
//! order: its quotes, more cells than the header has columns, bytes that are not text, and then,
//! column after column, a cell that is too long, for its field or at all, and a phone that cannot
//! be read. Rows are borrowed from the reader's buffer; reading one allocates nothing.

mod count;
mod reject;
mod row;
mod warned;

use std::io::Read;

use crate::{
    headers::Column,
    stated_opt_out::{self, Stated},
};
use muster_domain::{
    imports::RejectReason,
    people::{e164::E164, number_zones, phone},
};

pub use count::Counts;
pub use reject::Reject;
pub use row::Row;
use row::{Places, Values};
pub use warned::{Doubts, Warnings};

use crate::{
    ReadError,
    header::Header,
    limits::{MAX_AGENT, MAX_CELL, MAX_TAG},
    records::{Collected, Located, Splitter, undouble},
};

/// Outcome of reading a record.
#[derive(Debug)]
pub enum RowOrReject<'a> {
    /// A row that can be imported.
    Row(Row<'a>),
    /// A row that cannot, and why.
    Reject(Reject<'a>),
}

/// Reads rows.
pub struct RowReader<'h, R> {
    header: &'h Header,
    places: Places,
    splitter: Splitter<R>,
    cells: Collected,
    /// Cells that do not stand in the text as they are, one after another, and the end of each.
    scratch: String,
    ends: Vec<usize>,
    counts: Counts,
    warnings: Warnings,
}

impl<'h, R: Read> RowReader<'h, R> {
    /// Reads text that begins with a record, at this line of the file: the text behind the header,
    /// or a [`crate::cut::FilePart`].
    pub fn new(header: &'h Header, first_line: u64, text: R) -> Self {
        Self {
            header,
            places: Places::of(&header.columns),
            splitter: Splitter::new(text, header.shape(), first_line),
            cells: Collected::new(header.delimiter, header.columns.len()),
            scratch: String::new(),
            ends: Vec::new(),
            counts: Counts::default(),
            warnings: Warnings::default(),
        }
    }

    /// Returns the next row or reject; `None` at the end of the text.
    pub fn next_line(&mut self) -> Result<Option<RowOrReject<'_>>, ReadError> {
        let record = loop {
            let Some(record) = self.splitter.next(&mut self.cells)? else { return Ok(None) };
            if record.broken.is_some() || self.has_value() {
                break record;
            }
        };
        let outcome = self.judge(&record);
        self.counts.count(outcome.as_ref().err().map(|rejected| rejected.0));
        let (mut doubts, mut opted_out) = (Doubts::default(), false);
        if let Ok(e164) = &outcome {
            doubts.area_code = !number_zones::knows_area_code(e164.area_code());
            (opted_out, doubts.opt_out) = self.opt_out(&self.values(&record));
            self.warnings.add(record.line, doubts);
        }
        Ok(Some(match outcome {
            Ok(e164) => RowOrReject::Row(Row {
                line: record.line,
                e164,
                opted_out,
                doubts,
                header: self.header,
                places: &self.places,
                values: self.values(&record),
            }),
            Err(Rejected(reason, column)) => RowOrReject::Reject(self.reject(&record, reason, column)),
        }))
    }

    /// Returns whether a column states that the person has opted out (rule C17), and whether one
    /// has a word that is not understood.
    fn opt_out(&self, values: &Values<'_>) -> (bool, bool) {
        let stated = self.places.opt_outs.iter().map(|(index, asks)| stated_opt_out::read(*asks, values.value(*index)));
        stated.fold((false, false), |(out, unknown), stated| {
            (out || stated == Stated::OptedOut, unknown || stated == Stated::Unknown)
        })
    }

    /// Returns the counts so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Rows so far that are taken with a doubt (rules C4 and C17).
    pub fn warnings(&self) -> &Warnings {
        &self.warnings
    }

    /// Bytes of text that were read, up to the end of the last row.
    pub fn text_read(&self) -> u64 {
        self.splitter.offset()
    }

    fn has_value(&self) -> bool {
        let buffer = self.splitter.buffer();
        self.cells.more() || self.cells.cells().iter().any(|cell| !is_null(buffer[cell.from..cell.to].trim_ascii()))
    }

    /// Reads the phone, if nothing is wrong with the row.
    fn judge(&mut self, record: &Located) -> Result<E164, Rejected> {
        self.scratch.clear();
        self.ends.clear();
        if let Some(broken) = record.broken {
            return Err(Rejected(reject::reason_of(broken), None));
        }
        if self.cells.more() {
            return Err(Rejected(RejectReason::TooManyColumns, None));
        }
        let bytes = &self.splitter.buffer()[record.bytes.clone()];
        if std::str::from_utf8(bytes).is_err() {
            return Err(Rejected(RejectReason::Encoding, self.not_text()));
        }
        if let Some(column) = self.parted_quotes() {
            return Err(Rejected(RejectReason::QuoteMalformed, Some(column)));
        }
        if self.cells.doubled() || memchr::memchr(0, bytes).is_some() {
            self.rewrite();
        }
        let values = self.values(record);
        // Every header has a phone column.
        let place = self.places.phone.unwrap_or_default();
        let read = phone::read(values.value(place)).map_err(|error| Rejected(error.into(), Some(place)));
        let too_long = self.cell_too_long(&values).into_iter().chain(self.name_too_long(&values));
        match (too_long.min_by_key(|wrong| wrong.1), read) {
            (Some(wrong), Err(phone)) if phone.1 < wrong.1 => Err(phone),
            (Some(wrong), _) => Err(wrong),
            (None, read) => read,
        }
    }

    /// Returns the first cell that typographic quotes open which another cell closes. They part no
    /// cells, and a delimiter within them has made two cells of one: the cells behind would be read
    /// in other columns.
    fn parted_quotes(&self) -> Option<usize> {
        let buffer = self.splitter.buffer();
        let cell = |index: usize| self.cells.cells().get(index).map(|cell| buffer[cell.from..cell.to].trim_ascii());
        (0..self.cells.cells().len()).find(|index| {
            let Some(opened) = cell(*index).filter(|cell| matches!(cell, [0xc2, 0xab, ..] | [0xe2, 0x80, 0x9c, ..]))
            else {
                return false;
            };
            let close: &[u8] = if opened[0] == 0xc2 { b"\xc2\xbb" } else { b"\xe2\x80\x9d" };
            memchr::memmem::find(opened, close).is_none()
                && (index + 1..self.cells.cells().len()).filter_map(cell).any(|cell| cell.ends_with(close))
        })
    }

    fn cell_too_long(&self, values: &Values<'_>) -> Option<Rejected> {
        // A cell has no more characters than bytes.
        let first = self.cells.cells().iter().position(|cell| cell.to - cell.from > MAX_CELL)?;
        let column = (first..self.cells.cells().len()).find(|index| longer(values.cell(*index), MAX_CELL))?;
        Some(Rejected(RejectReason::CellTooLong, Some(column)))
    }

    /// Returns the first cell with a tag or an agent that is too long for a name.
    fn name_too_long(&self, values: &Values<'_>) -> Option<Rejected> {
        let agent = self.places.assigned_agent.filter(|index| longer(values.value(*index), MAX_AGENT));
        let mut tags = self.places.tags.iter().copied();
        let tags = tags.find(|index| {
            let cell = values.value(*index);
            cell.len() > MAX_TAG && row::tags(cell).any(|tag| longer(tag, MAX_TAG))
        });
        let agent = agent.map(|column| Rejected(RejectReason::AgentTooLong, Some(column)));
        let tags = tags.map(|column| Rejected(RejectReason::TagTooLong, Some(column)));
        agent.into_iter().chain(tags).min_by_key(|wrong| wrong.1)
    }

    /// Writes the cells as they are read to the scratch buffer: quotes not doubled, no U+0000.
    fn rewrite(&mut self) {
        let mut scratch = std::mem::take(&mut self.scratch).into_bytes();
        for cell in self.cells.cells() {
            let from = scratch.len();
            let bytes = &self.splitter.buffer()[cell.from..cell.to];
            if cell.doubled {
                undouble(bytes, &mut scratch);
            } else {
                scratch.extend_from_slice(bytes);
            }
            if memchr::memchr(0, &scratch[from..]).is_some() {
                let clean = String::from_utf8_lossy(&scratch[from..]).replace('\0', "\u{fffd}");
                scratch.truncate(from);
                scratch.extend_from_slice(clean.as_bytes());
            }
            self.ends.push(scratch.len());
        }
        // It was text before, and quotes are characters of their own.
        self.scratch = String::from_utf8(scratch).unwrap_or_default();
    }

    /// Returns the first cell that is not text.
    fn not_text(&self) -> Option<usize> {
        let buffer = self.splitter.buffer();
        self.cells.cells().iter().position(|cell| std::str::from_utf8(&buffer[cell.from..cell.to]).is_err())
    }

    fn values(&self, record: &Located) -> Values<'_> {
        // It has been looked at; bytes that are not text are rejected.
        let text = std::str::from_utf8(&self.splitter.buffer()[record.bytes.clone()]).unwrap_or_default();
        let base = record.bytes.start;
        Values { text, base, cells: self.cells.cells(), scratch: &self.scratch, ends: &self.ends }
    }

    fn reject(&self, record: &Located, reason: RejectReason, column: Option<usize>) -> Reject<'_> {
        let buffer = self.splitter.buffer();
        let value = column.map(|index| match (reason, self.cells.cells().get(index)) {
            (_, None) => "".into(),
            (RejectReason::Encoding, Some(cell)) => reject::shown(&buffer[cell.from..cell.to]),
            _ => reject::shown(self.values(record).cell(index).trim().as_bytes()),
        });
        Reject {
            line: record.line,
            reason,
            column: column.and_then(|index| self.header.names.get(index)).map(|name| reject::shown(name.as_bytes())),
            value,
            raw: reject::raw(&buffer[record.bytes.clone()]),
        }
    }
}

/// Why a row is rejected, and the column that is to blame.
struct Rejected(RejectReason, Option<usize>);

/// Returns whether a text has more than so many characters. Few have more bytes.
fn longer(text: &str, limit: usize) -> bool {
    text.len() > limit && text.chars().count() > limit
}

/// Nothing, or the nulls of database exports.
fn is_null(value: &[u8]) -> bool {
    matches!(value, b"" | b"\\N" | b"NULL")
}

impl Places {
    fn of(columns: &[Column]) -> Self {
        let mut places = Self::default();
        for (index, column) in columns.iter().enumerate() {
            if let Some(asks) = column.asks_of_opting_out() {
                places.opt_outs.push((index, asks));
                continue;
            }
            let place = match column {
                Column::Phone => &mut places.phone,
                Column::FirstName => &mut places.first_name,
                Column::LastName => &mut places.last_name,
                Column::Email => &mut places.email,
                Column::PostalCode => &mut places.postal_code,
                Column::Notes => &mut places.notes,
                Column::ExternalId => &mut places.external_id,
                Column::AssignedAgent => &mut places.assigned_agent,
                Column::Tags => {
                    places.tags.push(index);
                    continue;
                }
                Column::Custom(_) => {
                    places.custom.push(index);
                    continue;
                }
                Column::Ignored | Column::OptOut | Column::OptIn | Column::OptOutStatus => continue,
            };
            *place = Some(index);
        }
        places
    }
}
