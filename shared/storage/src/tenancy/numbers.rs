//! Numbers to text from, and the accounts that they belong to (rules A3 and A5).
//!
//! A number belongs to one account of the installation. The operator arranges it. An account that
//! is alone in the installation needs no arrangement: the numbers that its admins add are its own.
//! Organizations text from numbers of their account alone, and a text to a number lands nowhere
//! else.

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{AccountId, GroupId, MemberId, OrganizationId},
    people::e164::E164,
};

use crate::{Page, Pool, Result, Tx};

/// Outcome of adding numbers to an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// So many are new; others of the account were there already.
    pub added: u64,
    /// These belong to no account, or to another one, and were not added.
    pub refused: Vec<String>,
}

fn texts(numbers: &[E164]) -> Vec<String> {
    numbers.iter().map(|number| number.as_str().to_owned()).collect()
}

/// Adds numbers to an organization's.
pub async fn add(
    tx: &mut Tx,
    account_id: AccountId,
    organization_id: OrganizationId,
    numbers: &[E164],
) -> Result<Added> {
    let numbers = texts(numbers);
    // Only an account that is alone has a number by naming it. Two transactions that add one number
    // take turns here.
    sqlx::query!(
        "insert into number_owner (e164, account_id, arranged_by_operator)
         select e164, $2, false from (select distinct unnest($1::text[]) as e164) named
         where not exists (select from number_owner where arranged_by_operator)
           and not exists (select from account where id <> $2)
         order by e164
         on conflict do nothing",
        &numbers,
        account_id.0,
    )
    .execute(tx.conn())
    .await?;
    let refused = sqlx::query_scalar!(
        r#"select distinct named.e164 as "e164!" from unnest($1::text[]) as named (e164)
           where not exists (select from number_owner w where w.e164 = named.e164 and w.account_id = $2) order by 1"#,
        &numbers,
        account_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    let done = sqlx::query!(
        "insert into sender_number (e164, organization_id)
         select w.e164, $1 from number_owner w where w.e164 = any($2) and w.account_id = $3 order by w.e164
         on conflict do nothing",
        organization_id.0,
        &numbers,
        account_id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(Added { added: done.rows_affected(), refused })
}

/// A number and the account that it belongs to.
#[derive(Debug, Clone)]
pub struct Owned {
    /// The number.
    pub number: String,
    /// The account.
    pub account_id: AccountId,
    /// The organization that texts from it; none as long as none does.
    pub organization_id: Option<OrganizationId>,
    /// The operator has arranged it; else the account was alone when it named it.
    pub arranged: bool,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// Numbers that a list has.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Of this account.
    pub account_id: Option<AccountId>,
}

/// Returns a page of accounts' numbers, in their order.
pub async fn page(pool: &Pool, filter: &Filter, page: Page<&str>) -> Result<Vec<Owned>> {
    let rows = sqlx::query!(
        r#"select w.e164, w.account_id, w.arranged_by_operator, w.since, n.organization_id as "organization_id?"
           from number_owner w left join sender_number n on n.e164 = w.e164
           where ($1::uuid is null or w.account_id = $1) and w.e164 > $2
           order by w.e164 limit $3"#,
        filter.account_id.map(|id| id.0),
        page.after.unwrap_or_default(),
        page.limit,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Owned {
            number: row.e164,
            account_id: AccountId(row.account_id),
            organization_id: row.organization_id.map(OrganizationId),
            arranged: row.arranged_by_operator,
            since: row.since,
        })
        .collect())
}

/// A number of an organization, and the group and the agent that have it.
#[derive(Debug, Clone)]
pub struct Held {
    /// The number.
    pub number: String,
    /// Its group; none while it is free for any.
    pub group_id: Option<GroupId>,
    /// The group's name.
    pub group_name: Option<String>,
    /// Its agent; none while it is free for the group's next one.
    pub agent_id: Option<MemberId>,
    /// The agent's names.
    pub agent_name: Option<String>,
}

/// Numbers of an organization after `after`; of these groups alone, if some are given.
pub async fn of_organization(
    tx: &mut Tx,
    organization_id: OrganizationId,
    groups: Option<&[GroupId]>,
    free: Option<bool>,
    after: &str,
    limit: i64,
) -> Result<Vec<Held>> {
    let groups: Option<Vec<_>> = groups.map(|groups| groups.iter().map(|id| id.0).collect());
    let rows = sqlx::query!(
        r#"select n.e164, n.group_id, g.name as "group_name?", n.agent_id, m.first_name || ' ' || m.last_name as agent_name
           from sender_number n
           left join contact_group g on g.id = n.group_id
           left join member m on m.id = n.agent_id
           where n.organization_id = $1 and ($2::uuid[] is null or n.group_id = any($2))
             and ($3::bool is null or (n.agent_id is null) = $3) and n.e164 > $4
           order by n.e164 limit $5"#,
        organization_id.0,
        groups.as_deref(),
        free,
        after,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Held {
            number: row.e164,
            group_id: row.group_id.map(GroupId),
            group_name: row.group_name,
            agent_id: row.agent_id.map(MemberId),
            agent_name: row.agent_name,
        })
        .collect())
}

