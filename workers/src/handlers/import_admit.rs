//! `import-admit`: finds out how many of a file's people there is room for (rules A2 and C10), once all of it is read.

use muster_domain::{headers::Column, ids::JobId};
use muster_ingest::{header::Header, tags};
use muster_jobs::payloads::{ImportAdmit, ImportApply, ImportEnd};
use muster_storage::{
    Tx,
    engine::{
        claim::ClaimedJob,
        enqueue::{Line, enqueue, enqueue_all},
    },
    ingest::{admit, parts},
};

use crate::{
    Context,
    error::JobError,
    import::{self, shard},
};

pub(crate) async fn run(ctx: &Context, job: &ClaimedJob, payload: ImportAdmit) -> Result<Tx, JobError> {
    import::step(ctx, job, payload.import_id, admit(ctx, job, &payload)).await
}

async fn admit(ctx: &Context, job: &ClaimedJob, payload: &ImportAdmit) -> Result<Tx, JobError> {
    let Some((organization, import)) = import::running(ctx, job, payload.import_id).await? else {
        return Ok(ctx.pool.begin().await?);
    };
    let read = parts::all_read(&ctx.pool, import.id).await?;
    if let Err(refused) = tags::not_too_many(read.tags.len()) {
        return import::refuse(ctx, &import, &refused.to_string()).await;
    }
    let mut tx = ctx.pool.begin().await?;
    if import.cancel_requested || read.to_apply == 0 {
        enqueue(&mut tx, &ImportEnd { import_id: import.id }, &ctx.origin(job)).await?;
        return Ok(tx);
    }
    let header = import.header.clone().ok_or_else(|| JobError::fail("the import was not cut"))?;
    let header: Header =
        serde_json::from_value(header).map_err(|error| JobError::fail(format!("the header: {error}")))?;
    let names = [read.tags, import.tags.clone()].concat();
    if !import.dry_run {
        admit::create_names(&mut tx, import.organization_id, &names, &header.custom_fields()).await?;
    }
    let free = admit::free_places(&mut tx, &import, organization.settings.group_contact_limit).await?;
    let agents = header.columns.contains(&Column::AssignedAgent);
    if read.to_apply <= free && !agents {
        admit::admit_all(&mut tx, &import, read.to_apply).await?;
    } else {
        let sorted = parts::sorted(&ctx.pool, import.id).await?;
        admit::begin_phones(&mut tx).await?;
        for number in 0..import.shards {
            let rows = shard::gather(ctx, &import, &sorted, number).await?;
            admit::add_phones(&mut tx, &rows).await?;
        }
        admit::admit_in_order(&mut tx, &import, free).await?;
        if agents {
            admit::admit_agents(&mut tx, &import, organization.settings.agent_contact_limit).await?;
        }
    }
    let jobs: Vec<_> = (0..import.shards).map(|shard| ImportApply { import_id: import.id, shard }).collect();
    let jobs: Vec<_> = jobs.iter().map(|job| (JobId::new(), job)).collect();
    enqueue_all(&mut tx, &jobs, Line::Ordinary, &ctx.origin(job)).await?;
    Ok(tx)
}
