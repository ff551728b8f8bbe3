//! `retention`: takes an organization's retention further, a slice at a time (rule R7).
//!
//! A run begins with the job that the daily upkeep enqueued, if the organization has a time for
//! anything. Each transaction begins with a lock of the run. A time that is switched off meanwhile
//! ends its step.

use std::time::Duration;

use chrono::{DateTime, Utc};
use muster_domain::{
    people::e164::E164,
    trust::retention::{self as rules, RetentionStep},
};
use muster_jobs::kinds::Retention;
use muster_storage::{
    Tx,
    engine::{claim::ClaimedJob, enqueue::enqueue},
    people::redactions,
    tenancy::organizations::Organization,
    trust::{
        retention::{self, Run},
        treatment::Treatment,
    },
};

use crate::{Context, Leased, error::JobError, handlers::imports::steps};

/// Contacts of one transaction; each takes its texts with it.
const CONTACTS: i64 = 50;
/// Conversations of one transaction.
const THREADS: i64 = 200;
/// Imports of one transaction.
const IMPORTS: i64 = 10;
/// Transactions of one job.
const SLICES: usize = 20;
/// Between two looks whether imports are over.
const AGAIN: Duration = Duration::from_mins(1);

impl Leased for Retention {
    async fn run(self, ctx: &Context, job: &ClaimedJob) -> Result<Tx, JobError> {
        for _ in 0..SLICES {
            let mut tx = ctx.pool.begin().await?;
            let organization = ctx.organization(&mut tx, job).await?;
            let run = match retention::lock_open(&mut tx, organization.id).await? {
                Some(run) => run,
                None if !rules::is_on(&organization.settings) => return Ok(tx),
                None => {
                    retention::begin(&mut tx, organization.id).await?;
                    tx.commit().await?;
                    continue;
                }
            };
            slice(ctx, &mut tx, &organization, &run).await?;
            tx.commit().await?;
            // The last step takes one slice.
            if run.step == RetentionStep::Addresses {
                tracing::info!(retention_run.id = %run.id, organization.id = %organization.id, "retention is through");
                return Ok(ctx.pool.begin().await?);
            }
        }
        let mut tx = ctx.pool.begin().await?;
        enqueue(&mut tx, &self, &ctx.origin(job)).await?;
        Ok(tx)
    }
}

/// Takes a locked run a slice further.
async fn slice(ctx: &Context, tx: &mut Tx, organization: &Organization, run: &Run) -> Result<(), JobError> {
    let Some(cutoff) = run.step.cutoff(&organization.settings, run.began_at) else {
        return Ok(retention::step_on(tx, run).await?);
    };
    match run.step {
        RetentionStep::Contacts | RetentionStep::Texts if !run.frozen => {
            Ok(retention::freeze(tx, organization.id, run, cutoff).await?)
        }
        RetentionStep::Contacts => contacts(ctx, tx, organization, run, cutoff).await,
        RetentionStep::Texts => {
            let threads = retention::next(tx, run, THREADS).await?;
            if threads.is_empty() {
                return Ok(retention::step_on(tx, run).await?);
            }
            let texts = retention::erase_texts(tx, &threads, cutoff, Treatment::whole()).await?;
            Ok(retention::record(tx, run, texts, 0).await?)
        }
        RetentionStep::Imports => imports(ctx, tx, organization, run, cutoff).await,
        RetentionStep::Addresses => {
            let addresses = retention::forget_addresses(tx, organization.id, cutoff, Treatment::whole()).await?;
            retention::record(tx, run, addresses, 0).await?;
            Ok(retention::step_on(tx, run).await?)
        }
        RetentionStep::Done => Ok(()),
    }
}

/// Redacts the next contacts. Their opt-outs stay, under the keyed hash (rule R4).
async fn contacts(
    ctx: &Context,
    tx: &mut Tx,
    organization: &Organization,
    run: &Run,
    cutoff: DateTime<Utc>,
) -> Result<(), JobError> {
    if retention::imports_under_way(tx, organization.id).await? {
        return Err(JobError::NotYet { delay: AGAIN, why: "imports that may bring contacts back are under way" });
    }
    let items = retention::next(tx, run, CONTACTS).await?;
    if items.is_empty() {
        return Ok(retention::step_on(tx, run).await?);
    }
    let leaving = retention::lock_contacts(tx, organization.id, &items, cutoff).await?;
    let hash = |number: &E164| ctx.phone_hash_keys.of(number);
    redactions::retire(tx, organization.account_id, &leaving, Treatment::whole(), hash).await?;
    retention::record(tx, run, leaving.len() as u64, (items.len() - leaving.len()) as u64).await?;
    Ok(())
}

/// Removes the files of the next imports, and then the kept rows.
async fn imports(
    ctx: &Context,
    tx: &mut Tx,
    organization: &Organization,
    run: &Run,
    cutoff: DateTime<Utc>,
) -> Result<(), JobError> {
    let old = retention::old_imports(tx, organization.id, cutoff, IMPORTS).await?;
    if old.is_empty() {
        return Ok(retention::step_on(tx, run).await?);
    }
    for import in &old {
        ctx.objects.delete(&import.object_key).await?;
        ctx.objects.delete_folder(&steps::folder(organization.id, import.id)).await?;
        retention::forget_import(tx, import.id, Treatment::whole()).await?;
    }
    Ok(retention::record(tx, run, old.len() as u64, 0).await?)
}
