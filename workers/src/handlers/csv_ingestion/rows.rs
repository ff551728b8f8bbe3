//! One row: what each column means, and why a row is rejected (rules C2 to C4 and C7).

use std::collections::BTreeMap;

use csv::ByteRecord;
use muster_domain::{headers::Column, ids::ImportId, phone, phone_hash::phone_hash};
use muster_storage::ingest::{Chunk, Row};

/// Characters that one cell may have.
const MAX_CELL: usize = 10_000;

/// What the reader has to know of the import.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) import_id: ImportId,
    pub(crate) mapping: BTreeMap<String, String>,
    /// Present when the account has redacted people.
    pub(crate) phone_hash_key: Option<[u8; 32]>,
}

/// A chunk of rows on its way to the database, with the counts so far.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) chunk: Chunk,
    pub(crate) bytes_read: i64,
    pub(crate) rows_read: i64,
    pub(crate) rejected: i64,
}

/// Turns records into rows and rejects.
pub(crate) struct Rows<'a> {
    plan: &'a Plan,
    names: &'a [String],
    columns: &'a [Column],
    delimiter: char,
    rows_read: i64,
    rejected: i64,
}

/// Why a row is rejected: the stable word, and the column's index.
struct Rejected(&'static str, Option<usize>);

impl<'a> Rows<'a> {
    pub(crate) const fn new(plan: &'a Plan, names: &'a [String], columns: &'a [Column], delimiter: u8) -> Self {
        Self { plan, names, columns, delimiter: delimiter as char, rows_read: 0, rejected: 0 }
    }

    /// The chunk with the counts so far.
    pub(crate) const fn read(&self, chunk: Chunk, bytes_read: i64) -> Read {
        Read { chunk, bytes_read, rows_read: self.rows_read, rejected: self.rejected }
    }

    /// The names of the file's custom fields.
    pub(crate) fn custom_fields(&self) -> Vec<String> {
        let names = self.columns.iter().filter_map(|column| match column {
            Column::Custom(name) => Some(name.clone()),
            _ => None,
        });
        names.collect()
    }

    /// Reads a record, which begins at this line, into the chunk. A row without any value is not a row.
    pub(crate) fn add(&mut self, record: &ByteRecord, line: i64, chunk: &mut Chunk) {
        if record.iter().all(<[u8]>::is_empty) {
            return;
        }
        self.rows_read += 1;
        if let Err(Rejected(reason, column)) = self.row(record, line, chunk) {
            self.rejected += 1;
            let column = column.and_then(|index| self.names.get(index)).map(String::as_str);
            chunk.reject(line, reason, column, &self.raw(record));
        }
    }

    fn row(&self, record: &ByteRecord, line: i64, chunk: &mut Chunk) -> Result<(), Rejected> {
        if record.iter().skip(self.columns.len()).any(|cell| !cell.is_empty()) {
            return Err(Rejected("too_many_columns", None));
        }
        let (mut e164, mut first_name, mut last_name) = (None, "", "");
        let (mut email, mut postal_code, mut notes, mut external_id) = (None, None, None, None);
        let mut fields: BTreeMap<&str, &str> = BTreeMap::new();
        let mut tags: Vec<String> = Vec::new();
        for (index, column) in self.columns.iter().enumerate() {
            let bytes = record.get(index).unwrap_or_default();
            let cell = std::str::from_utf8(bytes).map_err(|_| Rejected("encoding", Some(index)))?;
            if cell.chars().count() > MAX_CELL {
                return Err(Rejected("cell_too_long", Some(index)));
            }
            let cell = value(cell);
            match column {
                Column::Phone => {
                    e164 = Some(phone::read(cell).map_err(|error| Rejected(error.reason(), Some(index)))?);
                }
                Column::FirstName => first_name = cell,
                Column::LastName => last_name = cell,
                Column::Email => email = some(cell),
                Column::PostalCode => postal_code = some(cell),
                Column::Notes => notes = some(cell),
                Column::ExternalId => external_id = some(cell),
                Column::Tags => tags
                    .extend(cell.split([',', ';']).map(str::trim).filter(|tag| !tag.is_empty()).map(ToOwned::to_owned)),
                Column::Custom(name) => {
                    if let Some(cell) = some(cell) {
                        fields.insert(name, cell);
                    }
                }
                Column::AssignedAgent | Column::Ignored => {}
            }
        }
        // Every file has a phone column.
        let e164 = e164.ok_or(Rejected("phone_missing", None))?;
        // Postgres has no U+0000 in JSON either.
        let fields = serde_json::to_string(&fields).unwrap_or_else(|_| "{}".to_owned()).replace("\\u0000", "\u{fffd}");
        chunk.row(&Row {
            line,
            e164: &e164,
            first_name,
            last_name,
            email,
            postal_code,
            notes,
            external_id,
            fields: &fields,
            tags: &tags,
            phone_hash: self.plan.phone_hash_key.map(|key| phone_hash(&key, &e164)),
        });
        Ok(())
    }

    /// The row for the report of rejects, as one line of the file.
    fn raw(&self, record: &ByteRecord) -> String {
        let cells = record.iter().map(|cell| {
            let cell = String::from_utf8_lossy(cell);
            let cell: String = cell.chars().take(MAX_CELL).collect();
            if cell.contains([self.delimiter, '"', '\n', '\r']) {
                format!("\"{}\"", cell.replace('"', "\"\""))
            } else {
                cell
            }
        });
        cells.collect::<Vec<_>>().join(&self.delimiter.to_string())
    }
}

/// A cell's value: trimmed, and nothing for the nulls of database exports.
fn value(cell: &str) -> &str {
    let cell = cell.trim();
    if cell == "\\N" || cell == "NULL" { "" } else { cell }
}

fn some(cell: &str) -> Option<&str> {
    (!cell.is_empty()).then_some(cell)
}
