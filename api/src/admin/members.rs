//! `POST /v1/organizations/{organization_id}/members`: agents and admins (rule A5).

use axum::{extract::State, http::StatusCode, response::Response};
use muster_domain::{ids::MemberId, role::Role};
use muster_storage::members::{self, NewMember};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    auth::Admin,
    extract::{Json, text},
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMemberBody {
    /// `agent`, `group_admin`, `organization_admin` or `account_admin`; nobody appoints above themselves.
    #[schema(value_type = String)]
    role: Role,
    /// At most 100 characters.
    first_name: String,
    /// At most 100 characters.
    last_name: String,
    /// By which a file's column of agents names them; at most 254 characters, and nobody else's in the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
}

/// Creates a member. They sign in with a token, see `…/members/{member_id}/tokens`.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/members", tag = "members", params(("organization_id" = uuid::Uuid, Path)), request_body = NewMemberBody, responses((status = 201), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn create(
    State(api): State<Api>,
    admin: Admin,
    keyed: Keyed,
    Json(body): Json<NewMemberBody>,
) -> Result<Response, Problem> {
    if !admin.member.role.may_appoint(body.role) {
        return Err(Problem::forbidden(format!(
            "a {} may not appoint a {}",
            admin.member.role.as_str(),
            body.role.as_str()
        )));
    }
    let new = NewMember {
        account_id: admin.member.account_id,
        organization_id: (body.role != Role::AccountAdmin).then_some(admin.organization_id),
        role: body.role,
        first_name: text("first_name", &body.first_name, 100)?,
        last_name: text("last_name", &body.last_name, 100)?,
        email: body.email.as_deref().map(|email| text("email", email, 254)).transpose()?,
    };
    keyed
        .run(&api, admin.member.id, &body, async |tx| {
            let id = MemberId::new();
            members::create(tx, id, &new).await.map_err(|error| match error.constraint() {
                Some("member_email") => Problem::conflict("another member of the account has this email"),
                _ => error.into(),
            })?;
            Ok((StatusCode::CREATED, json!({ "id": id })))
        })
        .await
}
