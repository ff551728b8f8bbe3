//! `redaction`: erases the rest of a person in every organization of an account behind the request,
//! which has overwritten their rows and keeps texts back already (rules R3, R4 and R6).
//!
//! It waits for the imports that were under way when it first looked, with files that may hold the
//! person, and for no other.

use std::time::Duration;

use muster_domain::people::e164::E164;
use muster_jobs::kinds::Redaction;
use muster_storage::{
    Tx,
    engine::claim::ClaimedJob,
    people::redactions::{self, Leftover, UnderWay},
};

use crate::{Context, Leased, error::JobError, handlers::people::redacted_objects::erase_objects};

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
        let old = redactions::files(&mut tx, id, &entry).await?;
        let organizations = redactions::organizations(&mut tx, entry.account_id).await?;
        // The object store may take its time; no transaction waits for it.
        tx.rollback().await?;
        let erased = erase_objects(&ctx.objects, &entry, &old, &organizations).await?;
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
