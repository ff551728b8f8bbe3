//! `bulk-change`: works through the contacts of a bulk change (rule C16).
//!
//! The first job freezes the set. Each job takes some slices, one transaction each, and enqueues
//! the next. A transaction begins with a lock of the bulk change, so that a worker that stood still
//! and another that has the job by now take different contacts, and a cancellation falls between
//! two slices. A worker that dies costs one slice.

use muster_domain::{
    ids::{ContactId, GroupId, MemberId, OrganizationId},
    people::bulk::{BulkAction, BulkCommand, BulkFailure, BulkOutcome, BulkState},
    tenancy::{role::Role, settings::OrganizationSettings},
};
use muster_jobs::kinds::BulkChange;
use muster_storage::{
    Tx,
    engine::{claim::ClaimedJob, enqueue::enqueue},
    people::{
        bulk::{self, BulkChange as Change},
        contacts,
        edit::{self, Hearers},
        memberships::{self, Assigned, Joining, Outcomes},
    },
    tenancy::organizations::Organization,
};

use crate::{Context, Leased, error::JobError, rights};

/// Contacts of one transaction. Their rows are locked as long as it takes.
const SLICE: i64 = 200;
/// Transactions of one job.
const SLICES: usize = 25;

impl Leased for BulkChange {
    async fn run(self, ctx: &Context, job: &ClaimedJob) -> Result<Tx, JobError> {
        for _ in 0..SLICES {
            let mut tx = ctx.pool.begin().await?;
            let organization = ctx.organization(&mut tx, job).await?;
            let Some(change) = bulk::lock(&mut tx, organization.id, self.bulk_change_id).await? else {
                return Err(JobError::fail("the bulk change does not exist"));
            };
            match change.state {
                BulkState::Succeeded | BulkState::Failed | BulkState::Cancelled => return Ok(tx),
                BulkState::Waiting => bulk::freeze(&mut tx, organization.id, &change).await?,
                BulkState::Running => match slice(&mut tx, &organization, &change).await? {
                    Step::Went => {}
                    Step::Over => return Ok(tx),
                    Step::Failed(why) => {
                        // Nothing of the slice is kept.
                        tx.rollback().await?;
                        return fail(ctx, &organization, &self, why).await;
                    }
                },
            }
            tx.commit().await?;
        }
        let mut tx = ctx.pool.begin().await?;
        enqueue(&mut tx, &self, &ctx.origin(job)).await?;
        Ok(tx)
    }
}

/// The end of a transaction.
enum Step {
    /// There may be more.
    Went,
    /// The set has no more.
    Over,
    /// It cannot go on.
    Failed(BulkFailure),
}

async fn fail(ctx: &Context, organization: &Organization, job: &BulkChange, why: BulkFailure) -> Result<Tx, JobError> {
    let mut tx = ctx.pool.begin().await?;
    if let Some(change) = bulk::lock(&mut tx, organization.id, job.bulk_change_id).await? {
        bulk::end(&mut tx, &change, BulkCommand::Fail, Some(why)).await?;
        tracing::warn!(bulk_change.id = %change.id, why = why.as_str(), "a bulk change cannot go on");
    }
    Ok(tx)
}

async fn slice(tx: &mut Tx, organization: &Organization, change: &Change) -> Result<Step, JobError> {
    if !rights::may_go_on(tx, organization, change.created_by, change.readers.as_deref(), Role::GroupAdmin).await? {
        return Ok(Step::Failed(BulkFailure::NotAllowedAnyMore));
    }
    let action = change.read_action()?;
    if let BulkAction::Assign { group_id, .. }
    | BulkAction::Unassign { group_id }
    | BulkAction::RemoveFromGroup { group_id } = action
    {
        memberships::lock_goals(tx, group_id).await?;
    }
    let next = bulk::next(tx, change, SLICE).await?;
    if next.is_empty() {
        bulk::end(tx, change, BulkCommand::Finish, None).await?;
        tracing::info!(bulk_change.id = %change.id, contacts = change.done, "a bulk change is through");
        return Ok(Step::Over);
    }
    let acted = act(tx, organization.id, &organization.settings, change, action, &next.contacts).await?;
    let mut outcomes = match acted {
        Ok(outcomes) => outcomes,
        Err(why) => return Ok(Step::Failed(why)),
    };
    outcomes.extend(next.left_out);
    bulk::record(tx, change, &outcomes).await?;
    Ok(Step::Went)
}

/// Does the action for contacts that are there.
async fn act(
    tx: &mut Tx,
    organization_id: OrganizationId,
    settings: &OrganizationSettings,
    change: &Change,
    action: BulkAction,
    contacts: &[ContactId],
) -> Result<Result<Outcomes, BulkFailure>, JobError> {
    let readers = change.readers.as_deref();
    let limit = settings.agent_contact_limit;
    Ok(Ok(match action {
        BulkAction::Tag { .. } | BulkAction::Untag { .. } => {
            let adds = matches!(action, BulkAction::Tag { .. });
            let Some(tag_id) = change.tag_id else { return Ok(Ok(told(contacts, &[]))) };
            if !edit::lock_tag(tx, tag_id).await? {
                return Ok(Err(BulkFailure::TagGone));
            }
            let hearers = Hearers::of(readers);
            let changed = if adds {
                edit::add_tag(tx, organization_id, hearers, contacts, tag_id).await?
            } else {
                edit::remove_tag(tx, organization_id, hearers, contacts, tag_id).await?
            };
            told(contacts, &changed)
        }
        BulkAction::OptOut { reason } => {
            told(contacts, &contacts::opt_out_all(tx, organization_id, contacts, &reason).await?)
        }
        BulkAction::Assign { group_id, agent_id } => {
            return assign(tx, group_id, contacts, Some(agent_id), limit).await;
        }
        BulkAction::Unassign { group_id } => return assign(tx, group_id, contacts, None, limit).await,
        BulkAction::Deactivate { group_id } => memberships::set_active(tx, group_id, contacts, false).await?,
        BulkAction::Reactivate { group_id } => memberships::set_active(tx, group_id, contacts, true).await?,
        BulkAction::AddToGroup { group_id } => {
            let joining = Joining { organization_id, group_id, readers, limit: settings.group_contact_limit };
            memberships::add(tx, joining, contacts).await?
        }
        BulkAction::RemoveFromGroup { group_id } => {
            memberships::remove(tx, organization_id, group_id, contacts).await?
        }
    }))
}

async fn assign(
    tx: &mut Tx,
    group_id: GroupId,
    contacts: &[ContactId],
    agent: Option<MemberId>,
    limit: i32,
) -> Result<Result<Outcomes, BulkFailure>, JobError> {
    Ok(match memberships::assign(tx, group_id, contacts, agent, limit).await? {
        Assigned::Done(outcomes) => Ok(outcomes),
        Assigned::NoAgent => Err(BulkFailure::AgentGone),
    })
}

/// Returns the outcomes where some contacts were changed and the others were so already.
fn told(contacts: &[ContactId], changed: &[ContactId]) -> Outcomes {
    let all = contacts.iter().map(|id| (*id, BulkOutcome::Unchanged));
    all.chain(changed.iter().map(|id| (*id, BulkOutcome::Changed))).collect()
}
