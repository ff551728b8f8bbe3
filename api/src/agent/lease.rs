//! Leases that an agent holds.

use muster_domain::{
    goals::batch::LeaseRefusal,
    ids::{BatchId, ContactId},
    sending::batch_send::BatchContact,
};
use muster_jobs::kinds::BatchPartition;
use muster_storage::{
    Tx,
    engine::enqueue::enqueue,
    goals::{
        Goal,
        batches::{self, Lease},
    },
};

use crate::{auth::Agent, problem::Problem};

/// Returns the lease, if the agent holds it with this token; else why not (rule B3).
pub(crate) async fn lock_lease(tx: &mut Tx, agent: &Agent, id: BatchId, token: i64) -> Result<Lease, Problem> {
    batches::lock_lease(tx, agent.organization_id, id, agent.member.id, token).await?.map_err(|refused| match refused {
        LeaseRefusal::NotYours => Problem::no("batch"),
        LeaseRefusal::StaleToken => {
            Problem::lease_stale("the batch was returned, and perhaps claimed by somebody else")
        }
        LeaseRefusal::Expired => Problem::lease_expired("claim the batch again"),
    })
}

/// Returns the contacts of a batch in hand that are neither texted nor skipped; where a request
/// names some, these and those that the agent may not text. Where one of them is another agent's by
/// now and no assignment has moved them, as after a goal was closed, a job does it: nobody could
/// ever text them here (rule W4).
pub(crate) async fn contacts_in_hand(
    tx: &mut Tx,
    agent: &Agent,
    goal: &Goal,
    lease: &Lease,
    named: Option<&[ContactId]>,
) -> Result<Vec<BatchContact>, Problem> {
    let contacts = batches::contacts(tx, goal, lease, agent.member.id, named).await?;
    if contacts.iter().any(|contact| contact.another_agents) {
        enqueue(tx, &BatchPartition { goal_id: goal.id }, &agent.origin()).await?;
    }
    Ok(contacts)
}
