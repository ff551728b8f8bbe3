//! `POST /v1/organizations/{organization_id}/fields/{field_id}/rename` (rule C16).

use axum::extract::State;
use muster_domain::ids::FieldId;
use muster_storage::people::{fields, merges};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    admin::{
        fields::body::{name, taken},
        merges::started,
    },
    auth::OrganizationAdmin,
    bounds,
    document::{Accepted, Made, Once},
    extract::{Json, Path},
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldRename {
    #[schema(value_type = bounds::FieldName)]
    name: String,
}

/// Gives a custom field another name, which is a new field that it is merged into: values are kept
/// under the name, and a job moves them. Follow it at `…/merges/{merge_id}`, which names the new
/// field as `into`.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/fields/{field_id}/rename", tag = "tags")]
pub(crate) async fn rename(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Path((_organization, id)): Path<(Uuid, FieldId)>,
    keyed: Keyed,
    Json(body): Json<FieldRename>,
) -> Result<Once<Accepted<Made>>, Problem> {
    let name = name(&body.name)?;
    keyed
        .run(&api, admin.member.id, &body, async |tx| {
            let organization = admin.organization_id;
            let before = fields::lock(tx, organization, id).await?.ok_or_else(|| Problem::no("field"))?;
            let into = FieldId::new();
            if !fields::create(tx, into, organization, &name, before.locked).await? {
                return Err(taken());
            }
            started(merges::start_fields(tx, organization, id, into, true, &admin.origin()).await?, "field")
        })
        .await
}
