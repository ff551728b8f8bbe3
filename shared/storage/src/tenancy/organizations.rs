//! Accounts, organizations with their settings, and brands with their caps.

use std::collections::BTreeMap;

use muster_domain::{
    ids::{AccountId, BrandId, GroupId, OrganizationId},
    tenancy::settings::OrganizationSettings,
};
use sqlx::types::Json;

use crate::{Db, Pool, Result, Tx, tenancy::brands};

/// An organization and its settings.
#[derive(Debug, Clone)]
pub struct Organization {
    /// The tenant.
    pub id: OrganizationId,
    /// The customer above it.
    pub account_id: AccountId,
    /// The brand of its caps.
    pub brand_id: BrandId,
    /// Its name.
    pub name: String,
    /// Its settings.
    pub settings: OrganizationSettings,
}

/// Creates an account.
pub async fn create_account(tx: &mut Tx, id: AccountId, name: &str) -> Result<()> {
    sqlx::query!("insert into account (id, name) values ($1, $2)", id.0, name).execute(tx.conn()).await?;
    Ok(())
}

/// Creates an organization with the default settings. With a tax number it joins the account's
/// brand of that number, if there is one; else it has a brand of its own, with the strictest tier
/// (rules S3 and S10).
pub async fn create(
    tx: &mut Tx,
    id: OrganizationId,
    account_id: AccountId,
    brand_id: BrandId,
    name: &str,
    tax_number: Option<&str>,
) -> Result<()> {
    let brand_id = brands::make(tx, account_id, brand_id, name, tax_number).await?;
    sqlx::query!(
        "insert into organization (id, account_id, brand_id, name, settings) values ($1, $2, $3, $4, $5)",
        id.0,
        account_id.0,
        brand_id.0,
        name,
        Json(OrganizationSettings::default()) as _,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Returns an organization of this account.
pub async fn get(tx: &mut Tx, account_id: AccountId, id: OrganizationId) -> Result<Option<Organization>> {
    let row = sqlx::query!(
        r#"select brand_id, name, settings as "settings: Json<OrganizationSettings>"
           from organization where id = $1 and account_id = $2"#,
        id.0,
        account_id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Organization {
        id,
        account_id,
        brand_id: BrandId(row.brand_id),
        name: row.name,
        settings: row.settings.0,
    }))
}

/// Returns the settings of the organization that a group belongs to.
pub(crate) async fn settings_of_group(tx: &mut Tx, id: GroupId) -> Result<OrganizationSettings> {
    let settings = sqlx::query_scalar!(
        r#"select o.settings as "settings: Json<OrganizationSettings>"
           from contact_group g join organization o on o.id = g.organization_id
           where g.id = $1"#,
        id.0
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(settings.0)
}

/// Returns the settings of the organizations that send under a brand.
pub(crate) async fn settings_of_brand(tx: &mut Tx, id: BrandId) -> Result<Vec<(OrganizationId, OrganizationSettings)>> {
    let rows = sqlx::query!(
        r#"select id, settings as "settings: Json<OrganizationSettings>" from organization where brand_id = $1"#,
        id.0
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (OrganizationId(row.id), row.settings.0)).collect())
}

/// Returns the settings of these organizations.
pub async fn settings_of(
    tx: &mut Tx,
    ids: &[OrganizationId],
) -> Result<BTreeMap<OrganizationId, OrganizationSettings>> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select id, settings as "settings: Json<OrganizationSettings>" from organization where id = any($1)"#,
        &ids,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (OrganizationId(row.id), row.settings.0)).collect())
}

/// Returns the organization that a job works for.
pub async fn of_job(tx: &mut Tx, id: OrganizationId) -> Result<Option<Organization>> {
    let account = sqlx::query_scalar!("select account_id from organization where id = $1", id.0)
        .fetch_optional(tx.conn())
        .await?;
    match account {
        Some(account) => get(tx, AccountId(account), id).await,
        None => Ok(None),
    }
}

