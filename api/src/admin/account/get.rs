//! `GET /v1/account`: the caller and their account.

use axum::extract::State;
use muster_domain::{
    ids::{AccountId, GroupId, MemberId, OrganizationId},
    tenancy::role::Role,
};
use muster_storage::tenancy::{
    accounts::{self, Account},
    members::Member,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    admin::organizations::settings::AccountSettings, auth::Caller, document::Tagged, problem::Problem, shapes,
    state::Api,
};

#[derive(Serialize, ToSchema)]
#[schema(as = Account)]
pub(crate) struct AccountBody {
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
    settings: AccountSettings,
    /// Opt-outs from before the organizations heard each other's are still being written to the
    /// other organizations. They count already: no text is handed over against one.
    opt_outs_catching_up: bool,
}

/// Returns an account as one of its members sees it.
pub(super) fn body(account: Account, member: Member) -> Tagged<AccountBody> {
    Tagged {
        version: account.version,
        body: AccountBody {
            account_id: account.id,
            account_name: account.name,
            member_id: member.id,
            organization_id: member.organization_id,
            role: member.role,
            groups: member.groups,
            settings: AccountSettings(account.settings.members()),
            opt_outs_catching_up: account.catching_up,
        },
    }
}

/// Reads the caller's account. The answer's `ETag` goes into `If-Match` of an edit.
#[utoipa::path(get, path = "/v1/account", tag = "accounts")]
pub(crate) async fn get(State(api): State<Api>, Caller(member): Caller) -> Result<Tagged<AccountBody>, Problem> {
    let account = accounts::get(&api.pool, member.account_id).await?.ok_or_else(|| Problem::no("account"))?;
    Ok(body(account, member))
}
