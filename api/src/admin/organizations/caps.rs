//! `/v1/organizations/{organization_id}/caps`: the brand's daily caps, and the segments used of
//! them (rule S3).

use axum::{Json as Answer, extract::State};
use muster_domain::sending::cap::STRICTEST_CARRIER;
use muster_storage::{
    sending::{caps, waiting::SettingsChange},
    tenancy::{brands, organizations},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    admin::organizations::{brand::LockedBrand, rates::carrier_word},
    auth::{Admin, OrganizationAdmin},
    bounds,
    extract::Json,
    problem::Problem,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cap {
    /// Segments a carrier day; null, which must be said, for a brand without a cap.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required, value_type = Option<bounds::DailySegments>)]
    daily_segments: Option<i64>,
    /// Carrier of the cap: `t-mobile` if absent, the only carrier known to cap by brand and day.
    #[serde(default = "t_mobile")]
    #[schema(value_type = bounds::Carrier)]
    carrier: String,
}

fn t_mobile() -> String {
    STRICTEST_CARRIER.to_owned()
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Caps {
    /// The caps in force.
    caps: Vec<CapItem>,
    /// The last carrier days.
    days: Vec<CapDay>,
    /// The tier that the caps are by (`…/cap-tiers`); null when an admin has set one of the brand's
    /// own.
    tier: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CapItem {
    carrier: String,
    daily_segments: i64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CapDay {
    carrier: String,
    /// The carrier's date.
    day: chrono::NaiveDate,
    daily_limit: i64,
    /// Segments on their way.
    reserved: i64,
    /// Segments that the carrier has.
    settled: i64,
}

/// Reads the caps and the last days of their ledger.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/caps", tag = "organizations")]
pub(crate) async fn get(State(api): State<Api>, admin: Admin) -> Result<Answer<Caps>, Problem> {
    let mut tx = api.pool.begin().await?;
    let brand = admin.organization(&mut tx).await?.brand_id;
    let in_force = organizations::caps(&mut tx, brand).await?;
    let days = caps::recent(&mut tx, brand).await?;
    Ok(Answer(Caps {
        caps: in_force
            .into_iter()
            .map(|cap| CapItem { carrier: cap.carrier, daily_segments: cap.daily_segments })
            .collect(),
        days: days
            .into_iter()
            .map(|day| CapDay {
                carrier: day.carrier,
                day: day.day.0,
                daily_limit: day.daily_limit,
                reserved: day.reserved,
                settled: day.settled,
            })
            .collect(),
        tier: brands::get(&mut tx, brand).await?.tier,
    }))
}

/// Sets the brand's daily cap at a carrier. It takes effect on texts that are queued already
/// (rule S9), and the texts of today count under it.
#[utoipa::path(put, path = "/v1/organizations/{organization_id}/caps", tag = "organizations")]
pub(crate) async fn put(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Json(cap): Json<Cap>,
) -> Result<Answer<Cap>, Problem> {
    if cap.daily_segments.is_some_and(|segments| segments < 0) {
        return Err(Problem::invalid_body("daily_segments must not be negative"));
    }
    let carrier = carrier_word(&cap.carrier)?;
    let mut tx = api.pool.begin().await?;
    let brand = LockedBrand::of(&mut tx, &admin).await?;
    brand.cap(&mut tx, carrier, cap.daily_segments).await?;
    brands::set_tier(&mut tx, brand.id, None).await?;
    brand.rearm(&mut tx, SettingsChange { caps: true, ..SettingsChange::default() }).await?;
    tx.commit().await?;
    brand.until_it_holds(&api).await;
    Ok(Answer(cap))
}
