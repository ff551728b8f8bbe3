//! `carrier-lookup`: looks up who serves the numbers of a group's members (rules C5 and S10).
//!
//! Asked for when an import ends and when a goal is launched. Each job asks about a page of members whom nobody has looked up lately,
//! outside any transaction, and enqueues the next. A crash costs the answers of one page, which are asked for again. Nothing waits for
//! lookups: until there is an answer the line's type is unknown and its texts count against the strictest cap.

use std::time::Duration;

use futures::{StreamExt, stream};
use muster_carrier::twilio::LookupError;
use muster_domain::ids::GroupId;
use muster_jobs::payloads::CarrierLookup;
use muster_storage::{
    Tx,
    engine::{
        claim::ClaimedJob,
        enqueue::{Origin, enqueue},
    },
    lookups::{self, Due},
    organizations::Settings,
};

use crate::{Context, error::JobError};

/// Members of one job.
const PAGE: i64 = 500;
/// Numbers that a job asks about at once.
const AT_ONCE: usize = 8;
/// When to look again at an API that does not answer and does not say when.
const UNAVAILABLE: Duration = Duration::from_secs(20);
/// The longest that it is left alone.
const LONGEST: Duration = Duration::from_mins(15);

/// Has a group's numbers looked up, where this installation can and the organization wants it.
pub(crate) async fn request(
    ctx: &Context,
    tx: &mut Tx,
    settings: &Settings,
    group_id: GroupId,
    origin: &Origin,
) -> Result<(), JobError> {
    if ctx.lookups.is_some() && settings.carrier_lookups {
        enqueue(tx, &CarrierLookup { group_id, after: None }, origin).await?;
    }
    Ok(())
}

pub(crate) async fn run(ctx: &Context, job: &ClaimedJob, payload: CarrierLookup) -> Result<Tx, JobError> {
    let mut tx = ctx.pool.begin().await?;
    let settings = ctx.organization(&mut tx, job).await?.settings;
    let Some(api) = ctx.lookups.as_ref().filter(|_| settings.carrier_lookups) else {
        return Ok(tx);
    };
    let due = lookups::due(&mut tx, payload.group_id, settings.lookup_max_age_days, payload.after, PAGE).await?;
    tx.rollback().await?;

    let more = i64::try_from(due.len()).unwrap_or(PAGE) == PAGE;
    let mut answers = stream::iter(due)
        .map(async |due: Due| {
            let line = api.line(&due.number).await;
            (due, line)
        })
        .buffered(AT_ONCE);
    let (mut found, mut failure) = (Vec::new(), None);
    while let Some((due, line)) = answers.next().await {
        match line {
            Ok(line) => found.push((due, line)),
            // The answers before it count; those after it are asked for again.
            Err(error) => {
                failure = Some(error);
                break;
            }
        }
    }
    drop(answers);

    let mut tx = ctx.pool.begin().await?;
    let after = found.last().map(|(due, _)| due.id);
    lookups::record(&mut tx, &found).await?;
    tracing::info!(group.id = %payload.group_id, looked_up = found.len(), "looked numbers up");
    match failure {
        None if !more => Ok(tx),
        // What has been paid for is kept, whatever becomes of the rest.
        Some(error) if found.is_empty() => Err(later(&error)),
        None | Some(_) => {
            enqueue(&mut tx, &CarrierLookup { group_id: payload.group_id, after }, &ctx.origin(job)).await?;
            Ok(tx)
        }
    }
}

fn later(error: &LookupError) -> JobError {
    match error {
        LookupError::Denied(_) => JobError::fail(error.to_string()),
        LookupError::Unavailable { retry_after_seconds, .. } => {
            tracing::warn!(%error, "lookups wait");
            let delay = retry_after_seconds.map_or(UNAVAILABLE, |seconds| Duration::from_secs(seconds.into()));
            JobError::NotYet { delay: delay.min(LONGEST), why: "the lookup API does not answer" }
        }
    }
}
