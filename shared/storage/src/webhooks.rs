//! Inbound texts as the carrier's webhook brought them, and whom they concern (rules I1, I3, I5 and I6).

use muster_domain::{
    e164::E164,
    ids::{AccountId, ContactId, GoalId, GroupId, MemberId, OrganizationId, WebhookId},
    phone_hash::PhoneHashes,
};
use serde_json::Value;

use crate::{Result, Tx, phone_keys};

/// Records an inbound text once: false when the carrier has sent this one before.
pub async fn record(tx: &mut Tx, id: WebhookId, provider: &str, carrier_sid: &str, payload: &Value) -> Result<bool> {
    let done = sqlx::query!(
        "insert into webhook (id, provider, carrier_sid, payload) values ($1, $2, $3, $4)
         on conflict (provider, carrier_sid) do nothing",
        id.0,
        provider,
        carrier_sid,
        payload,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Locks a recorded text that nobody has dealt with yet: the carrier's id and the payload.
pub async fn lock(tx: &mut Tx, id: WebhookId) -> Result<Option<(String, Value)>> {
    let row = sqlx::query!(
        "select carrier_sid, payload from webhook where id = $1 and processed_at is null for update",
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.and_then(|row| row.payload.map(|payload| (row.carrier_sid, payload))))
}

/// Marks a text as dealt with. Its payload goes: what is needed of it is in the thread.
pub async fn processed(tx: &mut Tx, id: WebhookId) -> Result<()> {
    sqlx::query!("update webhook set processed_at = now(), payload = null where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Whose number somebody wrote to.
#[derive(Debug, Clone)]
pub struct Addressee {
    /// The tenant.
    pub organization_id: OrganizationId,
    /// The group; none while the number is nobody's.
    pub group_id: Option<GroupId>,
    /// The agent.
    pub agent_id: Option<MemberId>,
    /// The tenant's own opt-out words.
    pub opt_out_keywords: Vec<String>,
}

/// Finds whose number it is.
pub async fn addressee(tx: &mut Tx, to: &E164) -> Result<Option<Addressee>> {
    let row = sqlx::query!(
        "select n.organization_id, n.group_id, n.agent_id, o.opt_out_keywords
         from sender_number n join organization o on o.id = n.organization_id where n.e164 = $1",
        to.as_str(),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Addressee {
        organization_id: OrganizationId(row.organization_id),
        group_id: row.group_id.map(GroupId),
        agent_id: row.agent_id.map(MemberId),
        opt_out_keywords: row.opt_out_keywords,
    }))
}

/// Who wrote.
#[derive(Debug, Clone, Copy)]
pub struct Writer {
    /// The contact.
    pub contact_id: ContactId,
    /// They had opted out before.
    pub opted_out: bool,
    /// The goal that last texted them in this group.
    pub goal_id: Option<GoalId>,
}

/// Finds a contact by number without making one.
pub async fn known_writer(tx: &mut Tx, organization_id: OrganizationId, from: &E164) -> Result<Option<ContactId>> {
    let id = sqlx::query_scalar!(
        "select id from contact where organization_id = $1 and e164 = $2",
        organization_id.0,
        from.as_str(),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(id.map(ContactId))
}

/// Finds or makes the contact who wrote to a group (rule I6: unnamed). A deactivated contact is active there again (rule I5); one who
/// opted out before a redaction still has (rule R4).
pub async fn writer(
    tx: &mut Tx,
    organization_id: OrganizationId,
    group_id: GroupId,
    from: &E164,
    hashes: &PhoneHashes,
) -> Result<Writer> {
    let account = sqlx::query_scalar!("select account_id from organization where id = $1", organization_id.0)
        .fetch_one(tx.conn())
        .await?;
    phone_keys::rehash(tx, AccountId(account), hashes).await?;
    sqlx::query!(
        "insert into contact (id, organization_id, e164, source, opted_out_at, opt_out_reason)
         select $1, o.id, $3, 'inbound', case when s.opted_out then now() end,
             case when s.opted_out then 'opted out before redaction' end
         from organization o
         left join suppression s on s.account_id = o.account_id and s.organization_id = o.id and s.phone_hash = $4
         where o.id = $2
         on conflict do nothing",
        ContactId::new().0,
        organization_id.0,
        from.as_str(),
        &hashes.current[..],
    )
    .execute(tx.conn())
    .await?;
    let row = sqlx::query!(
        r#"select c.id, c.opted_out_at is not null as "opted_out!",
                  (select t.goal_id from thread t where t.group_id = $3 and t.contact_id = c.id) as goal_id
           from contact c where c.organization_id = $1 and c.e164 = $2 for update of c"#,
        organization_id.0,
        from.as_str(),
        group_id.0,
    )
    .fetch_one(tx.conn())
    .await?;
    sqlx::query!(
        "insert into membership (group_id, contact_id) values ($1, $2)
         on conflict (group_id, contact_id) do update set deactivated_at = null where membership.deactivated_at is not null",
        group_id.0,
        row.id,
    )
    .execute(tx.conn())
    .await?;
    Ok(Writer { contact_id: ContactId(row.id), opted_out: row.opted_out, goal_id: row.goal_id.map(GoalId) })
}

/// Has this contact had the one confirmation of their opt-out since they last opted in (rule I3)?
pub async fn confirmed(tx: &mut Tx, contact_id: ContactId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from message m join contact c on c.id = m.contact_id
               where m.contact_id = $1 and m.kind = 'opt_out_confirmation' and m.created_at >= c.opted_out_at) as "any!""#,
        contact_id.0,
    )
    .fetch_one(tx.conn())
    .await?)
}
