//! `redaction`: erases the rest of a person in every organization of an account behind the request,
//! which has overwritten their rows and keeps texts back already (rules R3, R4 and R6).
//!
//! It waits for the imports that were under way when it first looked, with files that may hold the
//! person, and for no other.

use std::time::Duration;

use chrono::TimeDelta;
use futures::TryStreamExt;
use muster_domain::people::{e164::E164, traces::FileSearch};
use muster_jobs::kinds::Redaction;
use muster_storage::{
    Tx,
    engine::claim::ClaimedJob,
    people::redactions::{self, Erased, Leftover, OldFiles, Redaction as Entry, UnderWay},
};

use crate::{Context, Leased, error::JobError, handlers::imports::steps};

/// A file of an import that is not under way and that is older than this is nobody's.
const LEFT_BEHIND: TimeDelta = TimeDelta::hours(1);
/// Imports that are still under way so long after a redaction looked are ended for it.
const LONGEST_WAIT: Duration = Duration::from_hours(24);
/// Between two looks whether imports are over.
const AGAIN: Duration = Duration::from_secs(2);

impl Leased for Redaction {
    async fn run(self, ctx: &Context, _job: &ClaimedJob) -> Result<Tx, JobError> {
        let id = self.redaction_id;
        let hash = |number: &E164| ctx.phone_hash_keys.of(number);
        let mut tx = ctx.pool.begin().await?;
        if redactions::lock(&mut tx, id, hash).await?.is_none() {
            return Ok(tx);
        }
        redactions::look(&mut tx, id).await?;
        let UnderWay { imports, waited } = redactions::under_way(&mut tx, id).await?;
        let too_long = waited > LONGEST_WAIT;
        if too_long {
            redactions::end_imports(&mut tx, id, &imports).await?;
        }
        tx.commit().await?;
        if !imports.is_empty() && !too_long {
            return Err(JobError::NotYet { delay: AGAIN, why: "imports that may hold the person are under way" });
        }
        let mut tx = ctx.pool.begin().await?;
        let Some(entry) = redactions::lock(&mut tx, id, hash).await? else {
            return Ok(tx);
        };
        let OldFiles { files, looked_at } = redactions::files(&mut tx, id, &entry).await?;
        let organizations = redactions::organizations(&mut tx, entry.account_id).await?;
        // The object store may take its time; no transaction waits for it.
        tx.rollback().await?;
        let mut erased = Erased::default();
        for file in &files {
            if ctx.objects.size(&file.object_key).await?.is_some() {
                erased.add_objects("imports", 1);
            }
            ctx.objects.delete(&file.object_key).await?;
            // A worker that died at an import's last step, or woke up after it, may have left rows
            // there.
            ctx.objects.delete_folder(&steps::folder(file.organization_id, file.import_id)).await?;
        }
        for organization_id in organizations {
            // A process that died behind an upload, or a caller that went away, has left a file
            // that no import knows.
            ctx.objects.delete_older(&format!("imports/{organization_id}"), looked_at - LEFT_BEHIND).await?;
            // The files of exports that were written before are ended, and served no more.
            ctx.objects.delete_older(&format!("exports/{organization_id}"), looked_at).await?;
            let gone = clear_incoming(ctx, &format!("incoming/{organization_id}"), &entry).await?;
            erased.add_objects("incoming", gone);
        }
        let mut tx = ctx.pool.begin().await?;
        let Some(entry) = redactions::lock(&mut tx, id, hash).await? else {
            return Ok(tx);
        };
        if redactions::overwrite_again(&mut tx, id, &entry).await? == Leftover::Texts {
            tx.commit().await?;
            return Err(JobError::NotYet { delay: AGAIN, why: "texts to the person are being recorded" });
        }
        // With the findings of the second look.
        let Some(entry) = redactions::lock(&mut tx, id, hash).await? else {
            return Ok(tx);
        };
        let alone = redactions::telling_names(&mut tx, &entry).await?;
        let patterns = entry.traces.patterns(Some(&entry.number), &alone);
        redactions::free_text(&mut tx, id, &entry, &patterns).await?;
        redactions::record(&mut tx, id, &erased).await?;
        redactions::finish(&mut tx, id, &entry).await?;
        tracing::info!(redaction.id = %id, "redacted");
        Ok(tx)
    }
}

/// Removes the files in which the person is of those that were put there to be fetched, whether
/// they were fetched or not. Returns how many.
async fn clear_incoming(ctx: &Context, folder: &str, entry: &Entry) -> Result<u64, JobError> {
    let mut gone = 0;
    for key in ctx.objects.keys(folder).await? {
        let mut search = FileSearch::new(&entry.number, &entry.traces);
        // A name is searched like the file's contents.
        search.pass(key.rsplit('/').next().unwrap_or_default().as_bytes());
        if let Some(mut file) = ctx.objects.get(&key).await? {
            let mut search_in = FileSearch::new(&entry.number, &entry.traces);
            while let Some(bytes) = file.try_next().await? {
                search_in.pass(&bytes);
                if search_in.found() {
                    break;
                }
            }
            if search.found() || search_in.found() {
                ctx.objects.delete(&key).await?;
                gone += 1;
            }
        }
    }
    Ok(gone)
}