/// An organization of a list.
#[derive(Debug, Clone)]
pub struct OrganizationSummary {
    /// The organization.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
}

/// Returns every organization of the installation.
pub async fn all(tx: &mut Tx) -> Result<Vec<OrganizationId>> {
    let ids = sqlx::query_scalar!("select id from organization order by id").fetch_all(tx.conn()).await?;
    Ok(ids.into_iter().map(OrganizationId).collect())
}

/// Returns the organizations of an account.
pub async fn list(pool: &Pool, account_id: AccountId) -> Result<Vec<OrganizationSummary>> {
    let rows = sqlx::query!("select id, name from organization where account_id = $1 order by id", account_id.0)
        .fetch_all(&mut *pool.connection().await?)
        .await?;
    Ok(rows.into_iter().map(|row| OrganizationSummary { id: OrganizationId(row.id), name: row.name }).collect())
}

/// Returns the first organization of an account; none where it has none.
pub async fn first(tx: &mut Tx, account_id: AccountId) -> Result<Option<OrganizationId>> {
    let first =
        sqlx::query_scalar!("select id from organization where account_id = $1 order by id limit 1", account_id.0)
            .fetch_optional(tx.conn())
            .await?;
    Ok(first.map(OrganizationId))
}

/// Takes the shared lock on the terms on which the organization's texts go: its settings, laws,
/// caps and holds, and the windows and pauses of its goals. They stay as they are until this
/// transaction ends. Many may have the lock at once, and a transaction that wants to change
/// something has its turn among them. Rows that are decided by the terms are written before these
/// change, so that the change finds them (rule S9).
pub async fn lock_terms_shared(tx: &mut Tx, id: OrganizationId) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock_shared(hashtextextended('terms:' || $1::text, 0))", id.0.to_string())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Takes the exclusive lock on the terms: waits for all transactions that decide by them, and keeps
/// others from them until this one ends. Comes before anything is locked or read that is to be
/// changed.
pub async fn lock_terms(tx: &mut Tx, id: OrganizationId) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('terms:' || $1::text, 0))", id.0.to_string())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Replaces the settings of an organization. Members that this version does not know stay.
pub async fn update_settings(tx: &mut Tx, id: OrganizationId, settings: &OrganizationSettings) -> Result<()> {
    sqlx::query!("update organization set settings = settings || $2 where id = $1", id.0, Json(settings) as _)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Returns the custom fields that an organization's contacts can have (rule C14).
pub async fn custom_fields(pool: &Pool, id: OrganizationId) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!("select name from custom_field where organization_id = $1 order by name", id.0)
        .fetch_all(&mut *pool.connection().await?)
        .await?)
}

/// Sets a brand's daily cap with a carrier; `None` lifts it.
pub async fn set_cap(tx: &mut Tx, brand_id: BrandId, carrier: &str, daily_segments: Option<i64>) -> Result<()> {
    match daily_segments {
        Some(limit) => {
            sqlx::query!(
                "insert into brand_cap (brand_id, carrier, daily_segments) values ($1, $2, $3)
                 on conflict (brand_id, carrier) do update set daily_segments = excluded.daily_segments",
                brand_id.0,
                carrier,
                limit,
            )
            .execute(tx.conn())
            .await?;
        }
        None => {
            sqlx::query!("delete from brand_cap where brand_id = $1 and carrier = $2", brand_id.0, carrier)
                .execute(tx.conn())
                .await?;
        }
    }
    Ok(())
}

/// A brand's daily cap with a carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DailyCap {
    /// The carrier.
    pub carrier: String,
    /// Segments a day.
    pub daily_segments: i64,
}

/// Returns a brand's daily caps by carrier.
pub async fn caps(db: impl Into<Db<'_>>, brand_id: BrandId) -> Result<Vec<DailyCap>> {
    Ok(sqlx::query_as!(
        DailyCap,
        "select carrier, daily_segments from brand_cap where brand_id = $1 order by carrier",
        brand_id.0
    )
    .fetch_all(&mut *db.into().connection().await?)
    .await?)
}
