//! Databases for tests: each its own, cloned from a migrated template.

pub mod plant;
pub mod replay;

use bytes::Bytes;
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::mpsc;

use crate::{Pool, PoolOptions, Result, Tx, db::roles, migrate};

/// Makes sure that a migrated template exists on this server and clones it under a new name.
/// Several processes may ask at once.
///
/// `admin_url` is a superuser's URL to the `postgres` database, `url_of` makes the URL of another
/// database of the same server.
pub async fn clone_template(
    admin_url: &str,
    template: &str,
    name: &str,
    url_of: impl Fn(&str) -> String,
) -> Result<()> {
    let mut admin = PgConnection::connect(admin_url).await?;
    // Cloning locks the template against connections, and two may not clone or migrate it at once.
    sqlx::query("select pg_advisory_lock(7267830)").execute(&mut admin).await?;
    let known: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(template)
        .fetch_one(&mut admin)
        .await?;
    if !known {
        let building = format!("{template}_building");
        for statement in [format!("drop database if exists {building}"), format!("create database {building}")] {
            sqlx::query(AssertSqlSafe(statement)).execute(&mut admin).await?;
        }
        let pool = Pool::connect_lazily(&SecretString::from(url_of(&building)), &PoolOptions::default())?;
        migrate(&pool).await?;
        roles::grant(&pool).await?;
        log_in_as_app(&mut admin, admin_url).await?;
        pool.close().await;
        sqlx::query(AssertSqlSafe(format!("alter database {building} rename to {template}")))
            .execute(&mut admin)
            .await?;
    }
    // Copying files costs two thirds of writing every page to the log.
    let clone = format!("create database {name} template {template} strategy file_copy");
    sqlx::query(AssertSqlSafe(clone)).execute(&mut admin).await?;
    admin.close().await?;
    Ok(())
}

/// The role with which daemons of tests connect.
pub const APP_LOGIN: &str = "muster_local";

/// Makes the role with which daemons of tests connect; its password is the superuser's.
async fn log_in_as_app(admin: &mut PgConnection, admin_url: &str) -> Result<()> {
    let known: bool = sqlx::query_scalar("select exists (select from pg_roles where rolname = $1)")
        .bind(APP_LOGIN)
        .fetch_one(&mut *admin)
        .await?;
    if !known {
        // Passwords of servers for tests are hexadecimal digits.
        let digits = |part: &str| part.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        let password = admin_url.split('@').next().and_then(|user| user.rsplit(':').next()).map(digits);
        let password = password.unwrap_or_default();
        let make = format!("create role {APP_LOGIN} login password '{password}' in role {}", roles::APP);
        sqlx::query(AssertSqlSafe(make)).execute(&mut *admin).await?;
    }
    Ok(())
}

/// Runs a statement that a test needs and no production code does; returns the affected rows.
pub async fn execute(pool: &Pool, statement: &str) -> Result<u64> {
    Ok(sqlx::query(AssertSqlSafe(statement)).execute(&mut *pool.connection().await?).await?.rows_affected())
}

/// Reads one number that a test needs and no production code does.
pub async fn number(pool: &Pool, query: &str) -> Result<i64> {
    Ok(sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(&mut *pool.connection().await?).await?)
}

/// Reads texts that a test needs and no production code does, in a transaction.
pub async fn texts(tx: &mut Tx, query: &str) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(tx.conn()).await?)
}

/// Reads the one value of the one row that a query answers, as JSON; null where it answers no row.
pub async fn json(pool: &Pool, query: &str) -> Result<serde_json::Value> {
    let query = format!("select (select to_jsonb(answer) from ({query}) as answers (answer))");
    let value: Option<serde_json::Value> =
        sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(&mut *pool.connection().await?).await?;
    Ok(value.unwrap_or_default())
}

/// Copies rows out of the database and drops them, as a reference to measure by; returns how many
/// there were.
pub async fn copied(pool: &Pool, statement: &str) -> Result<u64> {
    let mut tx = pool.begin().await?;
    let (to, mut from) = mpsc::channel::<Option<Bytes>>(4);
    let copying = async {
        let to = to;
        tx.copy_out(statement, 64 * 1024, &to).await
    };
    let counting = async {
        let mut lines = 0;
        while let Some(Some(piece)) = from.recv().await {
            lines += piece.split(|byte| *byte == b'\n').count() as u64 - 1;
        }
        lines
    };
    let (copied, lines) = tokio::join!(copying, counting);
    copied?;
    Ok(lines)
}

/// Copies rows in COPY's text format into a table, as a reference to measure by.
pub async fn copy(tx: &mut Tx, statement: &str, chunks: impl Iterator<Item = Vec<u8>> + Send) -> Result<u64> {
    tx.copy(statement, chunks).await
}
