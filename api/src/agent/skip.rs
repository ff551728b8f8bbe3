//! `POST /v1/agent/batches/{batch_id}/skip` (rule B5).

use axum::{Json as Answer, extract::State};
use muster_domain::ids::{BatchId, ContactId, TagId};
use muster_storage::{goals::batches, people::reasons};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    agent::lease::lock_lease,
    auth::Agent,
    bounds,
    document::Once,
    extract::{Json, Path},
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Skip {
    /// From the claim.
    lease_token: i64,
    #[schema(value_type = uuid::Uuid)]
    contact_id: ContactId,
    /// Why; no personal data.
    #[schema(value_type = bounds::Reason)]
    reason: String,
    /// One of the organization's reasons, of which the contact gets the tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<uuid::Uuid>)]
    reason_id: Option<TagId>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Skipped {
    /// The batch has no contacts left.
    batch_finished: bool,
}

/// Skips a contact for good; the reason is kept.
#[utoipa::path(post, path = "/v1/agent/batches/{batch_id}/skip", tag = "agent")]
pub(crate) async fn skip(
    State(api): State<Api>,
    agent: Agent,
    keyed: Keyed,
    Path(id): Path<BatchId>,
    Json(body): Json<Skip>,
) -> Result<Once<Answer<Skipped>>, Problem> {
    let reason = bounds::Reason::read("reason", &body.reason)?;
    keyed
        .run(&api, agent.member.id, &body, async |tx| {
            let named = match body.reason_id {
                Some(id) => {
                    let found = reasons::find(tx, agent.organization_id, body.contact_id, id).await?;
                    Some(found.ok_or_else(|| Problem::invalid_body("reason_id is none of the reasons"))?)
                }
                None => None,
            };
            let lease = lock_lease(tx, &agent, id, body.lease_token).await?;
            if batches::skip(tx, &lease, &[body.contact_id], reason).await? == 0 {
                return Err(Problem::no("contact that is still to be texted in this batch"));
            }
            if let Some(named) = &named {
                reasons::give_in_goal(tx, agent.organization_id, lease.goal_id, body.contact_id, named).await?;
            }
            let finished = batches::finish_if_done(tx, &lease).await?;
            Ok(Answer(Skipped { batch_finished: finished }))
        })
        .await
}
