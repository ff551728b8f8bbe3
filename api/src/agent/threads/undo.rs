//! `POST /v1/agent/threads/{thread_id}/opt-out/undo`: takes an opt-out back (rules W9 and I3).

use axum::extract::State;
use muster_domain::{conversations::agent_opt_out::UndoRefusal, ids::ThreadId};
use muster_storage::{
    conversations::{agent_opt_outs, threads},
    people::{
        account_words,
        edit::{self, Hearers},
    },
};

use crate::{
    agent::thread::lock_contact_of, auth::Agent, document::NoContent, extract::Path, problem::Problem, state::Api,
};

impl From<UndoRefusal> for Problem {
    fn from(refusal: UndoRefusal) -> Self {
        match refusal {
            UndoRefusal::NotYours | UndoRefusal::TooLate | UndoRefusal::SaidSince => {
                Self::conflict(refusal.to_string())
            }
        }
    }
}

/// Undoes an opt-out that the same agent has recorded here within the last 30 seconds, if nothing
/// was said since: no text of the contact came in, and no other opt-out was recorded. The
/// conversation is as it was; texts that the opt-out has cancelled stay so.
#[utoipa::path(post, path = "/v1/agent/threads/{thread_id}/opt-out/undo", tag = "agent")]
pub(crate) async fn undo(State(api): State<Api>, agent: Agent, Path(id): Path<ThreadId>) -> Result<NoContent, Problem> {
    let mut tx = api.pool.begin().await?;
    account_words::lock_thread(&mut tx, agent.organization_id, id).await?;
    let contact_id = lock_contact_of(&mut tx, &agent, id).await?;
    let undoable = agent_opt_outs::undoable(&mut tx, contact_id, id).await?.ok_or(UndoRefusal::NotYours)?;
    let after = undoable.opt_out.undo(agent.member.id, undoable.standing, undoable.texts, undoable.now)?;
    if let Some(tag_id) = undoable.new_tag {
        let group_id = threads::group_of(&mut tx, agent.organization_id, id).await?;
        let learn = [group_id.ok_or_else(|| Problem::no("thread"))?];
        let hearers = Hearers::of(Some(&learn));
        edit::remove_tag(&mut tx, agent.organization_id, hearers, &[contact_id], tag_id).await?;
    }
    agent_opt_outs::undo(&mut tx, agent.organization_id, contact_id, after).await?;
    tx.commit().await?;
    Ok(NoContent)
}
