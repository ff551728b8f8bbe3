//! `POST /v1/organizations/{organization_id}/members`: agents and admins (rule A5).

use axum::extract::State;
use muster_domain::{ids::MemberId, tenancy::role::Role};
use muster_storage::tenancy::members::{self, NewMember};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    auth::Admin,
    bounds,
    document::{Created, Made, Once},
    extract::Json,
    idempotency::Keyed,
    problem::Problem,
    shapes,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMemberBody {
    /// `agent`, `group_admin`, `organization_admin` or `account_admin`; nobody appoints above
    /// themselves.
    #[schema(value_type = shapes::Role)]
    role: Role,
    #[schema(value_type = bounds::PersonName)]
    first_name: String,
    #[schema(value_type = bounds::PersonName)]
    last_name: String,
    /// By which a file's column of agents names them; no other member of the organization has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<bounds::Email>)]
    email: Option<String>,
}

/// Creates a member. They sign in with a token, see `…/members/{member_id}/tokens`.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/members", tag = "members")]
pub(crate) async fn create(
    State(api): State<Api>,
    admin: Admin,
    keyed: Keyed,
    Json(body): Json<NewMemberBody>,
) -> Result<Once<Created<Made>>, Problem> {
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
        first_name: bounds::PersonName::read("first_name", &body.first_name)?,
        last_name: bounds::PersonName::read("last_name", &body.last_name)?,
        email: body.email.as_deref().map(|email| bounds::Email::read("email", email)).transpose()?,
    };
    keyed
        .run(&api, admin.member.id, &body, async |tx| {
            let id = MemberId::new();
            if !members::create(tx, id, &new).await? {
                return Err(Problem::conflict("another member has this email"));
            }
            Ok(Created(Made { id: id.0 }))
        })
        .await
}
