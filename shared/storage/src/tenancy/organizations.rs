//! Accounts, organizations with their settings, and brands with their caps.

use muster_domain::{
    ids::{AccountId, BrandId, OrganizationId},
    sending::{
        admission::UnknownCarriers,
        hours::{Jurisdictions, SendingHours, Strictness},
    },
};

use crate::{Db, Pool, Result, Tx, db::error::word};

/// An organization and what it has set.
#[derive(Debug, Clone)]
pub struct Organization {
    /// The tenant.
    pub id: OrganizationId,
    /// The customer above it.
    pub account_id: AccountId,
    /// Whose caps it sends under.
    pub brand_id: BrandId,
    /// Its name.
    pub name: String,
    /// What it has set.
    pub settings: Settings,
}

/// The settings of an organization; each has the rule book's default.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct Settings {
    /// Contacts in a batch (rule B1).
    pub batch_size: i32,
    /// Minutes of a batch's lease (rule B3).
    pub lease_minutes: i32,
    /// Minutes that an agent has to answer claimed replies (rule W3).
    pub response_window_minutes: i32,
    /// Agents' replies in one conversation in an hour.
    pub replies_per_hour: i32,
    /// Contacts in a group (rule A2).
    pub group_contact_limit: i32,
    /// Contacts assigned to one agent in a group (rule A2).
    pub agent_contact_limit: i32,
    /// Initial and reminder scripts must say how to opt out (rule M2).
    pub require_opt_out_language: bool,
    /// Keep the hours of every zone the contact may be in, not only the group's (rule S5).
    pub recipient_safe: bool,
    /// When initials and reminders may go out (rule S5).
    pub sending_hours: SendingHours,
    /// Which laws' hours are kept beside them (rule S5).
    pub law_strictness: Strictness,
    /// The organization's own table of laws; without, the built-in one.
    pub own_laws: Option<Jurisdictions>,
    /// Segments a minute from each number (rule S4).
    pub number_segments_per_minute: i32,
    /// How texts to numbers of unknown carriers count (rule S10).
    pub unknown_carriers: UnknownCarriers,
    /// Typographic look-alikes are replaced in texts before they are counted (rule M5).
    pub smart_encoding: bool,
    /// Replies within a conversation go at any hour (rule S5).
    pub replies_at_any_hour: bool,
    /// Have contacts' numbers looked up, where the installation can (rules C5 and S10).
    pub carrier_lookups: bool,
    /// Days after which a number may be looked up again (rule S10).
    pub lookup_max_age_days: i32,
    /// Initials to one contact in 24 hours, over all goals (rule S12); none for no such cap.
    pub initials_per_day: Option<i32>,
    /// Segments of a rendered initial (rule M3).
    pub max_segments: i32,
    /// Opt-out words beside the rule book's (rule I2).
    pub opt_out_keywords: Vec<String>,
    /// The one text to somebody who opts out (rule I3).
    pub opt_out_text: String,
    /// The answer to HELP.
    pub help_text: String,
    /// Columns of files that are no custom field yet are not imported (rule C14).
    pub lock_custom_fields: bool,
}

impl Settings {
    /// The table of laws that is in force, whether laws are kept or not.
    pub fn table_of_laws(&self) -> &Jurisdictions {
        self.own_laws.as_ref().unwrap_or_else(|| Jurisdictions::built_in())
    }

    /// The laws to keep.
    pub fn laws(&self) -> Option<&Jurisdictions> {
        self.law_strictness.laws(self.table_of_laws())
    }
}

/// Creates an account.
pub async fn create_account(tx: &mut Tx, id: AccountId, name: &str) -> Result<()> {
    sqlx::query!("insert into account (id, name) values ($1, $2)", id.0, name).execute(tx.conn()).await?;
    Ok(())
}

/// The name of an account.
pub async fn account_name(pool: &Pool, id: AccountId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("select name from account where id = $1", id.0)
        .fetch_optional(&mut *pool.connection().await?)
        .await?)
}

/// Creates an organization with a brand of its own and the default settings.
pub async fn create(
    tx: &mut Tx,
    id: OrganizationId,
    account_id: AccountId,
    brand_id: BrandId,
    name: &str,
) -> Result<()> {
    sqlx::query!("insert into brand (id, account_id, name) values ($1, $2, $3)", brand_id.0, account_id.0, name)
        .execute(tx.conn())
        .await?;
    sqlx::query!(
        "insert into organization (id, account_id, brand_id, name) values ($1, $2, $3, $4)",
        id.0,
        account_id.0,
        brand_id.0,
        name,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// An organization of this account.
pub async fn get(tx: &mut Tx, account_id: AccountId, id: OrganizationId) -> Result<Option<Organization>> {
    let row = sqlx::query!("select * from organization where id = $1 and account_id = $2", id.0, account_id.0)
        .fetch_optional(tx.conn())
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Organization {
        id,
        account_id,
        brand_id: BrandId(row.brand_id),
        name: row.name,
        settings: Settings {
            batch_size: row.batch_size,
            lease_minutes: row.lease_minutes,
            response_window_minutes: row.response_window_minutes,
            replies_per_hour: row.replies_per_hour,
            group_contact_limit: row.group_contact_limit,
            agent_contact_limit: row.agent_contact_limit,
            require_opt_out_language: row.require_opt_out_language,
            recipient_safe: row.recipient_safe,
            sending_hours: hours(row.sending_opens_minute, row.sending_closes_minute),
            law_strictness: word("organization", &row.law_strictness, Strictness::parse(&row.law_strictness))?,
            own_laws: row.own_laws.map(serde_json::from_value).transpose()?,
            number_segments_per_minute: row.number_segments_per_minute,
            unknown_carriers: word(
                "organization",
                &row.unknown_carriers,
                UnknownCarriers::parse(&row.unknown_carriers),
            )?,
            smart_encoding: row.smart_encoding,
            replies_at_any_hour: row.replies_at_any_hour,
            carrier_lookups: row.carrier_lookups,
            lookup_max_age_days: row.lookup_max_age_days,
            initials_per_day: row.initials_per_day,
            max_segments: row.max_segments,
            opt_out_keywords: row.opt_out_keywords,
            opt_out_text: row.opt_out_text,
            help_text: row.help_text,
            lock_custom_fields: row.lock_custom_fields,
        },
    }))
}

