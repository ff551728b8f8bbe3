//! Threads that an agent holds.

use muster_domain::ids::ThreadId;
use muster_storage::{
    Tx,
    conversations::threads::{self, Locked},
};

use crate::{auth::Agent, problem::Problem};

/// Returns the thread, if this agent holds it; else the holder and the end of the claim.
pub(crate) async fn lock_thread(tx: &mut Tx, agent: &Agent, id: ThreadId) -> Result<Locked, Problem> {
    let thread = threads::lock(tx, agent.organization_id, id).await?.ok_or_else(|| Problem::no("thread"))?;
    agent.group(thread.group_id).map_err(|_| Problem::no("thread"))?;
    match thread.holder {
        Some((holder, _)) if holder == agent.member.id => Ok(thread),
        Some((holder, until)) => Err(Problem::thread_held("wait until the claim ends")
            .with("held_by", holder.to_string())
            .with("held_until", until.to_rfc3339())),
        None => Err(Problem::conflict("claim the thread first")),
    }
}
