//! Threads that an agent holds.

use muster_domain::{conversations::thread::ThreadRefusal, ids::ThreadId};
use muster_storage::{
    Tx,
    conversations::threads::{self, Locked},
};

use crate::{auth::Agent, problem::Problem};

/// Returns the thread, if this agent holds it; else the holder and the end of the claim.
pub(crate) async fn lock_thread(tx: &mut Tx, agent: &Agent, id: ThreadId) -> Result<Locked, Problem> {
    let thread = threads::lock(tx, agent.organization_id, id).await?.ok_or_else(|| Problem::no("thread"))?;
    agent.group(thread.group_id).map_err(|_| Problem::no("thread"))?;
    thread.thread.held_by(agent.member.id, thread.now)?;
    Ok(thread)
}

impl From<ThreadRefusal> for Problem {
    fn from(refusal: ThreadRefusal) -> Self {
        match refusal {
            ThreadRefusal::Held(claim) => Self::thread_held(refusal.to_string())
                .with("held_by", claim.agent_id.to_string())
                .with("held_until", claim.until.to_rfc3339()),
            ThreadRefusal::NotClaimed | ThreadRefusal::Read | ThreadRefusal::Closed | ThreadRefusal::Goal(_) => {
                Self::conflict(refusal.to_string())
            }
        }
    }
}
