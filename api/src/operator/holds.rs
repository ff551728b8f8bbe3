//! `GET /v1/operator/holds`: texts that are kept back, and brands that carriers hold.

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{AccountId, BrandId},
    sending::brand_hold::BrandHoldReason,
};
use muster_storage::{
    figures,
    sending::holds::{self, HeldBrand},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{auth::Operator, problem::Problem, shapes, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct HoldsBody {
    /// When the texts were counted; null before the first figures were taken.
    taken_at: Option<DateTime<Utc>>,
    /// Texts that are held, by reason.
    texts: Vec<HeldTexts>,
    /// Brands that carriers hold, the latest first, 1,000 at most.
    brands: Vec<HeldBrandBody>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct HeldTexts {
    /// `paused`, `not_open`, `hours`, `cap`, `carrier`, `rate` or `frequency`.
    reason: String,
    /// How many.
    texts: f64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct HeldBrandBody {
    #[schema(value_type = uuid::Uuid)]
    brand_id: BrandId,
    #[schema(value_type = uuid::Uuid)]
    account_id: AccountId,
    #[schema(value_type = shapes::BrandHoldReason)]
    reason: BrandHoldReason,
    /// The carrier's code.
    code: i32,
    since: DateTime<Utc>,
    /// Null until an admin ends the hold.
    until: Option<DateTime<Utc>>,
}

/// Reads the texts that are held by reason, by the figures of the last ten seconds, and the brands
/// of which nothing is handed over because a carrier asked for it.
#[utoipa::path(get, path = "/v1/operator/holds", tag = "operator")]
pub(crate) async fn get(State(api): State<Api>, _operator: Operator) -> Result<Answer<HoldsBody>, Problem> {
    let taken = figures::latest(&api.pool).await?;
    let held = taken.figures.into_iter().filter(|figure| figure.name == figures::HELD.name);
    let texts = held.map(|mut figure| HeldTexts {
        reason: figure.labels.remove("reason").unwrap_or_default(),
        texts: figure.value,
    });
    let brands = holds::held_brands(&api.pool).await?;
    Ok(Answer(HoldsBody { taken_at: taken.at, texts: texts.collect(), brands: brands.iter().map(brand).collect() }))
}

fn brand(held: &HeldBrand) -> HeldBrandBody {
    let &HeldBrand { brand_id, account_id, reason, code, since, until } = held;
    HeldBrandBody { brand_id, account_id, reason, code, since, until }
}
