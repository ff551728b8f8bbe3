//! `POST /v1/organizations/{organization_id}/numbers`: numbers that the organization can text from (rule A3).

use axum::{extract::State, http::StatusCode, response::Response};
use muster_domain::{e164::E164, role::Role};
use muster_storage::groups;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{auth::Admin, extract::Json, idempotency::Keyed, problem::Problem, state::Api};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Numbers {
    /// At most 1,000 numbers in E.164 form, owned at the carrier.
    #[schema(value_type = Vec<String>)]
    numbers: Vec<E164>,
}

/// Adds numbers. Those that are known already are left as they are.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/numbers", tag = "organizations", params(("organization_id" = uuid::Uuid, Path)), request_body = Numbers, responses((status = 201), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn add(
    State(api): State<Api>,
    admin: Admin,
    keyed: Keyed,
    Json(body): Json<Numbers>,
) -> Result<Response, Problem> {
    admin.at_least(Role::OrganizationAdmin)?;
    if body.numbers.is_empty() || body.numbers.len() > 1_000 {
        return Err(Problem::invalid_body("numbers must have 1 to 1000 items"));
    }
    keyed
        .run(&api, admin.member.id, &body, async |tx| {
            let added = groups::add_numbers(tx, admin.organization_id, &body.numbers).await?;
            Ok((StatusCode::CREATED, json!({ "added": added })))
        })
        .await
}