/// The organization that a job works for.
pub async fn of_job(tx: &mut Tx, id: OrganizationId) -> Result<Option<Organization>> {
    let account = sqlx::query_scalar!("select account_id from organization where id = $1", id.0)
        .fetch_optional(tx.conn())
        .await?;
    match account {
        Some(account) => get(tx, AccountId(account), id).await,
        None => Ok(None),
    }
}

/// The organizations of an account.
pub async fn list(pool: &Pool, account_id: AccountId) -> Result<Vec<(OrganizationId, String)>> {
    let rows = sqlx::query!("select id, name from organization where account_id = $1 order by id", account_id.0)
        .fetch_all(&mut *pool.connection().await?)
        .await?;
    Ok(rows.into_iter().map(|row| (OrganizationId(row.id), row.name)).collect())
}

/// Until this transaction ends nobody changes the terms on which the organization's texts go: its settings, laws, caps and holds, and the
/// windows and pauses of its goals. Many may ask for this at once, and who wants to change something has its turn among them. What is
/// decided by the terms is written before they change, so that whoever changes them finds it (rule S9).
pub async fn keep_terms(tx: &mut Tx, id: OrganizationId) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock_shared(hashtextextended('terms:' || $1::text, 0))", id.0.to_string())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Waits for all who decide by the organization's terms, and keeps others from it until this transaction ends. Comes before anything is
/// locked or read that is to be changed.
pub async fn change_terms(tx: &mut Tx, id: OrganizationId) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('terms:' || $1::text, 0))", id.0.to_string())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Replaces the settings of an organization.
pub async fn update_settings(tx: &mut Tx, id: OrganizationId, settings: &Settings) -> Result<()> {
    sqlx::query!(
        "update organization set batch_size = $2, lease_minutes = $3, response_window_minutes = $4, group_contact_limit = $5,
             agent_contact_limit = $6, require_opt_out_language = $7, recipient_safe = $8, sending_opens_minute = $9,
             sending_closes_minute = $10, max_segments = $11, opt_out_keywords = $12, opt_out_text = $13, help_text = $14,
             law_strictness = $15, own_laws = $16, number_segments_per_minute = $17, unknown_carriers = $18,
             initials_per_day = $19, lock_custom_fields = $20, carrier_lookups = $21, lookup_max_age_days = $22, smart_encoding = $23,
             replies_at_any_hour = $24, replies_per_hour = $25
         where id = $1",
        id.0,
        settings.batch_size,
        settings.lease_minutes,
        settings.response_window_minutes,
        settings.group_contact_limit,
        settings.agent_contact_limit,
        settings.require_opt_out_language,
        settings.recipient_safe,
        minute(settings.sending_hours.opens_minute),
        minute(settings.sending_hours.closes_minute),
        settings.max_segments,
        &settings.opt_out_keywords,
        settings.opt_out_text,
        settings.help_text,
        settings.law_strictness.as_str(),
        settings.own_laws.as_ref().map(serde_json::to_value).transpose()?,
        settings.number_segments_per_minute,
        settings.unknown_carriers.as_str(),
        settings.initials_per_day,
        settings.lock_custom_fields,
        settings.carrier_lookups,
        settings.lookup_max_age_days,
        settings.smart_encoding,
        settings.replies_at_any_hour,
        settings.replies_per_hour,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The custom fields that an organization's contacts can have (rule C14).
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

/// A brand's daily caps by carrier.
pub async fn caps(db: impl Into<Db<'_>>, brand_id: BrandId) -> Result<Vec<(String, i64)>> {
    let rows =
        sqlx::query!("select carrier, daily_segments from brand_cap where brand_id = $1 order by carrier", brand_id.0)
            .fetch_all(&mut *db.into().connection().await?)
            .await?;
    Ok(rows.into_iter().map(|row| (row.carrier, row.daily_segments)).collect())
}

/// Minutes of a day fit in any integer; the table's checks keep them in order.
pub(crate) fn hours(opens: i16, closes: i16) -> SendingHours {
    SendingHours { opens_minute: opens.unsigned_abs(), closes_minute: closes.unsigned_abs() }
}

fn minute(minute: u16) -> i16 {
    i16::try_from(minute).unwrap_or(i16::MAX)
}
