//! `POST /v1/agent/batches/{batch_id}/preview`: a text of a batch in hand as it would go
//! (rules M1 to M4 and W9).

use axum::{Json as Answer, extract::State};
use muster_domain::{
    ids::{BatchId, ContactId},
    sending::{batch_send::ContactDecision, compose::Text, segments::Segments},
};
use muster_storage::goals::batches;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    agent::{
        edited,
        lease::lock_lease,
        send_one::find,
        work::{AtWork, workable},
    },
    auth::Agent,
    bounds,
    compose::composer,
    extract::{Json, Path},
    problem::Problem,
    shapes,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TextToPreview {
    /// From the claim.
    lease_token: i64,
    #[schema(value_type = uuid::Uuid)]
    contact_id: ContactId,
    /// The initial as the agent would edit it; the script's text if absent.
    #[serde(default)]
    #[schema(value_type = Option<bounds::ReplyText>)]
    text: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct PreviewedText {
    /// The text; null where the contact would be sent nothing.
    text: Option<String>,
    #[schema(value_type = Option<shapes::Segments>)]
    segments: Option<Segments>,
    /// Why they would be sent nothing.
    kept_out: Option<String>,
    /// The text is not the script's.
    edited: bool,
}

/// Shows one contact's text as it would go, and its segments. An edited one is refused where
/// sending it would be. Nothing is changed.
#[utoipa::path(post, path = "/v1/agent/batches/{batch_id}/preview", tag = "agent")]
pub(crate) async fn preview(
    State(api): State<Api>,
    agent: Agent,
    Path(id): Path<BatchId>,
    Json(body): Json<TextToPreview>,
) -> Result<Answer<PreviewedText>, Problem> {
    let words = body.text.as_deref().map(|text| bounds::ReplyText::read("text", text)).transpose()?;
    let mut tx = api.pool.begin().await?;
    let lease = lock_lease(&mut tx, &agent, id, body.lease_token).await?;
    let at_work = workable(&mut tx, &agent, lease.goal_id, lease.kind).await?;
    let composer = composer(&agent, &at_work, lease.kind)?;
    let AtWork { goal, workplace } = &at_work;
    let contacts = batches::contacts(&mut tx, goal, &lease, agent.member.id, Some(&[body.contact_id])).await?;
    let contact = find(&contacts, body.contact_id)?;
    let told = |Text { body, segments }, edited| {
        Answer(PreviewedText { text: Some(body), segments: Some(segments), kept_out: None, edited })
    };
    match (contact.decide(true, &composer), words) {
        (ContactDecision::Leave, _) => Err(Problem::conflict("the contact is another agent's by now")),
        (ContactDecision::Skip(reason), words) if words.is_none() || reason.is_of_contact() => {
            let kept_out = Some(reason.word());
            Ok(Answer(PreviewedText { text: None, segments: None, kept_out, edited: false }))
        }
        (ContactDecision::Queue(text), None) => Ok(told(text, false)),
        (_, words) => {
            let words = words.unwrap_or_default();
            let made =
                edited::compose(&mut tx, &workplace.organization, goal, &lease, contact, &composer, words).await?;
            Ok(told(made.text, made.edited))
        }
    }
}
