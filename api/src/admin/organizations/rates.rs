//! `/v1/organizations/{organization_id}/rates`: how fast the brand's campaign may send to each
//! carrier (rule S4).

use std::collections::BTreeMap;

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::sending::{
    brand_hold::BrandHoldReason,
    rate::{AT_AND_T_CLASSES, FASTEST_RATE},
};
use muster_storage::{
    sending::{rates, waiting::SettingsChange},
    tenancy::groups,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    admin::organizations::brand::LockedBrand,
    auth::{Admin, OrganizationAdmin},
    bounds,
    extract::Json,
    problem::Problem,
    shapes,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rate {
    /// Such as `att`, `t-mobile` or `verizon`; as lookups call it.
    #[schema(value_type = bounds::Carrier)]
    carrier: String,
    /// Segments in any minute; null, which must be said, for no limit at this carrier.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required, value_type = Option<bounds::CarrierPace>)]
    segments_per_minute: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Rates {
    /// Segments a minute, by carrier.
    segments_per_minute: BTreeMap<String, i64>,
    /// Lanes with waiting texts, the fullest first.
    lanes: Vec<WaitedFor>,
    /// While it is there, nothing of the brand is handed over.
    hold: Option<Hold>,
    /// AT&T's limits for registered campaigns by class, in segments a minute, to choose from.
    att_classes: BTreeMap<&'static str, i64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct WaitedFor {
    /// `carrier:BRAND:CARRIER` or `number:E164`.
    lane: String,
    segments_per_minute: i64,
    /// About how many segments wait.
    waiting_segments: i64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Hold {
    #[schema(value_type = shapes::BrandHoldReason)]
    reason: BrandHoldReason,
    /// Null: until it is ended by hand.
    until: Option<DateTime<Utc>>,
    /// The carrier's code that asked for it.
    code: i32,
    since: DateTime<Utc>,
}

/// Returns a carrier as caps, rates and lookups call it.
pub(crate) fn carrier_word(carrier: &str) -> Result<&str, Problem> {
    let letters = carrier.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if (1..=40).contains(&carrier.len()) && letters {
        Ok(carrier)
    } else {
        Err(Problem::invalid_body("carrier must be 1 to 40 of a-z, 0-9 and -, such as t-mobile"))
    }
}

/// Reads the rates, the waiting texts, and a hold.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/rates", tag = "organizations")]
pub(crate) async fn get(State(api): State<Api>, admin: Admin) -> Result<Answer<Rates>, Problem> {
    let mut tx = api.pool.begin().await?;
    let brand = admin.organization(&mut tx).await?.brand_id;
    let limits = rates::limits(&mut tx, brand).await?;
    drop(tx);
    let mut lanes = rates::waiting(&api.pool, brand).await?;
    if let Some(groups) = admin.groups() {
        // Of other groups' numbers a group admin is told nothing.
        let own = groups::numbers(&api.pool, admin.organization_id, groups).await?;
        lanes.retain(|lane| lane.key.strip_prefix("number:").is_none_or(|number| own.iter().any(|own| own == number)));
    }
    Ok(Answer(Rates {
        segments_per_minute: limits.rates,
        lanes: lanes
            .into_iter()
            .map(|lane| WaitedFor {
                lane: lane.key,
                segments_per_minute: lane.segments_per_minute,
                waiting_segments: lane.waiting_segments,
            })
            .collect(),
        hold: limits.hold.map(|hold| Hold {
            reason: hold.reason,
            until: hold.until,
            code: hold.code,
            since: hold.since,
        }),
        att_classes: AT_AND_T_CLASSES.into_iter().collect(),
    }))
}

/// Sets the rate of the brand's campaign at a carrier; waiting texts go on at the new pace
/// (rule S9).
#[utoipa::path(put, path = "/v1/organizations/{organization_id}/rates", tag = "organizations")]
pub(crate) async fn put(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Json(rate): Json<Rate>,
) -> Result<Answer<Rate>, Problem> {
    let carrier = carrier_word(&rate.carrier)?;
    if rate.segments_per_minute.is_some_and(|pace| !(1..=FASTEST_RATE).contains(&pace)) {
        return Err(Problem::invalid_body(format!("segments_per_minute must be 1 to {FASTEST_RATE}")));
    }
    let mut tx = api.pool.begin().await?;
    let brand = LockedBrand::of(&mut tx, &admin).await?;
    rates::set(&mut tx, brand.id, carrier, rate.segments_per_minute).await?;
    brand.rearm(&mut tx, SettingsChange { rates: true, ..SettingsChange::default() }).await?;
    tx.commit().await?;
    Ok(Answer(rate))
}
