//! Threads that an agent works on: reading them, and the shell of the commands to them.

use muster_domain::{
    conversations::thread::{Thread, ThreadCommand, ThreadRefusal},
    ids::{ContactId, ThreadId},
};
use muster_storage::{
    Tx,
    conversations::{
        agent_opt_outs,
        threads::{self, Locked},
    },
    tenancy::members,
    trust::audit,
};

use crate::{auth::Agent, problem::Problem};

/// Makes sure that the agent texts in the thread's group until the transaction ends.
async fn lock_texting(tx: &mut Tx, agent: &Agent, id: ThreadId) -> Result<(), Problem> {
    let no_thread = || Problem::no("thread");
    let group_id = threads::group_of(tx, agent.organization_id, id).await?.ok_or_else(no_thread)?;
    agent.group(group_id).map_err(|_| no_thread())?;
    if members::lock_texting(tx, group_id, agent.member.id).await? { Ok(()) } else { Err(no_thread()) }
}

/// Returns a thread of a group in which this agent texts, locked for a command.
pub(crate) async fn lock_thread(tx: &mut Tx, agent: &Agent, id: ThreadId) -> Result<Locked, Problem> {
    lock_texting(tx, agent, id).await?;
    let locked = threads::lock(tx, agent.organization_id, id).await?.ok_or_else(|| Problem::no("thread"))?;
    audit::concerns("contact", locked.contact_id.0);
    Ok(locked)
}

/// Returns a thread that this agent works on, for a change of its contact. The contact is locked
/// and the thread is not: contacts and their memberships come before threads in the order of locks.
pub(crate) async fn lock_contact(tx: &mut Tx, agent: &Agent, id: ThreadId) -> Result<Locked, Problem> {
    let no_thread = || Problem::no("thread");
    agent_opt_outs::lock_contact(tx, agent.organization_id, id).await?.ok_or_else(no_thread)?;
    lock_texting(tx, agent, id).await?;
    let thread = threads::at_present(tx, agent.organization_id, id).await?.ok_or_else(no_thread)?;
    thread.thread.worked_by(agent.member.id, thread.now)?;
    audit::concerns("contact", thread.contact_id.0);
    if thread.thread.closed { Err(ThreadRefusal::Closed.into()) } else { Ok(thread) }
}

/// Returns the contact of a thread of a group in which this agent texts, locked.
pub(crate) async fn lock_contact_of(tx: &mut Tx, agent: &Agent, id: ThreadId) -> Result<ContactId, Problem> {
    let found = agent_opt_outs::lock_contact(tx, agent.organization_id, id).await?;
    let contact = found.ok_or_else(|| Problem::no("thread"))?;
    lock_texting(tx, agent, id).await?;
    audit::concerns("contact", contact.0);
    Ok(contact)
}

/// Follows a command to a locked thread, and returns the thread after it.
pub(crate) async fn follow(tx: &mut Tx, locked: &Locked, command: ThreadCommand) -> Result<Thread, Problem> {
    let after = locked.thread.after(command, locked.now)?;
    threads::keep(tx, locked, &after).await?;
    Ok(after)
}

impl From<ThreadRefusal> for Problem {
    fn from(refusal: ThreadRefusal) -> Self {
        match refusal {
            ThreadRefusal::Held(claim) => Self::thread_held(refusal.to_string())
                .with("held_by", claim.agent_id.to_string())
                .with("held_until", claim.until.to_rfc3339()),
            ThreadRefusal::NotClaimed
            | ThreadRefusal::Read
            | ThreadRefusal::Closed
            | ThreadRefusal::ToSelf
            | ThreadRefusal::Goal(_) => Self::conflict(refusal.to_string()),
        }
    }
}
