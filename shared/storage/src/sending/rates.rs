//! Lanes and the limits of a brand (rules S4, S7 and S10).
//!
//! Lanes are locked in the order of their keys, after messages and before the cap ledger.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{BrandId, MessageId, OrganizationId},
    people::e164::E164,
    sending::{
        brand_hold::BrandHoldReason,
        rate::{TokenBucket, TokenBuckets},
    },
};
use serde_json::Value;
use uuid::Uuid;

use crate::{Pool, Result, Tx, db::error::read_word};

/// Returns the lane of one of our numbers.
pub fn number_lane(number: &E164) -> String {
    format!("number:{}", number.as_str())
}

/// Returns the lane of a brand's campaign at a carrier.
pub fn carrier_lane(brand_id: BrandId, carrier: &str) -> String {
    format!("carrier:{brand_id}:{carrier}")
}

/// Returns the lane of a registered campaign at a carrier.
pub fn campaign_lane(campaign: Uuid, carrier: &str) -> String {
    format!("carrier:{campaign}:{carrier}")
}

/// Limits of a brand, by carrier.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// Segments a day.
    pub caps: BTreeMap<String, i64>,
    /// Segments a minute, for numbers without a registered campaign of their own.
    pub rates: BTreeMap<String, i64>,
    /// The same for the numbers of each registered campaign.
    pub campaigns: BTreeMap<Uuid, BTreeMap<String, i64>>,
    /// A hold that a carrier asked for.
    pub hold: Option<BrandHold>,
}

/// Nothing of a brand is handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrandHold {
    /// Why.
    pub reason: BrandHoldReason,
    /// Until when; none until an admin has looked.
    pub until: Option<DateTime<Utc>>,
    /// The carrier's code that asked for it.
    pub code: i32,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// Reads the limits of a brand. A hold that is over is none.
pub async fn limits(tx: &mut Tx, brand_id: BrandId) -> Result<Limits> {
    let row = sqlx::query!(
        r#"select (select jsonb_object_agg(carrier, daily_segments) from brand_cap where brand_id = $1) as caps,
                  (select jsonb_object_agg(carrier, segments_per_minute) from brand_rate where brand_id = $1) as rates,
                  (select jsonb_object_agg(id, segments_per_minute) from registered_campaign where brand_id = $1) as campaigns,
                  h.reason as "reason?", h.until, h.since as "since?", h.code as "code?"
           from (select) one left join brand_hold h
               on h.brand_id = $1 and (h.until is null or h.until > clock_timestamp())"#,
        brand_id.0,
    )
    .fetch_one(tx.conn())
    .await?;
    let by_carrier = |limits: Option<Value>| limits.map_or_else(|| Ok(BTreeMap::new()), serde_json::from_value);
    let hold = match (row.reason, row.since, row.code) {
        (Some(reason), Some(since), Some(code)) => {
            Some(BrandHold { reason: read_word("brand_hold", &reason)?, until: row.until, code, since })
        }
        _ => None,
    };
    let campaigns = row.campaigns.map_or_else(|| Ok(BTreeMap::new()), serde_json::from_value)?;
    Ok(Limits { caps: by_carrier(row.caps)?, rates: by_carrier(row.rates)?, campaigns, hold })
}

