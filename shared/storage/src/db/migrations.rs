//! The history of the schema: migrations in order, each applied once and never changed afterwards.
//!
//! The files up to [`BASELINE`] make an empty database. Later files change databases that have
//! rows. CONTRIBUTING.md says how to add one.

use sqlx::migrate::{AppliedMigration, Migrate, Migration, Migrator};

use crate::{Error, Pool, Result, db::handle::Lent};

pub(crate) static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// The table in which a database keeps its history.
pub(crate) const HISTORY: &str = "_sqlx_migrations";

/// The last file of the schema with which the history begins.
const BASELINE: i64 = 9;

/// Why a database cannot be brought up to date. Nothing in it was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongHistory {
    /// Its migrations are those of a version that was never released.
    #[error(
        "the database was made by a version of Muster from before the first release (its migration {version:04} is another one). It cannot be \
         upgraded, and nothing was changed. Make a new database, run muster migrate on it, and import the contacts again: \
         docs/operations.md, \"A database from before the first release\", says how opt-outs come along"
    )]
    BeforeFirstRelease {
        /// The first migration that is another one.
        version: i64,
    },
    /// A migration that the database has is not the one that this version has.
    #[error(
        "migration {version:04} is not the one that the database was migrated with: a migration never changes once it is published. \
         Nothing was changed. Run a released version of Muster"
    )]
    Changed {
        /// The migration.
        version: i64,
    },
    /// The database has a migration that this version does not know.
    #[error(
        "the database has migration {version:04}, which this version of Muster does not know: a newer version has migrated it. \
         Nothing was changed. Run that version or a later one"
    )]
    Newer {
        /// The migration.
        version: i64,
    },
    /// A migration that is pending comes before one that the database has.
    #[error(
        "migration {pending:04} is pending, though the database has the later {applied:04}: migrations are applied in order. \
         Nothing was changed. Run a released version of Muster"
    )]
    OutOfOrder {
        /// The pending migration.
        pending: i64,
        /// The last one that the database has.
        applied: i64,
    },
}

/// Brings the schema up to date. Only `muster migrate` calls this; no daemon does. Returns how
/// many migrations were applied.
pub async fn migrate(pool: &Pool) -> Result<usize> {
    let mut connection = pool.connection().await?;
    let pending = pending(MIGRATOR.iter(), &applied(&mut connection).await?)?;
    MIGRATOR.run(&mut *connection).await?;
    Ok(pending)
}

/// Returns how many migrations this version knows and the database does not have; none of a
/// database that a newer version has migrated. Writes nothing.
pub async fn pending_migrations(pool: &Pool) -> Result<usize> {
    let mut connection = pool.connection().await?;
    match pending(MIGRATOR.iter(), &applied(&mut connection).await?) {
        Err(WrongHistory::Newer { .. }) => Ok(0),
        judged => Ok(judged?),
    }
}

/// Returns the migrations that the database has, in order; none of a database without a history.
async fn applied(connection: &mut Lent) -> Result<Vec<AppliedMigration>> {
    let begun = sqlx::query_scalar!(r#"select to_regclass($1) is not null as "begun!""#, HISTORY)
        .fetch_one(&mut **connection)
        .await?;
    if !begun {
        return Ok(Vec::new());
    }
    connection.list_applied_migrations(HISTORY).await.map_err(Error::Migrate)
}

/// Compares the migrations that this version knows with those that a database has, both in order.
/// Returns how many are pending.
fn pending<'a>(
    known: impl Iterator<Item = &'a Migration> + Clone,
    applied: &[AppliedMigration],
) -> Result<usize, WrongHistory> {
    for had in applied {
        let version = had.version;
        match known.clone().find(|migration| migration.version == version) {
            Some(same) if same.checksum == had.checksum => {}
            Some(_) if version <= BASELINE => return Err(WrongHistory::BeforeFirstRelease { version }),
            Some(_) => return Err(WrongHistory::Changed { version }),
            None => return Err(WrongHistory::Newer { version }),
        }
    }
    let last = applied.last().map_or(0, |had| had.version);
    let mut pending = known.filter(|migration| applied.iter().all(|had| had.version != migration.version)).peekable();
    match pending.peek() {
        Some(first) if first.version < last => Err(WrongHistory::OutOfOrder { pending: first.version, applied: last }),
        _ => Ok(pending.count()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::collections::BTreeMap;

    use sqlx::{SqlSafeStr, migrate::MigrationType};

    use super::*;

    /// The checksums of all migrations that others may have applied.
    const PUBLISHED: &str = include_str!("../../migrations/SHA384SUMS");

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"))
    }

    #[test]
    fn a_published_migration_never_changes() {
        let published: BTreeMap<_, _> = PUBLISHED
            .lines()
            .map(|line| line.split_once("  ").unwrap())
            .map(|(sum, file)| (file.to_owned(), sum.to_owned()))
            .collect();
        let there: BTreeMap<_, _> = MIGRATOR
            .iter()
            .map(|one| (format!("{:04}_{}.sql", one.version, one.description.replace(' ', "_")), hex(&one.checksum)))
            .collect();
        let differing: Vec<_> =
            published.keys().chain(there.keys()).filter(|file| published.get(*file) != there.get(*file)).collect();
        assert!(
            differing.is_empty(),
            "a published migration is never changed: put it back, and write a new one. A new one goes into SHA384SUMS \
             (cd shared/storage/migrations && sha384sum *.sql > SHA384SUMS). {differing:?}"
        );
    }

    #[test]
    fn migrations_are_numbered_without_a_gap() {
        let versions: Vec<_> = MIGRATOR.iter().map(|migration| migration.version).collect();
        let wanted: Vec<_> = (1..).take(versions.len()).collect();
        assert_eq!(versions, wanted, "a gap is where two branches meet: number the later one anew");
        assert!(versions.contains(&BASELINE));
    }

    fn history(versions: impl IntoIterator<Item = i64>) -> Vec<Migration> {
        let migration = |version| {
            let sql = sqlx::AssertSqlSafe(format!("select {version}")).into_sql_str();
            Migration::new(version, "made up".into(), MigrationType::Simple, sql, false)
        };
        versions.into_iter().map(migration).collect()
    }

    fn had(history: &[Migration]) -> Vec<AppliedMigration> {
        history.iter().map(|one| AppliedMigration { version: one.version, checksum: one.checksum.clone() }).collect()
    }

    #[test]
    fn a_database_gets_the_migrations_that_it_does_not_have() {
        let known = history(1..=12);
        for applied in 0..=12 {
            assert_eq!(pending(known.iter(), &had(&known[..applied])), Ok(12 - applied));
        }
    }

    #[test]
    fn a_database_with_another_history_is_refused_and_told_why() {
        let known = history(1..=12);
        let changed = |at: usize| {
            let mut applied = had(&known);
            applied[at].checksum = vec![0].into();
            applied
        };
        assert_eq!(pending(known.iter(), &changed(0)), Err(WrongHistory::BeforeFirstRelease { version: 1 }));
        assert_eq!(pending(known.iter(), &changed(8)), Err(WrongHistory::BeforeFirstRelease { version: 9 }));
        assert_eq!(pending(known.iter(), &changed(9)), Err(WrongHistory::Changed { version: 10 }));
        let newer = had(&history(1..=13));
        assert_eq!(pending(known.iter(), &newer), Err(WrongHistory::Newer { version: 13 }));
        let skipped = had(&history((1..=12).filter(|version| *version != 11)));
        assert_eq!(pending(known.iter(), &skipped), Err(WrongHistory::OutOfOrder { pending: 11, applied: 12 }));
    }
}
