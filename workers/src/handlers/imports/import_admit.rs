//! `import-admit`: finds out how many of a file's people there is room for (rules A2 and C10), once
//! all of it is read.

use std::time::Duration;

use muster_domain::ids::JobId;
use muster_ingest::{headers::Column, tags};
use muster_jobs::kinds::{ImportAdmit, ImportApply, ImportEnd};
use muster_storage::{
    Tx,
    engine::{
        claim::{self, ClaimedJob},
        enqueue::{JobOrder, enqueue, enqueue_all},
    },
    imports::{admit, agents, parts},
};

use super::{shard, steps};
use crate::{Context, Leased, error::JobError};

/// When to look again at places that other imports keep.
const OTHERS: Duration = Duration::from_secs(1);

impl Leased for ImportAdmit {
    async fn run(self, ctx: &Context, job: &ClaimedJob) -> Result<Tx, JobError> {
        steps::step(ctx, job, self.import_id, admit(ctx, job, &self)).await
    }
}

async fn admit(ctx: &Context, job: &ClaimedJob, payload: &ImportAdmit) -> Result<Tx, JobError> {
    let Some((organization, import)) = steps::running(ctx, job, payload.import_id).await? else {
        return Ok(ctx.pool.begin().await?);
    };
    let read = parts::all_read(&ctx.pool, import.id).await?;
    let mut tx = ctx.pool.begin().await?;
    if import.cancel_requested || read.to_apply == 0 {
        enqueue(&mut tx, &ImportEnd { import_id: import.id }, &ctx.origin(job)).await?;
        return Ok(tx);
    }
    if let Err(refused) = tags::not_too_many(read.tags.len()) {
        tx.rollback().await?;
        return steps::refuse(ctx, job, &import, &refused.to_string()).await;
    }
    let places = admit::places(&mut tx, &import, organization.settings.group_contact_limit).await?;
    if read.to_apply > places.free && places.kept {
        // Only imports that were not admitted yet wait, and only for admitted ones, so that none
        // waits in a circle.
        return Err(JobError::NotYet {
            delay: OTHERS,
            why: "imports into the group keep places that they may not need",
        });
    }
    let header = steps::header(&import)?;
    let names = [read.tags, import.tags.clone()].concat();
    admit::note_locked_tags(&mut tx, &import, &names).await?;
    if !import.dry_run {
        admit::create_names(&mut tx, import.organization_id, &names, &header.custom_fields()).await?;
    }
    let with_agents = header.columns.contains(&Column::AssignedAgent);
    if read.to_apply <= places.free && !with_agents {
        admit::admit_all(&mut tx, &import, read.to_apply).await?;
    } else {
        admit::begin_phones(&mut tx).await?;
        for number in 0..import.shards {
            claim::progress(&ctx.engine_pool, job, number.into(), Some(import.shards.into()), "shards counted").await?;
            let rows = shard::gather(ctx, &mut tx, &import, number).await?;
            admit::add_phones(&mut tx, &rows).await?;
        }
        admit::admit_in_order(&mut tx, &import, places.free).await?;
        if with_agents {
            agents::admit(&mut tx, &import, organization.settings.agent_contact_limit).await?;
        }
    }
    let jobs: Vec<_> = (0..import.shards).map(|shard| ImportApply { import_id: import.id, shard }).collect();
    let jobs: Vec<_> = jobs.iter().map(|job| (JobId::new(), job)).collect();
    enqueue_all(&mut tx, &jobs, JobOrder::Ordinary, &ctx.origin(job)).await?;
    Ok(tx)
}