/// Sets a brand's rate with a carrier; `None` lifts it. Waiting texts go on at the new pace
/// (rule S9).
pub async fn set(tx: &mut Tx, brand_id: BrandId, carrier: &str, segments_per_minute: Option<i64>) -> Result<()> {
    match segments_per_minute {
        Some(pace) => {
            sqlx::query!(
                "insert into brand_rate (brand_id, carrier, segments_per_minute) values ($1, $2, $3)
                 on conflict (brand_id, carrier) do update set segments_per_minute = excluded.segments_per_minute",
                brand_id.0,
                carrier,
                pace,
            )
            .execute(tx.conn())
            .await?;
        }
        None => {
            sqlx::query!("delete from brand_rate where brand_id = $1 and carrier = $2", brand_id.0, carrier)
                .execute(tx.conn())
                .await?;
        }
    }
    sqlx::query!(
        "update rate_lane set segments_per_minute = $2, free_at = least(free_at, clock_timestamp()) where key = $1",
        carrier_lane(brand_id, carrier),
        segments_per_minute.unwrap_or(muster_domain::sending::rate::FASTEST_RATE),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives the lanes of an organization's numbers this pace (rule S9).
pub async fn set_numbers(tx: &mut Tx, organization_id: OrganizationId, segments_per_minute: i32) -> Result<()> {
    sqlx::query!(
        "update rate_lane set segments_per_minute = $2, free_at = least(free_at, clock_timestamp())
         where key in (select 'number:' || e164 from sender_number where organization_id = $1)",
        organization_id.0,
        i64::from(segments_per_minute),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Lanes as they were without a lock.
#[derive(Debug, Clone, Default)]
pub struct SeenBuckets {
    /// How far each is used, at the pace that it has now.
    pub lanes: TokenBuckets,
    /// Unused lanes, with their paces.
    pub fresh: BTreeMap<String, i64>,
}

/// Looks how far lanes are used, without a lock.
pub async fn look(tx: &mut Tx, paces: &BTreeMap<String, i64>) -> Result<SeenBuckets> {
    if paces.is_empty() {
        return Ok(SeenBuckets::default());
    }
    let rows = sqlx::query!(
        r#"select new.key as "key!", new.pace as "pace!", coalesce(l.free_at, 'epoch') as "free_at!",
                  coalesce(l.waiting_segments, 0) as "waiting_segments!", l.key is null as "fresh!"
           from unnest($1::text[], $2::bigint[]) as new (key, pace) left join rate_lane l on l.key = new.key"#,
        &paces.keys().cloned().collect::<Vec<_>>(),
        &paces.values().copied().collect::<Vec<_>>(),
    )
    .fetch_all(tx.conn())
    .await?;
    let SeenBuckets { mut lanes, mut fresh } = SeenBuckets::default();
    for row in rows {
        if row.fresh {
            fresh.insert(row.key.clone(), row.pace);
        }
        let (free_at, waiting_segments) = (row.free_at, row.waiting_segments);
        lanes.0.insert(row.key, TokenBucket { segments_per_minute: row.pace, free_at, waiting_segments });
    }
    Ok(SeenBuckets { lanes, fresh })
}

/// Makes lanes that are not there, in a transaction of its own: they are the same with any outcome
/// of the caller's, and no other waits for it.
pub async fn make(pool: &Pool, brand_id: BrandId, paces: &BTreeMap<String, i64>) -> Result<()> {
    sqlx::query!(
        "insert into rate_lane (brand_id, key, segments_per_minute)
         select $1, key, pace from unnest($2::text[], $3::bigint[]) as new (key, pace) order by key
         on conflict do nothing",
        brand_id.0,
        &paces.keys().cloned().collect::<Vec<_>>(),
        &paces.values().copied().collect::<Vec<_>>(),
    )
    .execute(&mut *pool.connection().await?)
    .await?;
    Ok(())
}

/// Locks lanes, which are made if they are not there, with the pace that each has now.
pub async fn lock(tx: &mut Tx, brand_id: BrandId, paces: &BTreeMap<String, i64>) -> Result<TokenBuckets> {
    if paces.is_empty() {
        return Ok(TokenBuckets::default());
    }
    let rows = sqlx::query!(
        "insert into rate_lane as l (brand_id, key, segments_per_minute)
         select $1, key, pace from unnest($2::text[], $3::bigint[]) as new (key, pace) order by key
         on conflict (key) do update set segments_per_minute = excluded.segments_per_minute
         returning l.key, l.segments_per_minute, l.free_at, l.waiting_segments",
        brand_id.0,
        &paces.keys().cloned().collect::<Vec<_>>(),
        &paces.values().copied().collect::<Vec<_>>(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(TokenBuckets(
        rows.into_iter()
            .map(|row| {
                let (free_at, waiting_segments) = (row.free_at, row.waiting_segments);
                (row.key, TokenBucket { segments_per_minute: row.segments_per_minute, free_at, waiting_segments })
            })
            .collect(),
    ))
}

/// Makes the lanes of a brand's carriers that nobody has used yet: of one that has got a rate since
/// texts began to wait for their numbers' lanes, or that lookups have brought up.
pub async fn make_carrier_lanes(tx: &mut Tx, brand_id: BrandId, limits: &Limits) -> Result<()> {
    // By key, so that two transactions that make lanes at once wait for each other.
    let mut paces: BTreeMap<_, _> =
        limits.rates.iter().map(|(carrier, pace)| (carrier_lane(brand_id, carrier), *pace)).collect();
    for (id, rates) in &limits.campaigns {
        paces.extend(rates.iter().map(|(carrier, pace)| (campaign_lane(*id, carrier), *pace)));
    }
    sqlx::query!(
        "insert into rate_lane (brand_id, key, segments_per_minute)
         select $1, key, pace from unnest($2::text[], $3::bigint[]) as new (key, pace)
         where not exists (select from rate_lane l where l.key = new.key) order by key
         on conflict do nothing",
        brand_id.0,
        &paces.keys().cloned().collect::<Vec<_>>(),
        &paces.values().copied().collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Locks all lanes of a brand.
pub async fn lock_all(tx: &mut Tx, brand_id: BrandId) -> Result<TokenBuckets> {
    let rows = sqlx::query!(
        "select key, segments_per_minute, free_at, waiting_segments from rate_lane where brand_id = $1 order by key for update",
        brand_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(TokenBuckets(
        rows.into_iter()
            .map(|row| {
                let (free_at, waiting_segments) = (row.free_at, row.waiting_segments);
                (row.key, TokenBucket { segments_per_minute: row.segments_per_minute, free_at, waiting_segments })
            })
            .collect(),
    ))
}

/// Writes back how far locked lanes are used, where that has changed.
pub async fn store(tx: &mut Tx, before: &TokenBuckets, after: &TokenBuckets) -> Result<()> {
    let changed: Vec<_> = after.0.iter().filter(|(key, lane)| before.0.get(*key) != Some(*lane)).collect();
    if changed.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update rate_lane l set free_at = n.free_at, waiting_segments = n.waiting
         from unnest($1::text[], $2::timestamptz[], $3::bigint[]) as n (key, free_at, waiting) where l.key = n.key",
        &changed.iter().map(|(key, _)| (*key).clone()).collect::<Vec<_>>(),
        &changed.iter().map(|(_, lane)| lane.free_at).collect::<Vec<_>>(),
        &changed.iter().map(|(_, lane)| lane.waiting_segments).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Says of locked lanes that nothing waits for them, where that is so.
pub async fn settle_waiting(tx: &mut Tx, lanes: &[String]) -> Result<()> {
    if lanes.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update rate_lane l set waiting_segments = case when exists (
                 select from message m join organization o on o.id = m.organization_id
                 where o.brand_id = l.brand_id and m.lane = l.key and m.state = 'held' and m.lane is not null)
             then greatest(1, waiting_segments) else 0 end
         where key = any($1)",
        lanes,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A text that waits for a lane and may have its turn.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The message; none if somebody else has it locked, and its turn comes later.
    pub id: Option<MessageId>,
    /// The lane.
    pub lane: String,
}

/// Locks an organization's waiting texts of these lanes, at most so many of each, in the order in
/// which goals take turns. Goals that are paused have none.
pub async fn lock_waiting(
    tx: &mut Tx,
    organization_id: OrganizationId,
    most: &[(String, i64)],
) -> Result<Vec<Waiting>> {
    let lanes: Vec<_> = most.iter().map(|(lane, _)| lane.clone()).collect();
    let rooms: Vec<_> = most.iter().map(|(_, room)| *room).collect();
    let rows = sqlx::query_file!("src/sending/rates_waiting.sql", organization_id.0, &lanes, &rooms)
        .fetch_all(tx.conn())
        .await?;
    Ok(rows.into_iter().map(|row| Waiting { id: row.id.map(MessageId), lane: row.lane }).collect())
}

/// Has an organization's texts that may wait for lanes looked at: their obstacle has changed.
pub async fn expect_waiting(tx: &mut Tx, organization_id: OrganizationId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from message where organization_id = $1 and state = 'held' and lane is not null) as "any!""#,
        organization_id.0,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Holds a brand because a carrier asked for it (rule S7); a longer hold that is there stays.
pub async fn hold_brand(
    tx: &mut Tx,
    brand_id: BrandId,
    reason: BrandHoldReason,
    until: Option<DateTime<Utc>>,
    code: i32,
) -> Result<()> {
    sqlx::query!(
        "insert into brand_hold as h (brand_id, reason, until, code) values ($1, $2, $3, $4)
         on conflict (brand_id) do update
         set reason = excluded.reason, until = excluded.until, code = excluded.code, since = now()
         where h.until < coalesce(excluded.until, 'infinity')",
        brand_id.0,
        reason.as_str(),
        until,
        code,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends a brand's hold; returns whether there was one.
pub async fn lift_hold(tx: &mut Tx, brand_id: BrandId) -> Result<bool> {
    let done = sqlx::query!("delete from brand_hold where brand_id = $1", brand_id.0).execute(tx.conn()).await?;
    Ok(done.rows_affected() > 0)
}

/// A lane for which something waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingBucket {
    /// Its key.
    pub key: String,
    /// Its pace.
    pub segments_per_minute: i64,
    /// About how many segments wait.
    pub waiting_segments: i64,
}

/// Lanes for which something waits, for operators.
pub async fn waiting(pool: &Pool, brand_id: BrandId) -> Result<Vec<WaitingBucket>> {
    Ok(sqlx::query_as!(
        WaitingBucket,
        "select key, segments_per_minute, waiting_segments from rate_lane
         where brand_id = $1 and waiting_segments > 0 order by waiting_segments desc, key limit 200",
        brand_id.0,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?)
}
