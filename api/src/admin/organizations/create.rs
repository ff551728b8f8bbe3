//! `POST /v1/organizations`. Account admins only.

use axum::extract::State;
use muster_domain::ids::{BrandId, OrganizationId};
use muster_storage::tenancy::organizations;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    admin::organizations::body::OrganizationItem,
    auth::Caller,
    bounds,
    document::{Created, Once},
    extract::Json,
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewOrganization {
    #[schema(value_type = bounds::Name)]
    name: String,
}

/// Creates an organization with a brand of its own and the default settings.
#[utoipa::path(post, path = "/v1/organizations", tag = "organizations")]
pub(crate) async fn create(
    State(api): State<Api>,
    caller: Caller,
    keyed: Keyed,
    Json(body): Json<NewOrganization>,
) -> Result<Once<Created<OrganizationItem>>, Problem> {
    let Caller(member) = caller.account_admin()?;
    let name = bounds::Name::read("name", &body.name)?.to_owned();
    keyed
        .run(&api, member.id, &body, async |tx| {
            let id = OrganizationId::new();
            organizations::create(tx, id, member.account_id, BrandId::new(), &name).await?;
            Ok(Created(OrganizationItem { id, name }))
        })
        .await
}
