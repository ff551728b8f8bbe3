//! `POST /v1/operator/unknown-texts/{message_id}/settle`.

use axum::extract::State;
use muster_domain::ids::MessageId;
use muster_storage::sending::{self, Outcomes};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    auth::Operator,
    bounds,
    document::NoContent,
    extract::{Json, Path},
    problem::Problem,
    state::Api,
};

/// The carrier's word on a text: the id under which it has it, or the code by which it refused it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CarriersWord {
    /// The id under which the carrier has the text, which was sent.
    #[schema(value_type = Option<bounds::CarrierSid>)]
    carrier_sid: Option<String>,
    /// The carrier's code for a text that it did not take, which has failed.
    #[schema(value_type = Option<bounds::CarrierCode>)]
    error_code: Option<i32>,
    /// Where the carrier's word was found; no personal data.
    #[schema(value_type = bounds::Reason)]
    reason: String,
}

/// Settles a text of unknown outcome by the carrier's word, as its console or its support tells it:
/// with `carrier_sid` the text was sent, with `error_code` it has failed and its segments are given
/// back. It is not sent again in either case.
#[utoipa::path(post, path = "/v1/operator/unknown-texts/{message_id}/settle", tag = "operator")]
pub(crate) async fn settle(
    State(api): State<Api>,
    _operator: Operator,
    Path(id): Path<MessageId>,
    Json(word): Json<CarriersWord>,
) -> Result<NoContent, Problem> {
    bounds::Reason::read("reason", &word.reason)?;
    let mut outcomes = Outcomes::default();
    match (word.carrier_sid, word.error_code) {
        (Some(sid), None) => outcomes.accepted.push((id, bounds::CarrierSid::read("carrier_sid", &sid)?.to_owned())),
        (None, Some(code)) => outcomes.refused.push((id, bounds::CarrierCode::read("error_code", code)?)),
        _ => return Err(Problem::invalid_body("give either carrier_sid or error_code")),
    }
    let mut tx = api.pool.begin().await?;
    // Another text of the contact may be settled just now: a copy is one message's.
    let known = sending::lock_known_sids(&mut tx, &[id]).await?;
    if outcomes.accepted.iter().any(|(_, sid)| known.contains(sid)) {
        return Err(Problem::conflict("another text to the contact has this carrier_sid"));
    }
    let text = sending::lock_unknown(&mut tx, id).await?;
    let text = text.ok_or_else(|| Problem::no("text of unknown outcome"))?;
    let settled = sending::settle(&mut tx, &[text.send_job_id], &outcomes).await?;
    sending::lock_ledgers(&mut tx, text.brand_id, &[id]).await?;
    sending::settle_ledger(&mut tx, text.brand_id, &outcomes, &settled).await?;
    tx.commit().await?;
    Ok(NoContent)
}
