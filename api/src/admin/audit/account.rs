//! `GET /v1/account/audit`: acts in the whole account (rule R9).

use axum::{Json as Answer, extract::State};
use muster_storage::trust::audit;

use crate::{
    admin::audit::body::{AuditPage, AuditQuery, read},
    auth::AccountAdmin,
    extract::Query,
    problem::Problem,
    state::Api,
};

/// Lists acts in all organizations of the account and on the account itself, the newest first. For
/// account admins.
#[utoipa::path(get, path = "/v1/account/audit", tag = "audit")]
pub(crate) async fn list(
    State(api): State<Api>,
    AccountAdmin(member): AccountAdmin,
    Query(query): Query<AuditQuery>,
) -> Result<Answer<AuditPage>, Problem> {
    let (filter, page) = read(query)?;
    let found = audit::page(&api.pool, member.account_id.0, &filter, page).await?;
    Ok(Answer(AuditPage::of(&page, found)))
}
