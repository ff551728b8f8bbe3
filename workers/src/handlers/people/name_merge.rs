//! `name-merge`: moves contacts from a tag or a custom field to another, a slice at a time
//! (rule C16).

use std::time::Duration;

use muster_jobs::kinds::NameMerge;
use muster_storage::{
    Tx,
    engine::{claim::ClaimedJob, enqueue::enqueue},
    people::merges::{self, Advanced},
};

use crate::{Context, Leased, error::JobError};

/// Contacts of a slice.
const SLICE: usize = 5_000;
/// Between two looks whether imports are over.
const IMPORTS: Duration = Duration::from_secs(2);

impl Leased for NameMerge {
    async fn run(self, ctx: &Context, job: &ClaimedJob) -> Result<Tx, JobError> {
        let organization_id = job.organization_id.ok_or_else(|| JobError::fail("the job names no organization"))?;
        let mut tx = ctx.pool.begin().await?;
        match merges::advance(&mut tx, organization_id, self.merge_id, SLICE).await? {
            Advanced::Again => {
                enqueue(&mut tx, &self, &ctx.origin(job)).await?;
            }
            Advanced::Waits => {
                return Err(JobError::NotYet {
                    delay: IMPORTS,
                    why: "imports that began before the merge are under way",
                });
            }
            Advanced::Done => tracing::info!(merge.id = %self.merge_id, "merged"),
        }
        Ok(tx)
    }
}
