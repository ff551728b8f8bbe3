//! The reader's thread: bytes in, rows and rejects out, in chunks. What they are is decided in `muster_ingest`.

use std::collections::BTreeMap;

use muster_domain::{ids::ImportId, phone_hash::phone_hash};
use muster_ingest::{
    ReadError,
    file::{self, Opened},
    rows::{Line, RowReader},
};
use muster_storage::ingest::{Chunk, Row};
use tokio::sync::mpsc;

use super::object::ObjectReader;

/// Bytes of rows that are handed over at a time.
const CHUNK: usize = 1024 * 1024;

/// What the reader has to know of the import.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) import_id: ImportId,
    pub(crate) mapping: BTreeMap<String, String>,
    /// Bytes that a packed file may hold.
    pub(crate) limit: u64,
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

/// Reads a file to its end, handing chunks of rows over; answers the file's custom fields.
pub(crate) fn read(plan: &Plan, source: ObjectReader, out: &mpsc::Sender<Read>) -> Result<Vec<String>, ReadError> {
    let progress = source.progress();
    let Opened { header, text, .. } = file::open(source, &plan.mapping, plan.limit)?;
    let mut reader = RowReader::new(&header, header.first_line, text);
    let mut chunk = Chunk::new(plan.import_id);
    loop {
        match reader.next_line()? {
            Some(Line::Row(row)) => {
                let fields: BTreeMap<&str, &str> = row.fields().collect();
                // Texts alone, which can always be written.
                let fields = serde_json::to_string(&fields).unwrap_or_else(|_| "{}".to_owned());
                let tags: Vec<String> = row.tags().map(ToOwned::to_owned).collect();
                chunk.row(&Row {
                    line: signed(row.line),
                    e164: &row.e164,
                    first_name: row.first_name(),
                    last_name: row.last_name(),
                    email: row.email(),
                    postal_code: row.postal_code(),
                    notes: row.notes(),
                    external_id: row.external_id(),
                    fields: &fields,
                    tags: &tags,
                    phone_hash: plan.phone_hash_key.map(|key| phone_hash(&key, &row.e164)),
                });
            }
            Some(Line::Reject(reject)) => {
                chunk.reject(signed(reject.line), reject.reason.word(), reject.column, &reject.raw);
            }
            None => break,
        }
        if chunk.len() >= CHUNK {
            let full = std::mem::replace(&mut chunk, Chunk::new(plan.import_id));
            let counts = reader.counts();
            let (rows_read, rejected) = (signed(counts.rows()), signed(counts.rejected()));
            // Nobody listens any more: the import was cancelled or its transaction failed.
            if out.blocking_send(Read { chunk: full, bytes_read: progress.bytes(), rows_read, rejected }).is_err() {
                return Ok(Vec::new());
            }
        }
    }
    let counts = reader.counts();
    let (rows_read, rejected) = (signed(counts.rows()), signed(counts.rejected()));
    // As above.
    let _ = out.blocking_send(Read { chunk, bytes_read: progress.bytes(), rows_read, rejected });
    Ok(header.custom_fields())
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
