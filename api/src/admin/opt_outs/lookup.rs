//! `POST /v1/organizations/{organization_id}/opt-outs/lookup`: is this number opted out?

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::{
    ids::ContactId,
    people::{contact::OptOutOrigin, phone},
};
use muster_storage::people::opt_outs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{auth::Admin, bounds, extract::Json, problem::Problem, shapes, state::Api};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OptOutLookup {
    /// The number. It stands in the body, because addresses of requests are logged on the way.
    #[schema(value_type = bounds::WrittenPhone)]
    phone: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct OptOutAnswer {
    opted_out: bool,
    /// Null where it is not opted out, and for the remainder of a redacted person.
    since: Option<DateTime<Utc>>,
    /// How it was recorded. `redacted`: the remainder of a redacted person says so. `account`:
    /// another organization of the account heard it; null for a group admin.
    #[schema(value_type = Option<shapes::OptOutOrigin>)]
    origin: Option<OptOutOrigin>,
    /// The reason that was given, of contacts that are the admin's alone to see.
    reason: Option<String>,
    /// The contact, if the admin may see them.
    #[schema(value_type = Option<uuid::Uuid>)]
    contact_id: Option<ContactId>,
}

/// Tells whether a number is opted out in the organization, since when, and its origin. The answer
/// is the same for a number without a contact and for one that may be texted.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/opt-outs/lookup", tag = "contacts")]
pub(crate) async fn lookup(
    State(api): State<Api>,
    admin: Admin,
    Json(body): Json<OptOutLookup>,
) -> Result<Answer<OptOutAnswer>, Problem> {
    let written = bounds::WrittenPhone::read("phone", &body.phone)?;
    let number = phone::read(written).map_err(|error| Problem::invalid_body(format!("phone: {error}")))?;
    let hashes = api.phone_hash_keys.of(&number);
    let mut tx = api.pool.begin().await?;
    let (account, organization) = (admin.member.account_id, admin.organization_id);
    let found = opt_outs::of_number(&mut tx, account, organization, admin.groups(), &number, &hashes).await?;
    Ok(Answer(match found {
        None => OptOutAnswer { opted_out: false, since: None, origin: None, reason: None, contact_id: None },
        Some(found) => OptOutAnswer {
            opted_out: true,
            since: found.since,
            origin: found.origin,
            reason: found.reason,
            contact_id: found.contact_id,
        },
    }))
}
