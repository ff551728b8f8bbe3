//! Redaction: a person is overwritten everywhere; counts and history stay (rules R3, R4 and R6).

use muster_domain::{
    e164::E164,
    ids::{AccountId, ImportId, MemberId, OrganizationId, RedactionId},
};

use crate::{Pool, Result, Tx};

/// Enters a redaction into the ledger.
pub async fn create(
    tx: &mut Tx,
    id: RedactionId,
    account_id: AccountId,
    by: MemberId,
    number: &E164,
    phone_hash: &[u8; 32],
) -> Result<()> {
    sqlx::query!(
        "insert into redaction (id, account_id, requested_by, phone_hash, e164) values ($1, $2, $3, $4, $5)",
        id.0,
        account_id.0,
        by.0,
        phone_hash,
        number.as_str(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A redaction that is still to be done.
#[derive(Debug, Clone)]
pub struct Redaction {
    /// The account.
    pub account_id: AccountId,
    /// The number.
    pub number: E164,
    /// Its keyed hash.
    pub phone_hash: Vec<u8>,
}

/// Locks a redaction; `None` when it is done.
pub async fn lock(tx: &mut Tx, id: RedactionId) -> Result<Option<Redaction>> {
    let row = sqlx::query!(
        r#"select account_id, e164 as "e164!", phone_hash from redaction where id = $1 and finished_at is null for update"#,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| {
        Ok(Redaction {
            account_id: AccountId(row.account_id),
            number: E164::parse(&row.e164)?,
            phone_hash: row.phone_hash,
        })
    })
    .transpose()
}

/// How far a redaction is: whether it is done, and how many contacts and messages it overwrote.
pub async fn status(pool: &Pool, account_id: AccountId, id: RedactionId) -> Result<Option<(bool, i32, i64)>> {
    let row = sqlx::query!(
        r#"select finished_at is not null as "done!", coalesce(contacts, 0) as "contacts!", coalesce(messages, 0) as "messages!"
           from redaction where id = $1 and account_id = $2"#,
        id.0,
        account_id.0,
    )
    .fetch_optional(&mut *pool.connection().await?)
    .await?;
    Ok(row.map(|row| (row.done, row.contacts, row.messages)))
}

/// Are imports of this account under way that were uploaded before the redaction was asked for? Their files may hold the person, so
/// that the redaction waits for them.
pub async fn imports_under_way(tx: &mut Tx, account_id: AccountId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from import i join organization o on o.id = i.organization_id
               where o.account_id = $1 and i.state in ('waiting', 'running')) as "any!""#,
        account_id.0,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The organizations of an account.
pub async fn organizations(tx: &mut Tx, account_id: AccountId) -> Result<Vec<OrganizationId>> {
    let ids = sqlx::query_scalar!("select id from organization where account_id = $1 order by id", account_id.0)
        .fetch_all(tx.conn())
        .await?;
    Ok(ids.into_iter().map(OrganizationId).collect())
}

/// What an import that is over may have in the object store.
#[derive(Debug, Clone)]
pub struct FinishedFile {
    /// Its tenant.
    pub organization_id: OrganizationId,
    /// The import.
    pub import_id: ImportId,
    /// The key of the uploaded file.
    pub object_key: String,
}

/// The files of imports that are over: they hold rows as they were and are not needed any more. Those that an earlier redaction has deleted are
/// left out; who was at an import's last step then has had a day to end.
pub async fn finished_files(tx: &mut Tx, account_id: AccountId) -> Result<Vec<FinishedFile>> {
    let rows = sqlx::query!(
        "select i.id, i.organization_id, i.object_key from import i join organization o on o.id = i.organization_id
         where o.account_id = $1 and i.state not in ('waiting', 'running')
           and coalesce(i.finished_at, 'infinity') > coalesce(
               (select max(created_at) from redaction where account_id = $1 and finished_at is not null), '-infinity') - interval '1 day'",
        account_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| FinishedFile {
            organization_id: OrganizationId(row.organization_id),
            import_id: ImportId(row.id),
            object_key: row.object_key,
        })
        .collect())
}

/// Overwrites the person in every organization of the account and closes the ledger's entry; answers how many contacts and messages.
pub async fn erase(tx: &mut Tx, id: RedactionId, redaction: &Redaction) -> Result<(u64, u64)> {
    let number = redaction.number.as_str();
    let account = redaction.account_id.0;
    let contacts = sqlx::query_scalar!(
        "select c.id from contact c join organization o on o.id = c.organization_id
         where o.account_id = $1 and c.e164 = $2 order by c.id for update of c",
        account,
        number,
    )
    .fetch_all(tx.conn())
    .await?;
    let messages = sqlx::query!(
        "update message set body = '',
             state = case when state in ('queued', 'held') then 'cancelled' else state end,
             reason = case when state in ('queued', 'held') then 'redacted' else reason end
         where contact_id = any($1)",
        &contacts,
    )
    .execute(tx.conn())
    .await?
    .rows_affected();
    sqlx::query!(
        "insert into suppression (account_id, phone_hash, organization_id, opted_out)
         select $1, $2, organization_id, opted_out_at is not null from contact where id = any($3)
         on conflict (account_id, phone_hash, organization_id)
         do update set opted_out = suppression.opted_out or excluded.opted_out",
        account,
        redaction.phone_hash,
        &contacts,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("delete from contact_tag where contact_id = any($1)", &contacts).execute(tx.conn()).await?;
    sqlx::query!("delete from import_change where contact_id = any($1)", &contacts).execute(tx.conn()).await?;
    sqlx::query!("delete from import_assignment where contact_id = any($1)", &contacts).execute(tx.conn()).await?;
    sqlx::query!(
        "update thread set unread_since = null, held_by = null, held_until = null where contact_id = any($1)",
        &contacts
    )
    .execute(tx.conn())
    .await?;
    // Rejected rows are kept as they were in the file; digits are compared, however the number was written.
    sqlx::query!(
        "update import_reject r set raw = '', column_name = null
         from import i join organization o on o.id = i.organization_id
         where o.account_id = $1 and r.import_id = i.id and regexp_replace(r.raw, '\\D', '', 'g') like '%' || $2 || '%'",
        account,
        redaction.number.national(),
    )
    .execute(tx.conn())
    .await?;
    // Texts that are recorded but not dealt with yet: the person they are from is gone.
    sqlx::query!(
        "update webhook set payload = null, processed_at = coalesce(processed_at, now()) where payload ->> 'From' = $1",
        number
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update contact set e164 = null, first_name = '', last_name = '', email = null, postal_code = null, notes = null,
             external_id = null, fields = '{}', consent_text = null, opt_out_reason = null, carrier = null,
             line_type = 'unknown', looked_up_at = null,
             redacted_at = now(), updated_at = now()
         where id = any($1)",
        &contacts,
    )
    .execute(tx.conn())
    .await?;
    let overwritten = u64::try_from(contacts.len()).unwrap_or(u64::MAX);
    sqlx::query!(
        "update redaction set e164 = null, finished_at = now(), contacts = $2, messages = $3 where id = $1",
        id.0,
        i32::try_from(overwritten).unwrap_or(i32::MAX),
        i64::try_from(messages).unwrap_or(i64::MAX),
    )
    .execute(tx.conn())
    .await?;
    Ok((overwritten, messages))
}
