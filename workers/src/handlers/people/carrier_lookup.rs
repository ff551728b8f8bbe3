//! `carrier-lookup`: looks up the carriers of the numbers of a group's members (rules C5 and S10).
//!
//! Asked for when an import ends and when a goal is launched. Each job asks about a page of members
//! without a recent answer, outside any transaction, and enqueues the next; those of a group run
//! one after another. Answers are kept, with any outcome of the rest; a crash costs the answers of
//! one page. Nothing waits for lookups: until there is an answer the line's type is unknown and its
//! texts count against the strictest cap.

use std::time::Duration;

use futures::{StreamExt, stream};
use muster_carrier::twilio::LookupError;
use muster_domain::{
    ids::{ContactId, GroupId, JobId},
    tenancy::settings::OrganizationSettings,
};
use muster_jobs::kinds::CarrierLookup;
use muster_storage::{
    Page, Tx,
    engine::{
        claim::ClaimedJob,
        enqueue::{JobOrder, Origin, enqueue_all},
    },
    people::lookups::{self, Due},
};

use crate::{Context, Leased, error::JobError};

/// Members of one job.
const PAGE_SIZE: i64 = 200;
/// Numbers that a job asks about at once.
const AT_ONCE: usize = 8;
/// When to go on with an API that answered some and refused some, and did not say when.
const BUSY: Duration = Duration::from_secs(5);
/// The longest that it is left alone because it says so.
const LONGEST_DELAY: Duration = Duration::from_mins(15);

/// Has a group's numbers looked up, where this installation can and the organization wants it.
pub(crate) async fn request(
    ctx: &Context,
    tx: &mut Tx,
    settings: &OrganizationSettings,
    group_id: GroupId,
    origin: &Origin,
) -> Result<(), JobError> {
    if ctx.lookups.is_some() && settings.carrier_lookups { page(tx, group_id, None, origin).await } else { Ok(()) }
}

async fn page(tx: &mut Tx, group_id: GroupId, after: Option<ContactId>, origin: &Origin) -> Result<(), JobError> {
    // One after another: an answer that one has paid for is not asked for again by the next.
    let line = format!("carrier-lookup:{group_id}");
    enqueue_all(tx, &[(JobId::new(), &CarrierLookup { group_id, after })], JobOrder::InOrder(&line), origin).await?;
    Ok(())
}

impl Leased for CarrierLookup {
    async fn run(self, ctx: &Context, job: &ClaimedJob) -> Result<Tx, JobError> {
        let mut tx = ctx.pool.begin().await?;
        let settings = ctx.organization(&mut tx, job).await?.settings;
        let Some(api) = ctx.lookups.as_ref().filter(|_| settings.carrier_lookups) else {
            return Ok(tx);
        };
        let asked_at = tx.clock().await?;
        let asked = Page { after: self.after, limit: PAGE_SIZE };
        let due = lookups::due(&mut tx, self.group_id, settings.lookup_max_age_days, asked).await?;
        tx.rollback().await?;

        let next = asked.next(&due, |due| due.id);
        let mut answers = stream::iter(due)
            .map(async |due: Due| {
                let line = api.line(&due.number).await;
                (due, line)
            })
            .buffer_unordered(AT_ONCE);
        let (mut found, mut failure) = (Vec::new(), None);
        while let Some((due, line)) = answers.next().await {
            match line {
                Ok(line) => found.push((due, line)),
                Err(error) => failure = Some(error),
            }
        }
        drop(answers);

        let mut tx = ctx.pool.begin().await?;
        lookups::record(&mut tx, &found, asked_at).await?;
        tracing::info!(group.id = %self.group_id, looked_up = found.len(), failed = failure.is_some(), "looked numbers up");
        if let Some(error) = failure {
            tx.commit().await?;
            return Err(later(&error, !found.is_empty()));
        }
        if next.is_some() {
            page(&mut tx, self.group_id, next, &ctx.origin(job)).await?;
        }
        Ok(tx)
    }
}

/// The page is looked at again, and contacts with an answer are not in it any more. An attempt that
/// brought nothing counts: one number that is never answered does not keep a job alive for ever.
fn later(error: &LookupError, was_of_use: bool) -> JobError {
    let asked_to_wait = match error {
        LookupError::Denied(_) => return JobError::fail(error.to_string()),
        LookupError::Unavailable { retry_after_seconds, .. } => {
            retry_after_seconds.map(|seconds| Duration::from_secs(seconds.into()).min(LONGEST_DELAY))
        }
    };
    if was_of_use {
        JobError::NotYet { delay: asked_to_wait.unwrap_or(BUSY), why: "the lookup API does not answer all" }
    } else {
        JobError::Retry { delay: asked_to_wait, error: error.to_string(), database_lost: false }
    }
}
