//! Opt-outs from before an account's organizations heard each other's.

use chrono::{DateTime, Utc};
use muster_domain::ids::{AccountId, ContactId, OrganizationId};

use super::{forget_silent, lock_numbers, sharing, tell};
use crate::{Result, Tx};

/// A place among the opt-outs from before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The organization.
    pub organization_id: OrganizationId,
    /// Since when the last contact there has opted out; none before its first.
    pub contact: Option<(DateTime<Utc>, ContactId)>,
}

/// Returns the first place of an account that catches up since this instant; `None` when it does
/// not.
pub async fn first_place(tx: &mut Tx, account_id: AccountId, since: DateTime<Utc>) -> Result<Option<Place>> {
    let first = sqlx::query_scalar!(
        "select o.id from account a join organization o on o.account_id = a.id
         where a.id = $1 and a.opt_outs_catching_up and a.opt_outs_shared_since = $2 order by o.id limit 1",
        account_id.0,
        since,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(first.map(|id| Place { organization_id: OrganizationId(id), contact: None }))
}

/// Spreads the next opt-outs of before over the account; returns the place behind them, `None`
/// behind the last. An opt-out that is in force in any organization counts in all, with any word to
/// others from before they heard each other.
pub async fn catch_up(
    tx: &mut Tx,
    account_id: AccountId,
    since: DateTime<Utc>,
    place: Place,
    limit: i64,
) -> Result<Option<Place>> {
    // Keeps the setting as it is.
    if sharing(tx, place.organization_id).await?.is_none() || first_place(tx, account_id, since).await?.is_none() {
        return Ok(None);
    }
    let next = sqlx::query!(
        r#"select id, opted_out_at as "at!", e164 as "e164!" from contact
           where organization_id = $1 and opted_out_at is not null and redacted_at is null
             and ($2::timestamptz is null or (opted_out_at, id) > ($2, $3::uuid))
           order by opted_out_at, id limit $4"#,
        place.organization_id.0,
        place.contact.map(|(at, _)| at),
        place.contact.map(|(_, id)| id.0),
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    let numbers: Vec<_> = next.iter().map(|row| row.e164.clone()).collect();
    if let Some(words) = lock_numbers(tx, place.organization_id, &numbers).await? {
        // Read again under the lock: they may have opted in meanwhile.
        let out = sqlx::query_scalar!(
            "update account_word w set opted_out_at = coalesce(w.opted_out_at, s.opted_out_at), last_word = s.last_word
             from (
                 select c.e164, min(c.opted_out_at) as opted_out_at, max(coalesce(c.last_word, 0)) as last_word
                 from organization o join contact c on c.organization_id = o.id
                 where o.account_id = $1 and c.e164 = any($2)
                 group by c.e164 having count(c.opted_out_at) > 0
             ) s
             where w.account_id = $1 and w.e164 = s.e164
             returning w.e164",
            account_id.0,
            &numbers,
        )
        .fetch_all(tx.conn())
        .await?;
        tell(tx, account_id, &out).await?;
        forget_silent(tx, &words).await?;
    }
    if let Some(last) = next.last().filter(|_| i64::try_from(next.len()) == Ok(limit)) {
        return Ok(Some(Place { contact: Some((last.at, ContactId(last.id))), ..place }));
    }
    let organization = sqlx::query_scalar!(
        "select id from organization where account_id = $1 and id > $2 order by id limit 1",
        account_id.0,
        place.organization_id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    if organization.is_none() {
        sqlx::query!("update account set opt_outs_catching_up = false where id = $1", account_id.0)
            .execute(tx.conn())
            .await?;
    }
    Ok(organization.map(|id| Place { organization_id: OrganizationId(id), contact: None }))
}
