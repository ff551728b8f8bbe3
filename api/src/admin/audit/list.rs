//! `GET /v1/organizations/{organization_id}/audit`: acts in an organization (rule R9).

use axum::{Json as Answer, extract::State};
use muster_storage::trust::audit;

use crate::{
    admin::audit::body::{AuditPage, AuditQuery, read},
    auth::OrganizationAdmin,
    extract::Query,
    problem::Problem,
    state::Api,
};

/// Lists acts in the organization, the newest first: by members, by operators, by visitors of forms
/// and by jobs for them. For admins of the organization and the account.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/audit", tag = "audit")]
pub(crate) async fn list(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Query(query): Query<AuditQuery>,
) -> Result<Answer<AuditPage>, Problem> {
    let (mut filter, page) = read(query)?;
    filter.organization_id = Some(admin.organization_id.0);
    let found = audit::page(&api.pool, admin.member.account_id.0, &filter, page).await?;
    Ok(Answer(AuditPage::of(&page, found)))
}
