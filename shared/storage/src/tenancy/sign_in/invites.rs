//! Invites of members, one at a time (rule A6).

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{AccountId, InviteId, MemberId, OrganizationId},
    tenancy::sign_in::{code::MailLanguage, invite::InviteState},
};

use crate::{Page, Result, Tx, db::error::read_word};

/// An invite to make, or to make anew.
#[derive(Debug, Clone, Copy)]
pub struct NewInvite {
    /// The member that is invited.
    pub member_id: MemberId,
    /// The admin that invites.
    pub created_by: MemberId,
    /// The mail's language.
    pub language: MailLanguage,
    /// Days for which it can be accepted.
    pub days: i32,
}

/// An invite's link: its id and its generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InviteLink {
    /// The invite.
    pub id: InviteId,
    /// How often it was made anew, from 1 on.
    pub generation: i32,
}

/// Invites a member. A former invite becomes this one, with a new link: the former link is of no
/// more use.
pub async fn invite(tx: &mut Tx, new: NewInvite) -> Result<InviteLink> {
    let row = sqlx::query!(
        "insert into invite as i (member_id, id, language, created_by, expires_at)
         values ($1, $2, $3, $4, clock_timestamp() + make_interval(days => $5))
         on conflict (member_id) do update set generation = i.generation + 1, language = excluded.language,
             created_by = excluded.created_by, created_at = clock_timestamp(), expires_at = excluded.expires_at,
             mailed_at = null, accepted_at = null, revoked_at = null
         returning id, generation",
        new.member_id.0,
        InviteId::new().0,
        new.language.as_str(),
        new.created_by.0,
        new.days,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(InviteLink { id: InviteId(row.id), generation: row.generation })
}

/// Takes an invite back: its link is of no more use. False when the member has none that is
/// pending.
pub async fn revoke(tx: &mut Tx, member_id: MemberId) -> Result<bool> {
    let done = sqlx::query!(
        "update invite set revoked_at = clock_timestamp()
         where member_id = $1 and accepted_at is null and revoked_at is null",
        member_id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// An invite that can be accepted.
#[derive(Debug, Clone)]
pub struct PendingInvite {
    /// Its generation.
    pub generation: i32,
    /// The member that is invited.
    pub member_id: MemberId,
    /// The customer.
    pub account_id: AccountId,
    /// The customer's name.
    pub account: String,
    /// The tenant; none for account admins.
    pub organization_id: Option<OrganizationId>,
    /// The tenant's name.
    pub organization: Option<String>,
    /// The member's given name.
    pub first_name: String,
    /// The member's address.
    pub email: Option<String>,
    /// The mail's language.
    pub language: MailLanguage,
    /// The end of its time.
    pub expires_at: DateTime<Utc>,
}

/// Locks an invite that is pending, of a member that is neither suspended nor removed, nor an admin
/// whose account requires its identity provider.
pub async fn lock_pending(tx: &mut Tx, id: InviteId) -> Result<Option<PendingInvite>> {
    let row = sqlx::query!(
        r#"select i.generation, i.member_id, m.account_id, a.name as account, m.organization_id,
               o.name as "organization?", m.first_name, m.email, i.language, i.expires_at
           from invite i join member m on m.id = i.member_id join account a on a.id = m.account_id
           left join organization o on o.id = m.organization_id
           where i.id = $1 and i.accepted_at is null and i.revoked_at is null and i.expires_at > clock_timestamp()
             and m.suspended_at is null and m.removed_at is null
             and not (m.role <> 'agent' and exists (
                 select from identity_provider p where p.account_id = m.account_id and p.required))
           for no key update of i"#,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| {
        Ok(PendingInvite {
            generation: row.generation,
            member_id: MemberId(row.member_id),
            account_id: AccountId(row.account_id),
            account: row.account,
            organization_id: row.organization_id.map(OrganizationId),
            organization: row.organization,
            first_name: row.first_name,
            email: row.email,
            language: read_word("invite", &row.language)?,
            expires_at: row.expires_at,
        })
    })
    .transpose()
}

/// Keeps that an invite was accepted.
pub async fn accept(tx: &mut Tx, id: InviteId) -> Result<()> {
    sqlx::query!("update invite set accepted_at = clock_timestamp() where id = $1", id.0).execute(tx.conn()).await?;
    Ok(())
}

/// Keeps that a generation of an invite was handed over as a mail.
pub async fn mailed(tx: &mut Tx, link: InviteLink) -> Result<()> {
    sqlx::query!(
        "update invite set mailed_at = clock_timestamp() where id = $1 and generation = $2",
        link.id.0,
        link.generation,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// An invite as it is listed.
#[derive(Debug, Clone)]
pub struct Invite {
    /// The invite.
    pub id: InviteId,
    /// The member that is invited.
    pub member_id: MemberId,
    /// How often it was made anew, from 1 on.
    pub generation: i32,
    /// How far it is.
    pub state: InviteState,
    /// The admin that invited.
    pub created_by: Option<MemberId>,
    /// Since when there is this generation.
    pub created_at: DateTime<Utc>,
    /// The end of its time.
    pub expires_at: DateTime<Utc>,
    /// When its mail was handed over.
    pub mailed_at: Option<DateTime<Utc>>,
}

/// The invites that a list is about.
#[derive(Debug, Clone, Copy)]
pub struct InviteFilter {
    /// The customer.
    pub account_id: AccountId,
    /// The tenant.
    pub organization_id: OrganizationId,
    /// Invites of the account's admins, which belong to no organization, are in the list too.
    pub with_account_admins: bool,
    /// Of this member alone.
    pub only: Option<MemberId>,
}

/// Invites of members after `after`, by the members' age. Of removed members there is none.
pub async fn page(tx: &mut Tx, filter: &InviteFilter, page: Page<MemberId>) -> Result<Vec<Invite>> {
    let now = tx.clock().await?;
    let rows = sqlx::query!(
        "select i.id, i.member_id, i.generation, i.created_by, i.created_at, i.expires_at, i.mailed_at, i.accepted_at,
             i.revoked_at
         from invite i join member m on m.id = i.member_id
         where m.removed_at is null and ($2::uuid is null or m.id = $2) and ($3::uuid is null or m.id > $3)
           and (m.organization_id = $1 or ($5 and m.account_id = $6 and m.organization_id is null))
         order by m.id limit $4",
        filter.organization_id.0,
        filter.only.map(|id| id.0),
        page.after.map(|id| id.0),
        page.limit,
        filter.with_account_admins,
        filter.account_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    let invites = rows.into_iter().map(|row| Invite {
        id: InviteId(row.id),
        member_id: MemberId(row.member_id),
        generation: row.generation,
        state: InviteState::of(row.accepted_at, row.revoked_at, row.expires_at, now),
        created_by: row.created_by.map(MemberId),
        created_at: row.created_at,
        expires_at: row.expires_at,
        mailed_at: row.mailed_at,
    });
    Ok(invites.collect())
}
