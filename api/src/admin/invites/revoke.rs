//! `DELETE /v1/organizations/{organization_id}/members/{member_id}/invite` (rule A6).

use axum::extract::State;
use muster_domain::ids::MemberId;
use muster_storage::tenancy::sign_in::invites;
use uuid::Uuid;

use crate::{auth::Admin, document::NoContent, extract::Path, problem::Problem, state::Api};

/// Takes an invite back that was not accepted: its link is of no more use.
#[utoipa::path(delete, path = "/v1/organizations/{organization_id}/members/{member_id}/invite", tag = "members")]
pub(crate) async fn revoke(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, MemberId)>,
) -> Result<NoContent, Problem> {
    let mut tx = api.pool.begin().await?;
    admin.act_for(&mut tx, id).await?.ok_or_else(|| Problem::no("member"))?;
    if !invites::revoke(&mut tx, id).await? {
        return Err(Problem::no("invite"));
    }
    tx.commit().await?;
    Ok(NoContent)
}
