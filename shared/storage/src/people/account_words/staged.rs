//! Words and new contacts of an import's staged rows.

use muster_domain::ids::{ContactId, OrganizationId};

use super::{REASON, Words, lock_numbers, sharing, spread};
use crate::{Result, Tx};

/// Locks the words of the staged rows of an import that make contacts or state opt-outs, and of
/// the numbers of its rejected rows that state one.
pub(crate) async fn lock_staged(
    tx: &mut Tx,
    organization_id: OrganizationId,
    rejected: &[String],
) -> Result<Option<Words>> {
    if sharing(tx, organization_id).await?.is_none() {
        return Ok(None);
    }
    let numbers = sqlx::query_scalar!(
        r#"select r.e164 as "e164!" from import_row r
           where r.opt_out or not exists (select from contact c where c.organization_id = $1 and c.e164 = r.e164 offset 0)
           union select unnest($2::text[])"#,
        organization_id.0,
        rejected,
    )
    .fetch_all(tx.conn())
    .await?;
    lock_numbers(tx, organization_id, &numbers).await
}

/// The same as [`hear`] for the staged rows of an import that have made contacts, and the same as
/// [`spread`] for those, and for the rejected ones, that state an opt-out.
pub(crate) async fn hear_staged(
    tx: &mut Tx,
    words: &Words,
    organization_id: OrganizationId,
    rejected: &[String],
) -> Result<()> {
    sqlx::query!(
        "with heard as (
             select r.contact_id, case when w.last_word is not null then w.opted_out_at when s.remains then clock_timestamp() end as out_since,
                 coalesce(w.last_word, case when s.remains then 0 end) as word
             from import_row r
             left join account_word w on w.account_id = $1 and w.e164 = r.e164
             cross join lateral (
                 select exists (
                     select from suppression
                     where account_id = $1 and phone_hash = any(r.phone_hash || coalesce(r.phone_hashes_previous, '{}')) and opted_out) as remains) s
             where r.created
         )
         update contact c set opted_out_at = h.out_since, opt_out_reason = case when h.out_since is not null then $2 end,
             opt_out_origin = case when h.out_since is not null then 'account' end, last_word = h.word
         from heard h
         where c.id = h.contact_id and c.opted_out_at is null and h.word is not null",
        words.account_id.0,
        REASON,
    )
    .execute(tx.conn())
    .await?;
    let stated = sqlx::query_scalar!(
        r#"select contact_id as "id!" from import_row where opt_out
           union select id from contact where organization_id = $1 and e164 = any($2)"#,
        organization_id.0,
        rejected,
    )
    .fetch_all(tx.conn())
    .await?;
    spread(tx, words, &stated.into_iter().map(ContactId).collect::<Vec<_>>()).await
}
