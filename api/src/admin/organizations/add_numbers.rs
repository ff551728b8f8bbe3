//! `POST /v1/organizations/{organization_id}/numbers`: numbers that the organization can text from
//! (rule A3).

use axum::extract::State;
use muster_domain::people::e164::E164;
use muster_storage::tenancy::numbers::{self, Added};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    auth::OrganizationAdmin,
    bounds,
    document::{Created, Once},
    extract::Json,
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Numbers {
    #[schema(value_type = bounds::NewNumbers)]
    numbers: Vec<E164>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct NumbersAdded {
    /// How many were not known before.
    added: u64,
    /// Numbers of another account, or of none where the operator arranges the owners.
    refused: Vec<String>,
}

/// Adds numbers of the account. Numbers that one of its organizations has already stay as they are,
/// and numbers that are not the account's are refused.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/numbers", tag = "organizations")]
pub(crate) async fn add(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    keyed: Keyed,
    Json(body): Json<Numbers>,
) -> Result<Once<Created<NumbersAdded>>, Problem> {
    bounds::NewNumbers::check("numbers", &body.numbers)?;
    keyed
        .run(&api, admin.member.id, &body, async |tx| {
            let Added { added, refused } =
                numbers::add(tx, admin.member.account_id, admin.organization_id, &body.numbers).await?;
            Ok(Created(NumbersAdded { added, refused }))
        })
        .await
}
