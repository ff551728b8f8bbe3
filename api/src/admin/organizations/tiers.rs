//! `/v1/cap-tiers` and `/v1/organizations/{organization_id}/tier`: the usual caps by a brand's
//! registration, and the one that a brand has (rules S3 and S10).

use axum::{Json as Answer, extract::State};
use muster_storage::{
    sending::waiting::SettingsChange,
    tenancy::brands::{self, CapTier},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    admin::organizations::brand::LockedBrand,
    auth::{Admin, OrganizationAdmin},
    bounds,
    extract::Json,
    problem::Problem,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct TierItem {
    tier: String,
    /// The registration that has it.
    description: String,
    carrier: String,
    /// Segments a carrier day; null for no cap.
    daily_segments: Option<i64>,
    /// The publications that the figure comes from.
    source: String,
}

fn item(tier: CapTier) -> TierItem {
    let CapTier { tier, description, carrier, daily_segments, source } = tier;
    TierItem { tier, description, carrier, daily_segments, source }
}

/// Lists the tiers of daily caps, to choose a brand's from.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/cap-tiers", tag = "organizations")]
pub(crate) async fn list(State(api): State<Api>, _admin: Admin) -> Result<Answer<Vec<TierItem>>, Problem> {
    Ok(Answer(brands::tiers(&api.pool).await?.into_iter().map(item).collect()))
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TierChoice {
    #[schema(value_type = bounds::CapTier)]
    tier: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct BrandTier {
    /// Null when an admin has set a cap of the brand's own.
    tier: Option<String>,
    tax_number: Option<String>,
    /// Organizations that send under the brand and share its caps.
    organizations: usize,
}

/// Reads the brand's tier.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/cap-tier", tag = "organizations")]
pub(crate) async fn get(State(api): State<Api>, admin: Admin) -> Result<Answer<BrandTier>, Problem> {
    let mut tx = api.pool.begin().await?;
    let id = admin.organization(&mut tx).await?.brand_id;
    let brand = brands::get(&mut tx, id).await?;
    let organizations = brands::sharing(&mut tx, admin.organization_id).await?.len();
    Ok(Answer(BrandTier { tier: brand.tier, tax_number: brand.tax_number, organizations }))
}

/// Sets the brand's tier, and by it the daily cap. It takes effect on texts that are queued already
/// (rule S9), and the texts of today count under it.
#[utoipa::path(put, path = "/v1/organizations/{organization_id}/cap-tier", tag = "organizations")]
pub(crate) async fn put(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Json(choice): Json<TierChoice>,
) -> Result<Answer<TierItem>, Problem> {
    let mut tx = api.pool.begin().await?;
    let brand = LockedBrand::of(&mut tx, &admin).await?;
    let tier = brands::tier(&mut tx, &choice.tier).await?;
    let tier = tier.ok_or_else(|| Problem::invalid_body("tier is none of /cap-tiers"))?;
    brand.cap(&mut tx, &tier.carrier, tier.daily_segments).await?;
    brands::set_tier(&mut tx, brand.id, Some(&tier.tier)).await?;
    brand.rearm(&mut tx, SettingsChange { caps: true, ..SettingsChange::default() }).await?;
    tx.commit().await?;
    brand.until_it_holds(&api).await;
    Ok(Answer(item(tier)))
}
