//! Holds of brands by carriers, as operators look at them (rule S7).

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{AccountId, BrandId},
    sending::brand_hold::BrandHoldReason,
};

use crate::{Pool, Result, db::error::read_word};

/// Holds that one look finds at most.
pub const HOLDS_LISTED: i64 = 1_000;

/// A brand of which nothing is handed over.
#[derive(Debug, Clone)]
pub struct HeldBrand {
    /// The brand.
    pub brand_id: BrandId,
    /// The account that it is of.
    pub account_id: AccountId,
    /// The reason.
    pub reason: BrandHoldReason,
    /// The carrier's code.
    pub code: i32,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Until when; none: until an admin ends it.
    pub until: Option<DateTime<Utc>>,
}

/// Returns the brands that carriers hold, the latest first, at most [`HOLDS_LISTED`].
pub async fn held_brands(pool: &Pool) -> Result<Vec<HeldBrand>> {
    let rows = sqlx::query!(
        "select h.brand_id, b.account_id, h.reason, h.code, h.since, h.until
         from brand_hold h join brand b on b.id = h.brand_id
         where h.until is null or h.until > clock_timestamp()
         order by h.since desc limit $1",
        HOLDS_LISTED,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(HeldBrand {
                brand_id: BrandId(row.brand_id),
                account_id: AccountId(row.account_id),
                reason: read_word("brand_hold", &row.reason)?,
                code: row.code,
                since: row.since,
                until: row.until,
            })
        })
        .collect()
}
