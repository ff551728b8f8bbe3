//! `import-fetch`: fetches a source's file, and imports it if it has changed.
//!
//! The file goes to the object store first, under a key of this attempt's own. The import's row and
//! the job that looks at it commit with this job. A file that is the same as the last, by its
//! entity tag or by its hash, is not imported.

use bytes::Bytes;
use futures::Stream;
use muster_domain::ids::ImportId;
use muster_fetch::{Error as FetchError, Seen};
use muster_jobs::kinds::ImportFetch;
use muster_objects::{ContactsFile, NotTakenIn};
use muster_storage::{
    Tx,
    engine::claim::ClaimedJob,
    imports::{
        self, NewImport,
        sources::{self, Fetched, Source},
    },
};

use crate::{Context, Leased, error::JobError};

impl Leased for ImportFetch {
    async fn run(self, ctx: &Context, job: &ClaimedJob) -> Result<Tx, JobError> {
        let mut tx = ctx.pool.begin().await?;
        let organization = ctx.organization(&mut tx, job).await?;
        tx.rollback().await?;
        let Some(source) = sources::get(&ctx.pool, organization.id, self.source_id).await? else {
            return Ok(ctx.pool.begin().await?);
        };
        let id = ImportId::new();
        let key = imports::object_key(organization.id, id);
        match fetch(ctx, &source, &key).await {
            Ok(file) => record(ctx, job, &source, id, &key, file).await,
            Err(Failure::Final(why)) => failed(ctx, &source, &why).await,
            Err(Failure::Passing(why)) if i64::from(job.attempt) >= i64::from(job.kind.policy().max_attempts) => {
                failed(ctx, &source, &why).await
            }
            Err(Failure::Passing(why)) => Err(JobError::retry(why)),
            Err(Failure::Ours(error)) => Err(error),
        }
    }
}

/// A file that was fetched.
struct Fetch {
    name: String,
    seen: Seen,
    file: ContactsFile,
}

enum Failure {
    /// Asking again cannot help; the admin has to.
    Final(String),
    /// Asking again may help.
    Passing(String),
    /// It is not the source's fault.
    Ours(JobError),
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Broken(why) => Self::Passing(why),
            error => Self::Final(error.to_string()),
        }
    }
}

impl From<NotTakenIn> for Failure {
    fn from(error: NotTakenIn) -> Self {
        match error {
            NotTakenIn::Refused(_) | NotTakenIn::TooLarge { .. } => Self::Final(error.to_string()),
            NotTakenIn::BrokeOff(why) => Self::Passing(why),
            NotTakenIn::Store(error) => ours(error),
        }
    }
}

/// Fetches a source's file to a key of the object store; `None` when it is as it was.
async fn fetch(ctx: &Context, source: &Source, key: &str) -> Result<Option<Fetch>, Failure> {
    let Some(url) = &source.definition.url else { return Err(Failure::Final("the source has no URL".to_owned())) };
    // The name is only shown, and a URL's query may hold a secret; a path in the object store has
    // none.
    let path = url.strip_prefix("store:").or_else(|| url.split(['?', '#']).next()).unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    let name = if name.is_empty() { source.definition.name.clone() } else { name.chars().take(255).collect() };
    let before = Seen { etag: source.etag.clone(), last_modified: source.last_modified.clone() };
    if let Some(path) = url.strip_prefix("store:") {
        let incoming = incoming(source, path);
        let version = ctx.objects.version(&incoming).await.map_err(ours)?;
        let Some(version) = version else {
            return Err(Failure::Final("there is no such file in the object store".to_owned()));
        };
        if before.etag.as_ref() == Some(&version) {
            return Ok(None);
        }
        let Some(bytes) = ctx.objects.get(&incoming).await.map_err(ours)? else {
            return Err(Failure::Passing("the file has gone from the object store".to_owned()));
        };
        let seen = Seen { etag: Some(version), last_modified: None };
        return keep(ctx, source, key, name, seen, bytes).await.map(Some);
    }
    match ctx.fetcher.fetch(url, &before).await? {
        Some(fetched) => keep(ctx, source, key, name, fetched.seen, fetched.bytes).await.map(Some),
        None => Ok(None),
    }
}

/// Returns the object store's folder for files that an organization is to import.
fn incoming(source: &Source, path: &str) -> String {
    format!("incoming/{}/{path}", source.organization_id)
}

/// Writes a file to the object store, by the pipeline of all contacts files.
async fn keep<E: std::fmt::Display>(
    ctx: &Context,
    source: &Source,
    key: &str,
    name: String,
    seen: Seen,
    bytes: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> Result<Fetch, Failure> {
    let limit = ctx.settings.imports.upload_limit_bytes;
    let file = ctx.objects.take_in(key, bytes, &source.definition.mapping, limit).await?;
    Ok(Fetch { name, seen, file })
}

fn ours(error: muster_objects::Error) -> Failure {
    Failure::Ours(error.into())
}

async fn failed(ctx: &Context, source: &Source, why: &str) -> Result<Tx, JobError> {
    let mut tx = ctx.pool.begin().await?;
    sources::looked_at(&mut tx, source.id, Some(why)).await?;
    tracing::warn!(source.id = %source.id, why, "a source could not be fetched");
    Ok(tx)
}

/// Makes an import of a file that has changed.
async fn record(
    ctx: &Context,
    job: &ClaimedJob,
    source: &Source,
    id: ImportId,
    key: &str,
    fetch: Option<Fetch>,
) -> Result<Tx, JobError> {
    let mut tx = ctx.pool.begin().await?;
    let Some(Fetch { name, seen, file }) = fetch else {
        sources::looked_at(&mut tx, source.id, None).await?;
        return Ok(tx);
    };
    let same = source.sha256.as_ref() == Some(&file.sha256);
    let mut made = None;
    if !same {
        let definition = &source.definition;
        let new = NewImport {
            group_id: Some(definition.group_id),
            created_by: source.created_by,
            file_name: &name,
            object_key: key,
            size_bytes: file.size_bytes,
            sha256: &file.sha256,
            rows_expected: file.rows_expected,
            mapping: &definition.mapping,
            tags: &definition.tags,
            dry_run: false,
            consent_text: definition.consent_text.as_deref(),
            source_id: Some(source.id),
        };
        imports::create(&mut tx, id, source.organization_id, &new, &ctx.origin(job)).await?;
        made = Some(id);
    }
    let seen =
        Fetched { etag: seen.etag.as_deref(), last_modified: seen.last_modified.as_deref(), sha256: &file.sha256 };
    if !sources::fetched(&mut tx, source, &seen, made).await? {
        // It was changed or deleted meanwhile; the changer can have it fetched again.
        tx.rollback().await?;
        ctx.objects.delete(key).await?;
        return Ok(ctx.pool.begin().await?);
    }
    if same {
        ctx.objects.delete(key).await?;
    }
    tracing::info!(source.id = %source.id, changed = !same, bytes = file.size_bytes, "fetched");
    Ok(tx)
}
