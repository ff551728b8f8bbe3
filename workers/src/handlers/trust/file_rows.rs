//! A person's rows in files of contacts that the object store has (rule R8): uploads and fetched
//! files, for as long as they are kept, and files that wait to be fetched.
//!
//! Each file is read as an import reads it, row by row on a thread of its own, so that one of any
//! size takes the same memory. A row with the person's number is told with all of its values, and a
//! row that no import takes as it stands, where the number is in it. So many rows are told at
//! most; the rest is counted.

use std::collections::BTreeMap;

use muster_domain::{
    ids::{ImportId, OrganizationId},
    imports::FileEncoding,
    people::{
        e164::E164,
        traces::{FileSearch, Traces},
    },
};
use muster_ingest::{
    ReadError, file,
    rows::{RowOrReject, RowReader},
    unpack::{self, Unpacked},
};
use muster_storage::{
    Page,
    imports::{self, sources},
    trust::objects::{FOLDERS, Told},
};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    Context,
    error::JobError,
    handlers::imports::{object::ObjectReader, steps},
};

/// Rows that are told of all files together.
const MOST_ROWS: usize = 1_000;
/// Bytes of rows from which on no other is told.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// Sources that are looked through for the mapping of a file that waits to be fetched.
const MOST_SOURCES: i64 = 1_000;

/// Returns the records of a person's rows in an organization's files, each a JSON object. A
/// redacted person has no number, and no row.
pub(super) async fn find(
    ctx: &Context,
    organization_id: OrganizationId,
    number: Option<&str>,
) -> Result<Vec<String>, JobError> {
    let Some(number) = number else { return Ok(Vec::new()) };
    let number = E164::parse(number).map_err(|error| JobError::fail(error.to_string()))?;
    let mut found = Found::default();
    for folder in FOLDERS.iter().filter(|folder| folder.told == Told::Rows) {
        for key in ctx.objects.keys(&format!("{}/{organization_id}", folder.name)).await? {
            if let Some(kept) = kept(ctx, organization_id, key).await? {
                found = look(ctx, &number, kept, found).await?;
            }
        }
    }
    Ok(found.into_records())
}

/// A file in the object store.
struct Kept {
    key: String,
    size: u64,
    name: String,
    import_id: Option<ImportId>,
    mapping: BTreeMap<String, String>,
    encoding: Option<FileEncoding>,
}

/// Returns the file of a key, with the mapping by which its columns are read; none for rows of a
/// running import, which are its file's, and for a file that has gone meanwhile.
async fn kept(ctx: &Context, organization_id: OrganizationId, key: String) -> Result<Option<Kept>, JobError> {
    if steps::is_work(&key) {
        return Ok(None);
    }
    let Some(size) = ctx.objects.size(&key).await? else { return Ok(None) };
    let name = key.rsplit('/').next().unwrap_or_default().to_owned();
    let mut kept = Kept { key, size, name, import_id: None, mapping: BTreeMap::new(), encoding: None };
    let of_import =
        kept.name.parse().ok().map(ImportId).filter(|id| imports::object_key(organization_id, *id) == kept.key);
    if let Some(id) = of_import {
        // A file that no import knows is left behind by an upload that broke off.
        if let Some(import) = imports::get(&ctx.pool, organization_id, id).await? {
            (kept.name, kept.import_id) = (import.file_name, Some(id));
            (kept.mapping, kept.encoding) = (import.mapping, import.encoding);
        }
    } else {
        let all =
            sources::page(&ctx.pool, organization_id, &sources::Filter::default(), Page::first(MOST_SOURCES)).await?;
        let fetches = |source: &sources::Source| {
            let path = source.definition.url.as_deref().and_then(|url| url.strip_prefix("store:"));
            path.is_some_and(|path| kept.key == format!("incoming/{organization_id}/{path}"))
        };
        let mapping = all.into_iter().find(fetches).map(|source| source.definition.mapping);
        kept.mapping = mapping.unwrap_or_default();
    }
    Ok(Some(kept))
}

/// The rows that were found so far.
#[derive(Debug, Default)]
struct Found {
    records: Vec<String>,
    bytes: usize,
    /// Rows that are not told.
    more: u64,
}

