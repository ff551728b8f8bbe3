//! `ledger-publish`: writes redactions and opt-outs into the ledger in the object store, apart from
//! the database, and the beat by which a database that went back in time is known (rule R6).
//!
//! A beat is committed before it is written, and a segment is written before the head that names
//! it. A segment is never overwritten: one that a worker wrote and did not record is taken as it
//! is.

use muster_domain::trust::ledger::{self as form, HEAD, Head, OBJECT_LIMIT, Segment, segment_key, sha256};
use muster_jobs::kinds::LedgerPublish;
use muster_storage::{
    Tx,
    engine::{claim::ClaimedJob, enqueue::enqueue},
    trust::ledger::{self, Beat},
};

use crate::{Context, Leased, error::JobError, restore};

impl Leased for LedgerPublish {
    async fn run(self, ctx: &Context, job: &ClaimedJob) -> Result<Tx, JobError> {
        let keys = &ctx.phone_hash_keys;
        // The head first: the beat that it names is committed by now.
        let head = ctx.objects.read_small(HEAD, OBJECT_LIMIT).await?;
        let head = head.map(|text| Head::read(&text, keys)).transpose().map_err(fail)?;
        if ledger::compare(&ctx.pool, head.as_ref()).await? {
            tracing::error!("{}", restore::WHY);
            return Ok(ctx.pool.begin().await?);
        }
        let mut tx = ctx.pool.begin().await?;
        let beat = ledger::begin_beat(&mut tx, |number| keys.of(number)).await?;
        // The object store may take its time; no transaction waits for it.
        tx.commit().await?;
        let (segment, hash) = write_segment(ctx, &beat).await?;
        let head = Head { beat: beat.number, at: beat.at, segment, sha256: hash.clone() };
        ctx.objects.write_small(HEAD, head.write(keys).map_err(fail)?).await?;
        let mut tx = ctx.pool.begin().await?;
        if segment > beat.segment {
            ledger::end_beat(&mut tx, segment, &hash).await?;
            tracing::info!(ledger.segment = segment, entries = beat.entries.len(), "the ledger has grown");
        }
        if beat.more {
            enqueue(&mut tx, &self, &ctx.origin(job)).await?;
        }
        Ok(tx)
    }
}

fn fail(error: impl std::fmt::Display) -> JobError {
    JobError::fail(error.to_string())
}

/// Writes the next segment, if there is one; returns the number and the hash of the last.
async fn write_segment(ctx: &Context, beat: &Beat) -> Result<(i64, Vec<u8>), JobError> {
    if !beat.has_segment {
        return Ok((beat.segment, beat.sha256.clone()));
    }
    let segment = Segment { number: beat.segment + 1, after: beat.sha256.clone(), entries: beat.entries.clone() };
    let (key, text) = (segment_key(segment.number), segment.write(&ctx.phone_hash_keys).map_err(fail)?);
    if ctx.objects.create_small(&key, text.clone()).await? {
        return Ok((segment.number, sha256(text.as_bytes())));
    }
    let Some(there) = ctx.objects.read_small(&key, form::OBJECT_LIMIT).await? else {
        return Err(JobError::fail("a segment of the ledger is there and cannot be read"));
    };
    Segment::read(&there, segment.number, &beat.sha256, &ctx.phone_hash_keys).map_err(fail)?;
    Ok((segment.number, sha256(&there)))
}
