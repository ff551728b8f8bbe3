//! `GET /v1/account`: the caller and their account.

use axum::{Json, extract::State};
use muster_domain::{
    ids::{AccountId, GroupId, MemberId, OrganizationId},
    tenancy::role::Role,
};
use muster_storage::tenancy::organizations;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{auth::Caller, problem::Problem, shapes, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct Account {
    #[schema(value_type = uuid::Uuid)]
    account_id: AccountId,
    account_name: String,
    #[schema(value_type = uuid::Uuid)]
    member_id: MemberId,
    #[schema(value_type = Option<uuid::Uuid>)]
    organization_id: Option<OrganizationId>,
    #[schema(value_type = shapes::Role)]
    role: Role,
    #[schema(value_type = Vec<uuid::Uuid>)]
    groups: Vec<GroupId>,
}

#[utoipa::path(get, path = "/v1/account", tag = "accounts")]
pub(crate) async fn get(State(api): State<Api>, Caller(member): Caller) -> Result<Json<Account>, Problem> {
    let name = organizations::account_name(&api.pool, member.account_id).await?;
    Ok(Json(Account {
        account_id: member.account_id,
        account_name: name.unwrap_or_default(),
        member_id: member.id,
        organization_id: member.organization_id,
        role: member.role,
        groups: member.groups,
    }))
}
