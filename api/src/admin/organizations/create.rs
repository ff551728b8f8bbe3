//! `POST /v1/organizations`. Account admins only.

use axum::extract::State;
use muster_domain::ids::{BrandId, OrganizationId};
use muster_storage::tenancy::organizations;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    admin::organizations::body::OrganizationItem,
    auth::AccountAdmin,
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
    /// The sender's Employer Identification Number, `12-3456789`. Organizations of the account
    /// under one number share a brand, its caps and rates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<bounds::TaxNumber>)]
    tax_number: Option<String>,
}

/// Creates an organization with the default settings. Its brand has the strictest tier of caps
/// until an admin sets its own, unless it joins the brand of its tax number.
#[utoipa::path(post, path = "/v1/organizations", tag = "organizations")]
pub(crate) async fn create(
    State(api): State<Api>,
    AccountAdmin(member): AccountAdmin,
    keyed: Keyed,
    Json(body): Json<NewOrganization>,
) -> Result<Once<Created<OrganizationItem>>, Problem> {
    let name = bounds::Name::read("name", &body.name)?.to_owned();
    let tax_number = body.tax_number.as_deref().map(|number| bounds::TaxNumber::read("tax_number", number));
    let tax_number = tax_number.transpose()?;
    keyed
        .run(&api, member.id, &body, async |tx| {
            let id = OrganizationId::new();
            organizations::create(tx, id, member.account_id, BrandId::new(), &name, tax_number).await?;
            Ok(Created(OrganizationItem { id, name }))
        })
        .await
}
