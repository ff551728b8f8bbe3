//! `POST /v1/agent/goals/{goal_id}/claim`: claim a batch under a lease (rules B2 to B4, W6).

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::{
    goals::batch::BatchKind,
    ids::{BatchId, ContactId, GoalId},
    sending::{
        batch_send::{self, BatchContact, ContactDecision},
        compose::Composer,
    },
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
    agent::{
        lease::contacts_in_hand,
        work::{AtWork, workable},
    },
    auth::Agent,
    compose::composer,
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
    contacts: Vec<BatchContactBody>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = BatchContact)]
pub(crate) struct BatchContactBody {
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
    let mut tx = api.pool.begin_repeated().await?;
    let at_work = workable(&mut tx, &agent, id, kind).await?;
    let AtWork { goal, workplace } = &at_work;
    if !members::lock_texting(&mut tx, goal.group_id, agent.member.id).await? {
        return Err(Problem::no("goal"));
    }
    let minutes = workplace.organization.settings.lease_minutes;
    let Some((lease, contacts)) = claim_with_contacts(&mut tx, &agent, goal, kind, minutes).await? else {
        tx.commit().await?;
        return Ok(Answer(Claimed { batch: None }));
    };
    let composer = composer(&agent, &at_work, kind)?;
    let contacts = contacts.iter().filter_map(|contact| preview(contact, &composer)).collect();
    tx.commit().await?;
    let batch = ClaimedBatch {
        id: lease.batch_id,
        number: lease.number,
        lease_token: lease.token,
        expires_at: lease.expires_at,
        instructions: at_work.goal.content.instructions,
        contacts,
    };
    Ok(Answer(Claimed { batch: Some(batch) }))
}

/// Claims a batch in which somebody may still be texted. One without is finished here, and the next
/// one claimed.
async fn claim_with_contacts(
    tx: &mut Tx,
    agent: &Agent,
    goal: &Goal,
    kind: BatchKind,
    minutes: i32,
) -> Result<Option<(Lease, Vec<BatchContact>)>, Problem> {
    for _ in 0..EMPTY_BATCHES_LIMIT {
        let lease = batches::claim(tx, agent.organization_id, goal.id, kind, agent.member.id, minutes).await?;
        let Some(lease) = lease else { return Ok(None) };
        let contacts = contacts_in_hand(tx, agent, goal, &lease, None).await?;
        batches::skip_all(tx, &lease, &batch_send::forbidden(&contacts)).await?;
        if !batches::finish_if_done(tx, &lease).await? {
            return Ok(Some((lease, contacts)));
        }
    }
    Ok(None)
}

/// Returns a contact and their text for the agent's screen; none where they stay out of the send
/// with any script.
fn preview(contact: &BatchContact, composer: &Composer) -> Option<BatchContactBody> {
    let (text, kept_out) = match contact.decide(true, composer) {
        ContactDecision::Queue(text) => (Some(text), None),
        ContactDecision::Skip(reason) if !reason.is_of_contact() => (None, Some(reason.word())),
        ContactDecision::Skip(_) | ContactDecision::Leave => return None,
    };
    Some(BatchContactBody {
        id: contact.contact_id,
        first_name: contact.values.first_name.clone(),
        segments: text.as_ref().map(|text| text.segments.segments),
        text: text.map(|text| text.body),
        kept_out,
    })
}
