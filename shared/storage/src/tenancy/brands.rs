//! Brands: the tiers of their caps, and the organizations that share one (rules S3 and S10).

use muster_domain::ids::{AccountId, BrandId, OrganizationId};

use crate::{Pool, Result, Tx};

/// A tier of caps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapTier {
    /// Its word.
    pub tier: String,
    /// The registration that has it.
    pub description: String,
    /// The carrier of the cap.
    pub carrier: String,
    /// Segments a day; none for no cap.
    pub daily_segments: Option<i64>,
    /// Where the figure comes from.
    pub source: String,
}

/// Returns the tiers, in their order.
pub async fn tiers(pool: &Pool) -> Result<Vec<CapTier>> {
    Ok(sqlx::query_as!(
        CapTier,
        "select tier, description, carrier, daily_segments, source from cap_tier order by position"
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?)
}

/// Returns a tier.
pub async fn tier(tx: &mut Tx, tier: &str) -> Result<Option<CapTier>> {
    Ok(sqlx::query_as!(
        CapTier,
        "select tier, description, carrier, daily_segments, source from cap_tier where tier = $1",
        tier
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// A brand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brand {
    /// The tier that its cap is by; none when an admin has set a cap of its own.
    pub tier: Option<String>,
    /// Its tax number.
    pub tax_number: Option<String>,
}

/// Returns a brand.
pub async fn get(tx: &mut Tx, id: BrandId) -> Result<Brand> {
    Ok(sqlx::query_as!(Brand, "select tier, tax_number from brand where id = $1", id.0).fetch_one(tx.conn()).await?)
}

/// Says which tier a brand's cap is by; none for a cap of its own.
pub async fn set_tier(tx: &mut Tx, id: BrandId, tier: Option<&str>) -> Result<()> {
    sqlx::query!("update brand set tier = $2 where id = $1", id.0, tier).execute(tx.conn()).await?;
    Ok(())
}

/// Returns the organizations that send under the brand of one, in the order of their ids.
pub async fn sharing(tx: &mut Tx, id: OrganizationId) -> Result<Vec<OrganizationId>> {
    let ids = sqlx::query_scalar!(
        "select other.id from organization own join organization other on other.brand_id = own.brand_id
         where own.id = $1 order by other.id",
        id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(OrganizationId).collect())
}

/// Makes a brand with the strictest tier, or finds the account's of this tax number; returns it.
pub(super) async fn make(
    tx: &mut Tx,
    account_id: AccountId,
    id: BrandId,
    name: &str,
    tax_number: Option<&str>,
) -> Result<BrandId> {
    let made = sqlx::query!(
        r#"insert into brand as b (id, account_id, name, tax_number, tier)
           values ($1, $2, $3, $4, (
               select tier from cap_tier where daily_segments is not null order by daily_segments, position limit 1))
           on conflict (account_id, tax_number) do update set name = b.name
           returning id, xmax = 0 as "fresh!""#,
        id.0,
        account_id.0,
        name,
        tax_number,
    )
    .fetch_one(tx.conn())
    .await?;
    if made.fresh {
        sqlx::query!(
            "insert into brand_cap (brand_id, carrier, daily_segments)
             select b.id, t.carrier, t.daily_segments from brand b join cap_tier t on t.tier = b.tier where b.id = $1",
            made.id,
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(BrandId(made.id))
}
