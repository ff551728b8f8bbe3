//! Leases that an agent holds.

use muster_domain::{goals::batch::LeaseRefusal, ids::BatchId};
use muster_storage::{
    Tx,
    goals::batches::{self, Lease},
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
