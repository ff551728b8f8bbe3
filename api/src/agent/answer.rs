//! `PUT /v1/agent/threads/{thread_id}/answer`: record yes, no or maybe (rule W5).

use axum::extract::State;
use muster_domain::{
    conversations::thread::ThreadCommand,
    goals::{answer::Answer, availability::Work},
    ids::ThreadId,
};
use muster_jobs::kinds::ReminderOpen;
use muster_storage::{
    conversations::{answers, threads},
    engine::enqueue::enqueue,
    goals,
    sending::Concerned,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    agent::thread::lock_thread,
    auth::Agent,
    document::NoContent,
    extract::{Json, Path},
    problem::Problem,
    shapes,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerBody {
    #[schema(value_type = shapes::Answer)]
    answer: Answer,
}

/// Records the contact's answer, in the goal that last texted them, while it is active. Yes puts
/// them on its reminder list, and any other answer takes them off it, also a reminder that waits.
#[utoipa::path(put, path = "/v1/agent/threads/{thread_id}/answer", tag = "agent")]
pub(crate) async fn put(
    State(api): State<Api>,
    agent: Agent,
    Path(id): Path<ThreadId>,
    Json(body): Json<AnswerBody>,
) -> Result<NoContent, Problem> {
    let mut tx = api.pool.begin().await?;
    let thread = lock_thread(&mut tx, &agent, id).await?;
    // The reply is dealt with, also without a text back.
    let after = thread.thread.after(ThreadCommand::Answer(agent.member.id), thread.now)?;
    let goal_id = thread.goal_id.ok_or_else(|| Problem::conflict("no goal has texted this contact"))?;
    let goal = goals::get(&mut tx, agent.organization_id, goal_id).await?.ok_or_else(|| Problem::no("goal"))?;
    let now = tx.clock().await?;
    let moment = goal.moment(now).texted();
    moment.availability(Work::Answers).map_err(|_| Problem::conflict("the goal is not active"))?;
    if !answers::record(&mut tx, goal_id, thread.contact_id, body.answer).await? {
        return Err(Problem::conflict("the contact has not replied in this goal"));
    }
    threads::keep(&mut tx, &thread, &after).await?;
    if body.answer == Answer::Yes && moment.allows(Work::Reminders) {
        enqueue(&mut tx, &ReminderOpen { goal_id }, &agent.origin()).await?;
    }
    tx.commit().await?;
    if body.answer != Answer::Yes {
        api.until_it_holds(Concerned::Contacts(&[thread.contact_id])).await;
    }
    Ok(NoContent)
}
