//! `POST /v1/agent/threads/{thread_id}/opt-out`: the contact wants no texts (rules R2, I3 and W8).

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::{
    conversations::{agent_opt_out::AgentOptOut, thread::ThreadCommand},
    ids::{ContactId, TagId, ThreadId},
};
use muster_storage::{
    Tx,
    conversations::{
        agent_opt_outs::{self, Reason},
        threads,
    },
    people::{account_words, edit::Hearers, reasons},
    sending::Concerned,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    agent::thread::lock_contact,
    auth::Agent,
    extract::{OptionalJson, Path},
    problem::Problem,
    state::Api,
};

#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgentOptOutBody {
    /// One of the organization's reasons, of which the contact gets the tag.
    #[serde(default)]
    reason_id: Option<Uuid>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct OptedOut {
    /// Until when the same agent can undo it, if nothing is said before.
    undo_until: DateTime<Utc>,
}

/// Records an opt-out, organization-wide or account-wide as the account has it, and at once, also
/// for queued texts. The conversation is hidden. No text confirms it: the contact has not asked by
/// one.
#[utoipa::path(post, path = "/v1/agent/threads/{thread_id}/opt-out", tag = "agent")]
pub(crate) async fn opt_out(
    State(api): State<Api>,
    agent: Agent,
    Path(id): Path<ThreadId>,
    OptionalJson(body): OptionalJson<AgentOptOutBody>,
) -> Result<Answer<OptedOut>, Problem> {
    let mut tx = api.pool.begin().await?;
    account_words::lock_thread(&mut tx, agent.organization_id, id).await?;
    let (contact_id, recorded) = record(&mut tx, &agent, id, body.reason_id).await?;
    let stopped = account_words::hearing(&mut tx, agent.organization_id, contact_id).await?;
    tx.commit().await?;
    api.until_it_holds(Concerned::Contacts(&stopped)).await;
    Ok(Answer(OptedOut { undo_until: recorded.undo_until() }))
}

async fn record(
    tx: &mut Tx,
    agent: &Agent,
    id: ThreadId,
    reason_id: Option<Uuid>,
) -> Result<(ContactId, AgentOptOut), Problem> {
    let present = lock_contact(tx, agent, id).await?;
    let (words, new_tag) = match reason_id {
        None => ("recorded by an agent".to_owned(), None),
        Some(tag_id) => {
            let reason = reasons::find(tx, agent.organization_id, present.contact_id, TagId(tag_id)).await?;
            let reason = reason.ok_or_else(|| Problem::invalid_body("reason_id is none of the reasons"))?;
            let group = [present.group_id];
            let hearers = Hearers::of(Some(&group));
            let is_new = reasons::give(tx, agent.organization_id, hearers, present.contact_id, &reason).await?;
            (format!("recorded by an agent: {}", reason.name), is_new.then_some(tag_id))
        }
    };
    // Memberships come before threads in the order of locks, so that the thread is locked now.
    let thread = threads::lock(tx, agent.organization_id, id).await?.ok_or_else(|| Problem::no("thread"))?;
    thread.thread.after(ThreadCommand::OptOut(agent.member.id), thread.now)?;
    let reason = Reason { words: &words, new_tag };
    let recorded = agent_opt_outs::record(tx, agent.organization_id, &thread, agent.member.id, reason).await?;
    Ok((thread.contact_id, recorded))
}
