//! `POST /v1/redactions`: erase a person in every organization of the account (rule R3). Account
//! admins only.

use axum::extract::State;
use muster_domain::{
    ids::RedactionId,
    people::{e164::E164, phone},
};
use muster_jobs::kinds::{LedgerPublish, Redaction};
use muster_service::trace;
use muster_storage::{
    engine::enqueue::{Origin, enqueue},
    people::redactions,
    sending::Concerned,
    trust::treatment::Treatment,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    auth::AccountAdmin,
    document::{Accepted, Made, Once},
    extract::Json,
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

/// The text that must be typed.
const CONFIRMATION: &str = "I understand this cannot be undone";

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRedaction {
    /// The person's number.
    phone: String,
    /// `I understand this cannot be undone`.
    confirmation: String,
}

/// Redacts a person. From the answer on nothing is sent to the number anywhere in the account; a
/// job erases files and free text. Follow it at `/v1/redactions/{redaction_id}`.
#[utoipa::path(post, path = "/v1/redactions", tag = "privacy")]
pub(crate) async fn create(
    State(api): State<Api>,
    AccountAdmin(member): AccountAdmin,
    keyed: Keyed,
    Json(body): Json<NewRedaction>,
) -> Result<Once<Accepted<Made>>, Problem> {
    let number: E164 = phone::read(&body.phone).map_err(|error| Problem::invalid_body(format!("phone: {error}")))?;
    if body.confirmation != CONFIRMATION {
        return Err(Problem::invalid_body(format!("confirmation must be {CONFIRMATION:?}")));
    }
    let hashes = api.phone_hash_keys.of(&number);
    let mut stopped = Vec::new();
    // A request with an idempotency key is remembered by the keyed hash, like everything that is
    // kept of the number.
    let answer = keyed
        .run(&api, member.id, hashes.agreed(), async |tx| {
            let id = RedactionId::new();
            let overwritten =
                redactions::begin(tx, id, member.account_id, Some(member.id), &number, &hashes, Treatment::whole())
                    .await?;
            stopped = overwritten.contacts;
            let origin = Origin { organization_id: None, traceparent: trace::current() };
            enqueue(tx, &Redaction { redaction_id: id }, &origin).await?;
            enqueue(tx, &LedgerPublish {}, &origin).await?;
            Ok(Accepted(Made { id: id.0 }))
        })
        .await?;
    api.until_it_holds(Concerned::Contacts(&stopped)).await;
    Ok(answer)
}
