//! Registered campaigns of a brand, and the numbers of each (rule S4).

use std::collections::BTreeMap;

use muster_domain::{
    ids::{BrandId, OrganizationId},
    people::e164::E164,
    sending::rate::FASTEST_RATE,
};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{Result, Tx, sending::rates::campaign_lane};

/// A campaign as it is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredCampaign {
    /// The campaign.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// The class that a carrier gave it.
    pub class: Option<String>,
    /// Segments a minute by carrier.
    pub segments_per_minute: BTreeMap<String, i64>,
    /// The numbers of this organization that text for it.
    pub numbers: Vec<String>,
}

/// Returns the registered campaigns of a brand, by age.
pub async fn list(tx: &mut Tx, brand_id: BrandId, organization_id: OrganizationId) -> Result<Vec<RegisteredCampaign>> {
    let rows = sqlx::query!(
        r#"select c.id, c.name, c.class, c.segments_per_minute as "segments_per_minute: Json<BTreeMap<String, i64>>",
                  array(select n.e164 from sender_number n
                        where n.registered_campaign_id = c.id and n.organization_id = $2 order by n.e164) as "numbers!"
           from registered_campaign c where c.brand_id = $1 order by c.id"#,
        brand_id.0,
        organization_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| RegisteredCampaign {
            id: row.id,
            name: row.name,
            class: row.class,
            segments_per_minute: row.segments_per_minute.0,
            numbers: row.numbers,
        })
        .collect())
}

/// Makes a registered campaign, or replaces its name, class and paces; false when another brand has
/// the id. Texts that wait for its lanes go on at the new pace (rule S9).
pub async fn put(tx: &mut Tx, brand_id: BrandId, campaign: &RegisteredCampaign) -> Result<bool> {
    let done = sqlx::query!(
        "insert into registered_campaign as c (id, brand_id, name, class, segments_per_minute) values ($1, $2, $3, $4, $5)
         on conflict (id) do update set name = excluded.name, class = excluded.class, segments_per_minute = excluded.segments_per_minute
         where c.brand_id = excluded.brand_id",
        campaign.id,
        brand_id.0,
        campaign.name,
        campaign.class,
        Json(&campaign.segments_per_minute) as _,
    )
    .execute(tx.conn())
    .await?;
    // A carrier that is not named any more limits no longer.
    let paces: BTreeMap<_, _> = campaign
        .segments_per_minute
        .iter()
        .map(|(carrier, pace)| (campaign_lane(campaign.id, carrier), *pace))
        .collect();
    sqlx::query!(
        "update rate_lane l set segments_per_minute = coalesce(n.pace, $4), free_at = least(l.free_at, clock_timestamp())
         from (select key from rate_lane where key like 'carrier:' || $1 || ':%' order by key for no key update) own
         left join unnest($2::text[], $3::bigint[]) as n (key, pace) on n.key = own.key
         where l.key = own.key",
        campaign.id.to_string(),
        &paces.keys().cloned().collect::<Vec<_>>(),
        &paces.values().copied().collect::<Vec<_>>(),
        FASTEST_RATE,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives numbers of an organization to a registered campaign, and no others of it; returns the ones
/// that are not the organization's, and then changes nothing.
pub async fn set_numbers(
    tx: &mut Tx,
    organization_id: OrganizationId,
    campaign: Uuid,
    numbers: &[E164],
) -> Result<Vec<String>> {
    let numbers: Vec<_> = numbers.iter().map(|number| number.as_str().to_owned()).collect();
    let strange = sqlx::query_scalar!(
        r#"select distinct named.e164 as "e164!" from unnest($2::text[]) as named (e164)
           where not exists (select from sender_number n where n.e164 = named.e164 and n.organization_id = $1) order by 1"#,
        organization_id.0,
        &numbers,
    )
    .fetch_all(tx.conn())
    .await?;
    if strange.is_empty() {
        sqlx::query!(
            "update sender_number n set registered_campaign_id = case when n.e164 = any($3) then $2::uuid end
             from (
                 select e164 from sender_number
                 where organization_id = $1 and (e164 = any($3) or registered_campaign_id = $2) order by e164 for update
             ) own
             where n.e164 = own.e164",
            organization_id.0,
            campaign,
            &numbers,
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(strange)
}
