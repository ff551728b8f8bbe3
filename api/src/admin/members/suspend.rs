//! `POST /v1/organizations/{organization_id}/members/{member_id}/{suspend,restore}` (rule A6).

use axum::extract::State;
use muster_domain::{ids::MemberId, tenancy::member::MemberCommand};
use uuid::Uuid;

use crate::{
    admin::members::remove::apply, auth::Admin, document::NoContent, extract::Path, problem::Problem, state::Api,
};

/// Suspends a member: until they are restored their tokens answer 401, and their work in hand is
/// free at once, as with a removal. They stay in their groups and keep their numbers there.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/members/{member_id}/suspend", tag = "members")]
pub(crate) async fn suspend(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, MemberId)>,
) -> Result<NoContent, Problem> {
    apply(&api, &admin, id, MemberCommand::Suspend).await
}

/// Restores a suspended member: tokens that were not ended are in force again. Contacts that were
/// theirs are not given back.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/members/{member_id}/restore", tag = "members")]
pub(crate) async fn restore(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, MemberId)>,
) -> Result<NoContent, Problem> {
    apply(&api, &admin, id, MemberCommand::Restore).await
}
