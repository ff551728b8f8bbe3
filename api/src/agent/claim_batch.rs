//! `POST /v1/agent/goals/{goal_id}/claim`: claim a batch under a lease (rules B2 to B4, W6).

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::{
    goals::batch::BatchKind,
    ids::{BatchId, ContactId, GoalId},
    sending::template::Template,
};
use muster_storage::{
    Tx,
    goals::{
        Goal,
        batches::{self, Lease},
    },
    tenancy::members,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    agent::work::{script, workable},
    auth::Agent,
    compose::{Composer, goal_date},
    extract::{Json, Path},
    problem::Problem,
    state::Api,
};

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Workflow {
    /// Open conversations.
    Initial,
    /// Remind contacts with a yes.
    Reminder,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claim {
    workflow: Workflow,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Claimed {
    /// Null when there is nothing for the agent now.
    batch: Option<ClaimedBatch>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ClaimedBatch {
    #[schema(value_type = uuid::Uuid)]
    id: BatchId,
    /// Its place among the goal's batches.
    number: i32,
    /// Fencing token: it shuts out the former holder (rule B3).
    lease_token: i64,
    expires_at: DateTime<Utc>,
    instructions: String,
    contacts: Vec<BatchContact>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct BatchContact {
    #[schema(value_type = uuid::Uuid)]
    id: ContactId,
    first_name: String,
    /// The text that they would be sent; absent where they are kept out.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    segments: Option<u32>,
    /// Why they would be sent nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    kept_out: Option<String>,
}

/// Batches that one request finishes because nobody in them may be texted any more.
const EMPTY_BATCHES_LIMIT: usize = 100;

/// Claims the next batch, or returns the one that the agent holds already, so that asking again is
/// harmless. `batch` is null when there is nothing for them now.
#[utoipa::path(post, path = "/v1/agent/goals/{goal_id}/claim", tag = "agent")]
pub(crate) async fn claim(
    State(api): State<Api>,
    agent: Agent,
    Path(id): Path<GoalId>,
    Json(body): Json<Claim>,
) -> Result<Answer<Claimed>, Problem> {
    let kind = match body.workflow {
        Workflow::Initial => BatchKind::Initial,
        Workflow::Reminder => BatchKind::Reminder,
    };
    let mut tx = api.pool.begin().await?;
    let goal = workable(&mut tx, &agent, id, kind).await?;
    if !members::lock_texting(&mut tx, goal.group_id, agent.member.id).await? {
        return Err(Problem::no("goal"));
    }
    if !members::lock_texting(&mut tx, goal.group_id, agent.member.id).await? {
        return Err(Problem::no("goal"));
    }
    let minutes = agent.organization(&mut tx).await?.settings.lease_minutes;
    let mut lease = batches::claim(&mut tx, agent.organization_id, id, kind, agent.member.id, minutes).await?;
    let mut empty = 0;
    while let Some(claimed) = &lease {
        // A batch in which nobody may be texted any more is finished here, and the next one
        // claimed.
        batches::skip_forbidden(&mut tx, &goal, claimed).await?;
        if !batches::finish_if_done(&mut tx, claimed).await? {
            break;
        }
        empty += 1;
        lease = if empty < EMPTY_BATCHES_LIMIT {
            batches::claim(&mut tx, agent.organization_id, id, kind, agent.member.id, minutes).await?
        } else {
            None
        };
    }
    let Some(lease) = lease else {
        tx.commit().await?;
        return Ok(Answer(Claimed { batch: None }));
    };
    let contacts = preview(&mut tx, &agent, &goal, &lease).await?;
    tx.commit().await?;
    let batch = ClaimedBatch {
        id: lease.batch_id,
        number: lease.number,
        lease_token: lease.token,
        expires_at: lease.expires_at,
        instructions: goal.content.instructions,
        contacts,
    };
    Ok(Answer(Claimed { batch: Some(batch) }))
}

/// Returns the batch's contacts and their texts, for the agent's screen.
async fn preview(tx: &mut Tx, agent: &Agent, goal: &Goal, lease: &Lease) -> Result<Vec<BatchContact>, Problem> {
    let organization = agent.organization(tx).await?;
    let group =
        groups::get(&mut *tx, agent.organization_id, goal.group_id).await?.ok_or_else(|| Problem::no("group"))?;
    let composer = Composer {
        template: Template::parse(script(goal, lease.kind), |_| true)
            .map_err(|error| Problem::conflict(error.to_string()))?,
        agent: &agent.member,
        group: &group,
        organization: &organization,
        goal_date: goal_date(goal),
    };
    let recipients = batches::recipients(tx, goal, lease, agent.member.id).await?;
    Ok(recipients
        .iter()
        .map(|to| {
            let (id, first_name) = (to.contact_id, to.values.first_name.clone());
            match composer.compose(to) {
                Ok((text, count)) => {
                    BatchContact { id, first_name, text: Some(text), segments: Some(count.segments), kept_out: None }
                }
                Err(kept_out) => {
                    BatchContact { id, first_name, text: None, segments: None, kept_out: Some(kept_out.reason()) }
                }
            }
        })
        .collect())
}
