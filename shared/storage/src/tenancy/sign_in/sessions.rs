//! Sessions of members (rule A6).

use std::time::Duration;

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{MemberId, SessionId},
    tenancy::sign_in::{
        scope::Scope,
        session::{SessionLimits, SignInMethod},
    },
};

use crate::{Page, Result, Tx, db::error::read_word};

/// A session to begin.
#[derive(Debug, Clone, Copy)]
pub struct NewSession<'a> {
    /// The session.
    pub id: SessionId,
    /// Its member.
    pub member_id: MemberId,
    /// The hash of its secret, which is new: a session never takes over a secret that a client had
    /// before.
    pub secret_hash: &'a [u8],
    /// Its part of the member's rights.
    pub scope: Scope,
    /// The proof with which it begins.
    pub method: SignInMethod,
    /// The client's own words on itself.
    pub client: &'a str,
    /// The client's address.
    pub address: &'a str,
    /// The account's limits.
    pub limits: SessionLimits,
}

/// Begins a session.
pub async fn begin(tx: &mut Tx, new: &NewSession<'_>) -> Result<()> {
    sqlx::query!(
        "insert into session (id, member_id, secret_hash, scope, method, client, address, idle_minutes, lifetime_hours)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        new.id.0,
        new.member_id.0,
        new.secret_hash,
        new.scope.as_str(),
        new.method.as_str(),
        new.client,
        new.address,
        new.limits.idle_minutes,
        new.limits.lifetime_hours,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A session as it is listed.
#[derive(Debug, Clone)]
pub struct Session {
    /// The session.
    pub id: SessionId,
    /// Its part of the member's rights.
    pub scope: Scope,
    /// The proof with which it began.
    pub method: SignInMethod,
    /// The client's own words on itself.
    pub client: String,
    /// The address that it signed in from.
    pub address: String,
    /// Its beginning.
    pub created_at: DateTime<Utc>,
    /// Its last use, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// The limits that hold for it.
    pub limits: SessionLimits,
}

/// Sessions of a member after `after`, by age, that are in force.
pub async fn page(tx: &mut Tx, member_id: MemberId, page: Page<SessionId>) -> Result<Vec<Session>> {
    let rows = sqlx::query!(
        r#"select s.id, s.scope, s.method, s.client, s.address, s.created_at, u.used_at as "used_at?",
               least(s.idle_minutes, p.session_idle_minutes) as "idle_minutes!",
               least(s.lifetime_hours, p.session_lifetime_hours) as "lifetime_hours!"
           from session s
           join member m on m.id = s.member_id
           left join sign_in_policy p on p.account_id = m.account_id
           left join session_use u on u.session_id = s.id
           where s.member_id = $1 and s.ended_at is null and ($2::uuid is null or s.id > $2)
             and s.created_at > clock_timestamp() - make_interval(hours => least(s.lifetime_hours, p.session_lifetime_hours))
             and greatest(s.created_at, u.used_at)
                 > clock_timestamp() - make_interval(mins => least(s.idle_minutes, p.session_idle_minutes))
           order by s.id limit $3"#,
        member_id.0,
        page.after.map(|id| id.0),
        page.limit,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Session {
                id: SessionId(row.id),
                scope: read_word("session", &row.scope)?,
                method: read_word("session", &row.method)?,
                client: row.client,
                address: row.address,
                created_at: row.created_at,
                last_used_at: row.used_at,
                limits: SessionLimits { idle_minutes: row.idle_minutes, lifetime_hours: row.lifetime_hours },
            })
        })
        .collect()
}

/// Returns the member that a session belongs to.
pub async fn owner(tx: &mut Tx, id: SessionId) -> Result<Option<MemberId>> {
    let owner =
        sqlx::query_scalar!("select member_id from session where id = $1", id.0).fetch_optional(tx.conn()).await?;
    Ok(owner.map(MemberId))
}

/// Ends a session of a member; it is refused from then on. False when the member has none of this
/// id.
pub async fn end(tx: &mut Tx, member_id: MemberId, id: SessionId) -> Result<bool> {
    let done = sqlx::query!(
        "update session set ended_at = coalesce(ended_at, clock_timestamp()) where id = $1 and member_id = $2",
        id.0,
        member_id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends all sessions of a member, but for one that is to stay.
pub async fn end_all(tx: &mut Tx, member_id: MemberId, but: Option<SessionId>) -> Result<()> {
    sqlx::query!(
        "update session set ended_at = clock_timestamp()
         where member_id = $1 and ended_at is null and id is distinct from $2",
        member_id.0,
        but.map(|id| id.0),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Sessions that are forgotten at a time.
pub const STEP: u64 = 10_000;

/// Forgets sessions that are over for longer than `age`, with the client's words and its address;
/// at most [`STEP`] of them.
pub async fn forget(tx: &mut Tx, age: Duration) -> Result<u64> {
    let done = sqlx::query!(
        "delete from session where id in (
             select id from session
             where created_at < clock_timestamp() - make_interval(secs => $1)
               and least(ended_at, created_at + make_interval(hours => lifetime_hours))
                   < clock_timestamp() - make_interval(secs => $1)
             limit $2)",
        age.as_secs_f64(),
        i64::try_from(STEP).unwrap_or(i64::MAX),
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}
