//! `POST /v1/organizations/{organization_id}/contacts/{contact_id}/opt-out` (rule R2).

use axum::extract::State;
use muster_domain::ids::{ContactId, TagId};
use muster_storage::{
    people::{
        account_words, contacts,
        edit::{self, Hearers},
        tags,
    },
    sending::Concerned,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    admin::contacts::reach::reachable,
    auth::Admin,
    bounds,
    document::NoContent,
    extract::{Json, Path},
    problem::Problem,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OptOut {
    /// How it is known; no personal data.
    #[schema(value_type = bounds::Reason)]
    reason: String,
    /// One of the organization's reasons, of which the contact gets the tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<uuid::Uuid>)]
    reason_id: Option<TagId>,
}

/// Records an opt-out, organization-wide or account-wide as the account has it, and at once, also
/// for queued texts.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/contacts/{contact_id}/opt-out", tag = "contacts")]
pub(crate) async fn opt_out(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ContactId)>,
    Json(why): Json<OptOut>,
) -> Result<NoContent, Problem> {
    let reason = bounds::Reason::read("reason", &why.reason)?;
    let mut tx = api.pool.begin().await?;
    reachable(&mut tx, &admin, id).await?;
    account_words::lock(&mut tx, admin.organization_id, &[id]).await?;
    if let Some(tag) = why.reason_id {
        let named = tags::get(&mut tx, admin.organization_id, None, tag).await?.filter(|tag| tag.reason);
        let named = named.ok_or_else(|| Problem::invalid_body("reason_id is none of the reasons"))?;
        edit::add_tag(&mut tx, admin.organization_id, Hearers::of(admin.groups()), &[id], named.id.0).await?;
    }
    contacts::opt_out(&mut tx, admin.organization_id, id, reason).await?;
    let stopped = account_words::hearing(&mut tx, admin.organization_id, id).await?;
    tx.commit().await?;
    api.until_it_holds(Concerned::Contacts(&stopped)).await;
    Ok(NoContent)
}