impl Found {
    fn push(&mut self, record: &Value) {
        if self.records.len() >= MOST_ROWS || self.bytes >= MOST_BYTES {
            self.more += 1;
            return;
        }
        let record = record.to_string();
        self.bytes += record.len();
        self.records.push(record);
    }

    fn into_records(mut self) -> Vec<String> {
        if self.more > 0 {
            self.records.push(json!({ "more": self.more }).to_string());
        }
        self.records
    }
}

/// Looks through a file, on a thread that ends with the task that waits for it.
async fn look(ctx: &Context, number: &E164, kept: Kept, found: Found) -> Result<Found, JobError> {
    let source = ObjectReader::new(ctx.objects.clone(), kept.key.clone(), 0..kept.size);
    let limit = ctx.settings.imports.upload_limit_bytes;
    let stop = CancellationToken::new();
    let _stops = stop.clone().drop_guard();
    let search = Search { number: number.clone(), kept, limit, stop, found };
    let reading = tokio::task::spawn_blocking(move || search.read(source));
    let (search, read) = reading.await.map_err(|error| JobError::retry(format!("the reader: {error}")))?;
    match read {
        Ok(()) => Ok(search.found),
        Err(ReadError::Refused(refused)) => search.unread(ctx, &refused.to_string()).await,
        Err(ReadError::Broken(error)) => Err(JobError::retry(format!("a file could not be read: {error}"))),
    }
}

/// The search of one file for a person's rows.
struct Search {
    number: E164,
    kept: Kept,
    /// Bytes that it may unpack to.
    limit: u64,
    /// Cancelled when nobody waits for it any more.
    stop: CancellationToken,
    found: Found,
}

impl Search {
    fn read(mut self, source: ObjectReader) -> (Self, Result<(), ReadError>) {
        let read = self.rows(source);
        (self, read)
    }

    fn rows(&mut self, source: ObjectReader) -> Result<(), ReadError> {
        let unpacked = Unpacked::open(source, self.limit)?;
        let opened = file::opened_as(unpacked, &self.kept.mapping, self.kept.encoding)?;
        let mut reader = RowReader::new(&opened.header, opened.header.first_line, opened.text);
        while !self.stop.is_cancelled() {
            let Some(row) = reader.next_line()? else { break };
            let record = match row {
                RowOrReject::Row(row) if row.e164 == self.number => {
                    let mut values = Map::new();
                    for (nth, (name, value)) in row.cells().enumerate() {
                        let name =
                            if values.contains_key(name) { format!("{name} ({})", nth + 1) } else { name.to_owned() };
                        values.insert(name, json!(value));
                    }
                    self.record(json!({ "line": row.line, "values": values }))
                }
                RowOrReject::Reject(reject) if has_number(&self.number, reject.raw.as_bytes()) => {
                    self.record(json!({ "line": reject.line, "raw": reject.raw, "reason": reject.reason.as_str() }))
                }
                RowOrReject::Row(_) | RowOrReject::Reject(_) => continue,
            };
            self.found.push(&record);
        }
        Ok(())
    }

    /// Returns a record of the file.
    fn record(&self, mut of: Value) -> Value {
        of["file"] = json!(self.kept.name);
        of["import_id"] = json!(self.kept.import_id);
        of
    }

    /// Tells a file that is no list of contacts, or not to its end, where the number is in it, and
    /// a packed one, which nothing looks into then.
    async fn unread(mut self, ctx: &Context, why: &str) -> Result<Found, JobError> {
        use futures::TryStreamExt as _;
        let head = ctx.objects.get_piece(&self.kept.key, 0..self.kept.size.min(unpack::MAGIC as u64)).await?;
        let mut is_there = unpack::compression(&head).is_some();
        if !is_there && let Some(mut file) = ctx.objects.get(&self.kept.key).await? {
            let mut search = FileSearch::new(&self.number, &Traces::default());
            while let Some(bytes) = file.try_next().await? {
                search.pass(&bytes);
            }
            is_there = search.found();
        }
        if is_there {
            let record = self.record(json!({ "not_read": why }));
            self.found.push(&record);
        }
        Ok(self.found)
    }
}

fn has_number(number: &E164, raw: &[u8]) -> bool {
    let mut search = FileSearch::new(number, &Traces::default());
    search.pass(raw);
    search.found()
}
