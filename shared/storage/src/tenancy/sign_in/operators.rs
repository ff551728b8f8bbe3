//! Operators of the installation and their tokens (rule A5).

use chrono::{DateTime, Utc};
use muster_domain::{ids::OperatorId, tenancy::sign_in::operator::OperatorRights};

use crate::{Page, Pool, Result, Tx, db::error::read_word};

/// An operator.
#[derive(Debug, Clone)]
pub struct Operator {
    /// The operator.
    pub id: OperatorId,
    /// The name by which operators are told apart.
    pub name: String,
    /// The rights.
    pub rights: OperatorRights,
    /// Since when there is the operator.
    pub created_at: DateTime<Utc>,
    /// From then on the token is refused.
    pub expires_at: DateTime<Utc>,
    /// The token's last use, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Since when the operator is none any more.
    pub ended_at: Option<DateTime<Utc>>,
}

/// An operator to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewOperator<'a> {
    /// The operator.
    pub id: OperatorId,
    /// The name.
    pub name: &'a str,
    /// The rights.
    pub rights: OperatorRights,
    /// The hash of the token's secret.
    pub secret_hash: &'a [u8],
    /// Days from now on after which the token is refused.
    pub days: i32,
}

/// Makes an operator; false when another one in force has the name.
pub async fn create(tx: &mut Tx, new: &NewOperator<'_>) -> Result<bool> {
    let done = sqlx::query!(
        "insert into operator (id, name, rights, secret_hash, expires_at)
         values ($1, $2, $3, $4, clock_timestamp() + make_interval(days => $5))
         on conflict (name) where ended_at is null do nothing",
        new.id.0,
        new.name,
        new.rights.as_str(),
        new.secret_hash,
        new.days,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Returns the operator whose token, with a secret of this hash, is in force, and keeps its use, to
/// the minute.
pub async fn by_secret(pool: &Pool, secret_hash: &[u8]) -> Result<Option<Operator>> {
    let row = sqlx::query!(
        "with known as (
             select * from operator where secret_hash = $1 and ended_at is null and expires_at > clock_timestamp()
         ), used as (
             insert into operator_use as u (operator_id, used_at) select id, clock_timestamp() from known
             on conflict (operator_id) do update set used_at = excluded.used_at
             where u.used_at <= excluded.used_at - interval '1 minute'
         )
         select id, name, rights, created_at, expires_at from known",
        secret_hash,
    )
    .fetch_optional(&mut *pool.connection().await?)
    .await?;
    row.map(|row| {
        Ok(Operator {
            id: OperatorId(row.id),
            name: row.name,
            rights: read_word("operator", &row.rights)?,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: None,
            ended_at: None,
        })
    })
    .transpose()
}

/// Operators by age, with those that were ended if `ended` says so.
pub async fn page(pool: &Pool, ended: bool, page: Page<OperatorId>) -> Result<Vec<Operator>> {
    let rows = sqlx::query!(
        r#"select o.id, o.name, o.rights, o.created_at, o.expires_at, o.ended_at, u.used_at as "used_at?"
           from operator o left join operator_use u on u.operator_id = o.id
           where ($1 or o.ended_at is null) and ($2::uuid is null or o.id > $2)
           order by o.id limit $3"#,
        ended,
        page.after.map(|id| id.0),
        page.limit,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Operator {
                id: OperatorId(row.id),
                name: row.name,
                rights: read_word("operator", &row.rights)?,
                created_at: row.created_at,
                expires_at: row.expires_at,
                last_used_at: row.used_at,
                ended_at: row.ended_at,
            })
        })
        .collect()
}

/// Ends an operator: the token is refused from then on. False when there is none in force of this
/// id.
pub async fn end(tx: &mut Tx, id: OperatorId) -> Result<bool> {
    let done =
        sqlx::query!("update operator set ended_at = clock_timestamp() where id = $1 and ended_at is null", id.0)
            .execute(tx.conn())
            .await?;
    Ok(done.rows_affected() == 1)
}
