//! The cap ledger: segments reserved and settled for each brand, carrier and carrier day (rule S3).
//!
//! Invariant: `reserved + settled` never exceeds the limit, by the code here and by a check
//! constraint. A reservation is made in the transaction that hands messages over, before the
//! carrier hears of them; its row lock orders all workers of a brand.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use muster_domain::{
    goals::release::CapRoom,
    ids::BrandId,
    sending::{
        admission::UnknownCarriers,
        cap::CarrierDay,
        rate::{BURST, Share},
    },
};

use crate::{Db, Result, Tx, tenancy::organizations};

/// Locks the ledgers of a day, in the order of the carriers, and returns how many segments are left
/// under each. A carrier that is not in the answer does not cap the brand.
pub async fn lock_left(
    tx: &mut Tx,
    brand_id: BrandId,
    carriers: &[String],
    day: CarrierDay,
) -> Result<BTreeMap<String, i64>> {
    if carriers.is_empty() {
        return Ok(BTreeMap::new());
    }
    // A ledger's limit is never below the used segments (rule S3): lowering a cap leaves nothing,
    // and texts on their way count on.
    let rows = sqlx::query!(
        r#"insert into cap_ledger as l (brand_id, carrier, day, daily_limit)
           select brand_id, carrier, $3, daily_segments from brand_cap where brand_id = $1 and carrier = any($2) order by carrier
           on conflict (brand_id, carrier, day) do update set daily_limit = greatest(excluded.daily_limit, l.reserved + l.settled)
           returning l.carrier, l.daily_limit - l.reserved - l.settled as "left!""#,
        brand_id.0,
        carriers,
        day.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.carrier, row.left)).collect())
}

/// Reserves segments of a day, by carrier, in ledgers that this transaction has locked and that
/// have them left.
pub async fn reserve(tx: &mut Tx, brand_id: BrandId, day: CarrierDay, segments: &BTreeMap<String, i64>) -> Result<()> {
    if segments.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update cap_ledger l set reserved = l.reserved + s.segments
         from unnest($3::text[], $4::bigint[]) as s (carrier, segments)
         where l.brand_id = $1 and l.day = $2 and l.carrier = s.carrier",
        brand_id.0,
        day.0,
        &segments.keys().cloned().collect::<Vec<_>>(),
        &segments.values().copied().collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Texts' use of their brand's lanes and of the ledgers of a day.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The time in each lane, and its pace.
    pub lanes: Vec<Share>,
    /// Segments, by carrier.
    pub segments: BTreeMap<String, i64>,
}

