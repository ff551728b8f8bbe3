//! Replaying the history of the schema over sample rows, as a database in use goes through it.

use sqlx::{
    AssertSqlSafe, Executor as _, SqlSafeStr as _,
    migrate::{Migrate as _, Migration, MigrationType},
};

use crate::{
    Error, Pool, Result,
    db::migrations::{HISTORY, MIGRATOR},
};

/// Applies all migrations to an empty database, one by one, then `more`, made-up ones. After each
/// comes its sample, if `sample` has one under its name (`0004_people`), so that every migration
/// meets the rows of those before it.
pub async fn replay(pool: &Pool, sample: impl Fn(&str) -> Option<String>, more: &[&str]) -> Result<()> {
    let mut connection = pool.connection().await?;
    connection.ensure_migrations_table(HISTORY).await.map_err(Error::Migrate)?;
    let last = MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or_default();
    let made_up = (last + 1..).zip(more).map(|(version, sql)| {
        let sql = AssertSqlSafe((*sql).to_owned()).into_sql_str();
        Migration::new(version, "made up".into(), MigrationType::Simple, sql, false)
    });
    for migration in MIGRATOR.iter().cloned().chain(made_up) {
        connection.apply(HISTORY, &migration).await.map_err(Error::Migrate)?;
        if let Some(rows) = sample(&name(&migration)) {
            connection.execute(AssertSqlSafe(rows)).await?;
        }
    }
    Ok(())
}

/// Returns the names of all migrations, such as `0004_people`.
pub fn names() -> Vec<String> {
    MIGRATOR.iter().map(name).collect()
}

fn name(migration: &Migration) -> String {
    format!("{:04}_{}", migration.version, migration.description.replace(' ', "_"))
}

/// Returns the faults of a schema: constraints that do not hold for all rows, indexes that cannot
/// be used, triggers that are off.
pub async fn faults(pool: &Pool) -> Result<Vec<String>> {
    let faults = sqlx::query_scalar(
        "select format('the constraint %s of %s is not valid', conname, conrelid::regclass)
         from pg_constraint where connamespace = 'public'::regnamespace and not convalidated
         union all
         select format('the index %s of %s is not valid', indexrelid::regclass, indrelid::regclass)
         from pg_index join pg_class c on c.oid = indexrelid
         where c.relnamespace = 'public'::regnamespace and not (indisvalid and indisready and indislive)
         union all
         select format('the trigger %s of %s is off', tgname, tgrelid::regclass)
         from pg_trigger join pg_class c on c.oid = tgrelid
         where c.relnamespace = 'public'::regnamespace and tgenabled <> 'O'
         order by 1",
    );
    Ok(faults.fetch_all(&mut *pool.connection().await?).await?)
}

/// Returns the columns that no row has a value in, as `table.column`; of a table without rows all.
pub async fn empty_columns(pool: &Pool) -> Result<Vec<String>> {
    let mut connection = pool.connection().await?;
    let tables: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class
         where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition and relname <> $1 order by 1",
    )
    .bind(HISTORY)
    .fetch_all(&mut *connection)
    .await?;
    let mut empty = Vec::new();
    for table in tables {
        let columns: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
            "select attname::text from pg_attribute where attrelid = '{table}'::regclass and attnum > 0 and not attisdropped
             except
             select filled.key from \"{table}\" as t cross join lateral jsonb_each(to_jsonb(t)) as filled where filled.value <> 'null'
             order by 1"
        )))
        .fetch_all(&mut *connection)
        .await?;
        empty.extend(columns.into_iter().map(|column| format!("{table}.{column}")));
    }
    Ok(empty)
}
