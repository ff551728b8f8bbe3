//! `audit-heads`: writes the heads of the audit's chains to the object store, where the right to
//! write in the database does not suffice to take them back (rule R9).
//!
//! An object is named by chain and number and never written over. A job that died behind its
//! objects writes the same ones again.

use bytes::Bytes;
use muster_domain::trust::audit::Head;
use muster_jobs::kinds::AuditHeads;
use muster_storage::{
    Tx,
    engine::{claim::ClaimedJob, enqueue::enqueue},
    trust::audit,
};

use crate::{Context, Leased, error::JobError};

/// Heads of one job.
const STEP: i64 = 200;

impl Leased for AuditHeads {
    async fn run(self, ctx: &Context, job: &ClaimedJob) -> Result<Tx, JobError> {
        let heads = audit::unpublished(&ctx.pool, None, STEP).await?;
        for head in &heads {
            publish(ctx, head).await?;
        }
        let mut tx = ctx.pool.begin().await?;
        audit::note_published(&mut tx, &heads).await?;
        if i64::try_from(heads.len()) == Ok(STEP) {
            enqueue(&mut tx, &self, &ctx.origin(job)).await?;
        }
        if !heads.is_empty() {
            tracing::info!(heads = heads.len(), "heads of the audit are published");
        }
        Ok(tx)
    }
}

async fn publish(ctx: &Context, head: &Head) -> Result<(), JobError> {
    let text = serde_json::to_vec(head).map_err(|error| JobError::fail(error.to_string()))?;
    let key = head.key();
    if !ctx.objects.create_small(&key, Bytes::from(text.clone())).await?
        && ctx.objects.read_small(&key, Head::BYTES).await?.is_none_or(|there| there != text)
    {
        tracing::error!(audit.chain = %head.chain, audit.number = head.number, "another head was published: run muster audit verify");
    }
    Ok(())
}