/// Takes all of this if there is room for all of it, in one statement: others wait for these locks
/// until the transaction ends. If there is not, the transaction has to be taken back.
pub async fn take_room(
    tx: &mut Tx,
    brand_id: BrandId,
    day: CarrierDay,
    now: DateTime<Utc>,
    taken: &Taken,
) -> Result<bool> {
    let Taken { lanes, segments } = taken;
    if lanes.is_empty() && segments.is_empty() {
        return Ok(true);
    }
    let microseconds = |delta: TimeDelta| delta.num_microseconds().unwrap_or(i64::MAX);
    Ok(sqlx::query_scalar!(
        r#"select take_room($1, $2, $3, $4, $5, $6, $7, $8, $9) as "taken!""#,
        brand_id.0,
        day.0,
        now,
        microseconds(BURST),
        &lanes.iter().map(|share| share.key.clone()).collect::<Vec<_>>(),
        &lanes.iter().map(|share| microseconds(share.time)).collect::<Vec<_>>(),
        &lanes.iter().map(|share| share.segments_per_minute).collect::<Vec<_>>(),
        &segments.keys().cloned().collect::<Vec<_>>(),
        &segments.values().copied().collect::<Vec<_>>(),
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Returns how many segments are left of a day, without a lock: for forecasts, and to see whether
/// it is worth trying.
pub async fn left(
    tx: &mut Tx,
    brand_id: BrandId,
    carriers: &[String],
    day: CarrierDay,
) -> Result<BTreeMap<String, i64>> {
    let rows = sqlx::query!(
        r#"select c.carrier, greatest(0, c.daily_segments - coalesce(l.reserved + l.settled, 0)) as "left!"
           from brand_cap c left join cap_ledger l on l.brand_id = c.brand_id and l.carrier = c.carrier and l.day = $3
           where c.brand_id = $1 and c.carrier = any($2)"#,
        brand_id.0,
        carriers,
        day.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.carrier, row.left)).collect())
}

/// Returns a brand's room for sending today under a cap of so many segments: the rest of the cap
/// less the queued texts, and less the estimate for all contacts still to be texted in batches that
/// agents have or can claim (rule B6), in all goals of the brand. `None` when nothing caps it.
/// Until this transaction ends nobody else releases anything of the brand.
pub async fn room_to_release(
    tx: &mut Tx,
    brand_id: BrandId,
    carrier: &str,
    cap: i64,
    day: CarrierDay,
) -> Result<Option<CapRoom>> {
    let Some(left) = lock_left(tx, brand_id, &[carrier.to_owned()], day).await?.remove(carrier) else {
        return Ok(None);
    };
    let spoken_for = spoken_for(tx, brand_id).await?;
    Ok(Some(CapRoom { left: (left - spoken_for).max(0), day: cap, spoken_for }))
}

/// Returns the segments of a brand's queued texts, and the estimate for all contacts still to be
/// texted in batches that agents have or can claim (rule B6).
async fn spoken_for(tx: &mut Tx, brand_id: BrandId) -> Result<i64> {
    // People move between batches (rule W4): it is they that count, not the original purpose of a
    // batch.
    Ok(sqlx::query_scalar!(
        r#"select (
               select coalesce(sum(m.segments), 0) from message m
               where m.organization_id in (select id from organization where brand_id = $1) and m.state in ('queued', 'held')
                 and m.goal_id is not null
           )::bigint + (
               select coalesce(sum(coalesce(e.segments_each, 1)), 0)
               from goal g left join goal_estimate e on e.goal_id = g.id
               join batch b on b.goal_id = g.id and b.kind = 'initial' and b.state in ('released', 'leased')
               join target t on t.batch_id = b.id and t.initial_message_id is null and t.skipped_at is null
               where g.organization_id in (select id from organization where brand_id = $1) and g.closes_at > now()
           )::bigint as "segments!""#,
        brand_id.0,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Returns the segments of today that nothing waiting is estimated to need, under the strictest cap
/// of a brand; `None` when nothing caps it. Nothing is locked: the answer is an estimate. The
/// texts that wait are read first: one that is handed over meanwhile counts twice, instead of not
/// at all.
pub async fn room(tx: &mut Tx, brand_id: BrandId, carrier: &str, day: CarrierDay) -> Result<Option<i64>> {
    let spoken_for = spoken_for(tx, brand_id).await?;
    let Some(left) = left(tx, brand_id, &[carrier.to_owned()], day).await?.remove(carrier) else { return Ok(None) };
    Ok(Some((left - spoken_for).max(0)))
}

/// Counts the texts that have gone today without a cap under one that is new: a cap is the day's,
/// at any time of setting (rule S3). Each text is counted once, however often this is done. Texts
/// of it that the carrier may yet refuse count on.
pub async fn count_today(
    tx: &mut Tx,
    brand_id: BrandId,
    carrier: &str,
    day: CarrierDay,
    day_starts: DateTime<Utc>,
) -> Result<()> {
    let settings = organizations::settings_of_brand(tx, brand_id).await?;
    let strict = settings.iter().filter(|(_, settings)| settings.unknown_carriers == UnknownCarriers::Strictest);
    let strict: Vec<_> = strict.map(|(id, _)| id.0).collect();
    sqlx::query!(
        "with strictest as (
             select carrier from brand_cap where brand_id = $1 order by daily_segments, carrier limit 1
         ), gone as (
             select m.id from message m join organization o on o.id = m.organization_id join contact c on c.id = m.contact_id
             where o.brand_id = $1 and m.handed_over_at >= $4 and m.cap_carrier is null
               and m.state in ('sending', 'unknown', 'sent', 'delivered', 'undelivered')
               -- A goal's window is at most 31 days (rule G3): this keeps the look to the newest partitions.
               and m.id >= uuid_v7_floor($4 - interval '40 days')
               and (c.carrier = $2 or (c.carrier is null and o.id = any($5) and $2 = (select carrier from strictest)))
             order by m.id for update of m
         ), counted as (
             update message m set cap_carrier = $2, cap_day = $3, cap_state = 'settled' from gone where m.id = gone.id
             returning m.segments
         )
         insert into cap_ledger as l (brand_id, carrier, day, daily_limit, settled)
         select b.brand_id, b.carrier, $3, greatest(b.daily_segments, c.segments), c.segments
         from brand_cap b, (select coalesce(sum(segments), 0) as segments from counted) c
         where b.brand_id = $1 and b.carrier = $2 and c.segments > 0
         on conflict (brand_id, carrier, day) do update
         set settled = l.settled + excluded.settled, daily_limit = greatest(l.daily_limit, l.reserved + l.settled + excluded.settled)",
        brand_id.0,
        carrier,
        day.0,
        day_starts,
        &strict,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A day of a ledger, for reports.
#[derive(Debug, Clone)]
pub struct LedgerDay {
    /// The carrier.
    pub carrier: String,
    /// The day.
    pub day: CarrierDay,
    /// The limit as last used.
    pub daily_limit: i64,
    /// On its way.
    pub reserved: i64,
    /// Gone.
    pub settled: i64,
}

/// Returns a brand's last days.
pub async fn recent(db: impl Into<Db<'_>>, brand_id: BrandId) -> Result<Vec<LedgerDay>> {
    let rows = sqlx::query!(
        "select carrier, day, daily_limit, reserved, settled from cap_ledger where brand_id = $1 order by day desc, carrier limit 31",
        brand_id.0,
    )
    .fetch_all(&mut *db.into().connection().await?)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| LedgerDay {
            carrier: row.carrier,
            day: CarrierDay(row.day),
            daily_limit: row.daily_limit,
            reserved: row.reserved,
            settled: row.settled,
        })
        .collect())
}
