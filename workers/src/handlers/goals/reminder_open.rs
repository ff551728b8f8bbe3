//! `reminder-open`: makes reminder batches of contacts with a yes, inside the reminder window
//! (rule W6).

use muster_domain::goals::{availability::Work, estimate::estimate};
use muster_jobs::kinds::ReminderOpen;
use muster_storage::{
    Tx,
    engine::claim::ClaimedJob,
    goals::{self, reminders},
};

use crate::{Context, Leased, error::JobError};

impl Leased for ReminderOpen {
    async fn run(self, ctx: &Context, job: &ClaimedJob) -> Result<Tx, JobError> {
        let mut tx = ctx.pool.begin().await?;
        let organization = ctx.organization(&mut tx, job).await?;
        let Some(goal) = goals::lock(&mut tx, organization.id, self.goal_id).await? else {
            return Err(JobError::fail("the goal does not exist"));
        };
        let now = tx.clock().await?;
        let may = goal.moment(now).allows(Work::Reminders);
        if let (true, Some(script)) = (may, &goal.content.reminder_script) {
            let settings = &organization.settings;
            let segments = estimate(script, settings.smart_encoding).segments.into();
            let opened = reminders::open(&mut tx, goal.id, settings.batch_size, segments).await?;
            let (batches, topped_up) = (opened.batches, opened.topped_up);
            tracing::info!(goal.id = %goal.id, batches, contacts.topped_up = topped_up, "opened reminders");
        }
        Ok(tx)
    }
}