/// How numbers are given to accounts.
#[derive(Debug, Clone, Copy)]
pub struct Owners {
    /// Accounts of the installation.
    pub accounts: i64,
    /// Numbers that the operator has arranged.
    pub arranged: i64,
}

/// Says how numbers are given to accounts.
pub async fn owners(pool: &Pool) -> Result<Owners> {
    let row = sqlx::query!(
        r#"select (select count(*) from account) as "accounts!",
                  (select count(*) from number_owner where arranged_by_operator) as "arranged!""#
    )
    .fetch_one(&mut *pool.connection().await?)
    .await?;
    Ok(Owners { accounts: row.accounts, arranged: row.arranged })
}

/// Returns the accounts that have some of these numbers.
pub async fn owners_of(tx: &mut Tx, numbers: &[E164]) -> Result<Vec<AccountId>> {
    let found = sqlx::query_scalar!(
        "select distinct account_id from number_owner where e164 = any($1) order by account_id",
        &texts(numbers)
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(found.into_iter().map(AccountId).collect())
}

/// Outcome of assigning numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assigned {
    /// They are the account's.
    Done,
    /// There is no such account.
    NoAccount,
    /// These are another account's, and were not to be moved. Nothing was changed.
    Taken(Vec<String>),
}

/// Gives numbers to an account, as the operator arranges it. Another account's number is moved only
/// if that is asked for: then that account's conversations stay with it, waiting texts from the
/// number are cancelled, and texts to the number are the new account's.
pub async fn assign(tx: &mut Tx, account_id: AccountId, numbers: &[E164], move_taken: bool) -> Result<Assigned> {
    let known =
        sqlx::query_scalar!("select id from account where id = $1", account_id.0).fetch_optional(tx.conn()).await?;
    if known.is_none() {
        return Ok(Assigned::NoAccount);
    }
    let named = texts(numbers);
    let taken = sqlx::query_scalar!(
        "select e164 from number_owner where e164 = any($1) and account_id <> $2 order by e164 for update",
        &named,
        account_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    if !taken.is_empty() {
        if !move_taken {
            return Ok(Assigned::Taken(taken));
        }
        take_away(tx, &taken).await?;
    }
    let done = sqlx::query_scalar!(
        "insert into number_owner as w (e164, account_id, arranged_by_operator)
         select e164, $2, true from (select distinct unnest($1::text[]) as e164) named order by e164
         on conflict (e164) do update set arranged_by_operator = true where w.account_id = excluded.account_id
         returning e164",
        &named,
        account_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    // One that another account named in the meantime.
    let lost: Vec<String> = named.into_iter().filter(|number| !done.contains(number)).collect();
    Ok(if lost.is_empty() { Assigned::Done } else { Assigned::Taken(lost) })
}

/// Takes numbers from whichever accounts have them; returns how many.
pub async fn release(tx: &mut Tx, numbers: &[E164]) -> Result<usize> {
    let named = texts(numbers);
    let held =
        sqlx::query_scalar!("select e164 from number_owner where e164 = any($1) order by e164 for update", &named)
            .fetch_all(tx.conn())
            .await?;
    take_away(tx, &held).await?;
    Ok(held.len())
}

/// Ends the use of numbers by the accounts that have them. Conversations keep their history, and go
/// on from another number of their agent's.
async fn take_away(tx: &mut Tx, numbers: &[String]) -> Result<()> {
    sqlx::query!("delete from sender_number where e164 = any($1)", numbers).execute(tx.conn()).await?;
    sqlx::query!("delete from number_owner where e164 = any($1)", numbers).execute(tx.conn()).await?;
    sqlx::query!(
        "with waiting as (
             select m.id from message m
             where m.state in ('queued', 'held') and m.thread_id in (select id from thread where sender_e164 = any($1))
             order by m.id for update of m
         )
         update message m set state = 'cancelled', reason = 'number_gone', held_until = null from waiting where m.id = waiting.id",
        numbers,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
