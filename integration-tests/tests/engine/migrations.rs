//! The schema's history: each migration meets rows, and a database of another history is refused.

use std::{collections::BTreeSet, path::PathBuf};

use muster_integration_tests::World;
use muster_storage::{
    Error, Pool, PoolOptions, WrongHistory, migrate, pending_migrations,
    testing::{
        execute, number,
        replay::{self, replay},
    },
    trust::personal::{COLUMNS, Holds},
};

use crate::operators::muster;

/// Each migration's sample rows: a file of the migration's name.
fn samples() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/storage/samples")
}

fn sample(migration: &str) -> Option<String> {
    std::fs::read_to_string(samples().join(format!("{migration}.sql"))).ok()
}

/// An empty database beside the world's own.
struct Empty {
    name: String,
    pool: Pool,
}

impl Empty {
    async fn beside(world: &World, nth: usize) -> Self {
        let postgres = &world.stack().postgres;
        let own = world.database_url();
        let name = format!("{}_{nth}", own.rsplit('/').next().unwrap());
        postgres.create_database(&name, None).await.unwrap();
        let pool = Pool::connect_lazily(&postgres.url(&name).into(), &PoolOptions::default()).unwrap();
        Self { name, pool }
    }

    async fn finish(self, world: &World) {
        self.pool.close().await;
        world.stack().postgres.drop_database(&self.name).await.unwrap();
    }
}

/// Tables that are always empty: the shapes of temporary ones.
fn shapes() -> BTreeSet<&'static str> {
    let shapes = COLUMNS.iter().filter(|(_, _, holds)| *holds == Holds::Shape);
    shapes.map(|(table, _, _)| *table).collect()
}

#[tokio::test]
async fn every_migration_goes_over_rows_of_every_table_and_leaves_a_sound_schema() {
    World::run(async |world| {
    let empty = Empty::beside(&world, 0).await;
    replay(&empty.pool, sample, &[]).await.unwrap();
    assert_eq!(replay::faults(&empty.pool).await.unwrap(), [""; 0]);

    let shapes = shapes();
    let empty_columns: Vec<_> = replay::empty_columns(&empty.pool)
        .await
        .unwrap()
        .into_iter()
        .filter(|column| !shapes.contains(column.split('.').next().unwrap()))
        .collect();
    assert!(
        empty_columns.is_empty(),
        "give these a value in a row of shared/storage/samples, in a file of the migration's name: {empty_columns:?}"
    );
    // It is the history that `muster migrate` applies.
    assert_eq!(pending_migrations(&empty.pool).await.unwrap(), 0);
    empty.finish(&world).await;
    })
    .await;
}

#[tokio::test]
async fn every_sample_belongs_to_a_migration() {
    let names: BTreeSet<_> = replay::names().into_iter().map(|name| format!("{name}.sql")).collect();
    for entry in std::fs::read_dir(samples()).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        assert!(names.contains(&file), "{file} is never loaded");
    }
}

#[tokio::test]
async fn a_migration_that_rows_do_not_allow_or_that_leaves_faults_is_seen() {
    World::run(async |world| {
        let empty = Empty::beside(&world, 0).await;
        let careless = [
            "alter table contact add constraint later check (email is not null) not valid",
            "create index later on only job (worker)",
            "alter table contact disable trigger contact_stops",
            "create table sampleless (id uuid primary key)",
            "alter table account add column later int",
        ];
        replay(&empty.pool, sample, &careless).await.unwrap();
        let faults = [
            "the constraint later of contact is not valid",
            "the index later of job is not valid",
            "the trigger contact_stops of contact is off",
        ];
        assert_eq!(replay::faults(&empty.pool).await.unwrap(), faults);
        let empty_columns = replay::empty_columns(&empty.pool).await.unwrap();
        for column in ["sampleless.id", "account.later"] {
            assert!(empty_columns.iter().any(|empty| empty == column), "{column}: {empty_columns:?}");
        }
        // Each would go over an empty database without a word.
        for migration in [
            "alter table contact add column nickname text not null",
            "alter table contact alter column email set not null",
            "alter table goal add check (campaign_id is not null)",
            "create unique index on membership (group_id)",
            "alter table member alter column email type int using email::int",
        ] {
            let refused = execute(&empty.pool, migration).await;
            assert!(matches!(refused, Err(Error::Database(_))), "{migration}: {refused:?}");
        }
        empty.finish(&world).await;
    })
    .await;
}

/// Everything in a database's schema, and its history.
async fn fingerprint(pool: &Pool) -> i64 {
    let everything = "select hashtextextended(string_agg(line, ' ' order by line), 0) from (
         select attrelid::regclass::text || attname as line from pg_attribute
         union all select version::text || checksum::text from _sqlx_migrations) as lines";
    number(pool, everything).await.unwrap()
}

#[tokio::test]
async fn a_database_from_before_the_first_release_is_refused_and_told_the_way_out() {
    World::run(async |world| {
        // Its history had other files, up to 0055 and with gaps.
        for statement in [
            "update _sqlx_migrations set checksum = sha384(version::text::bytea)",
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
         select version, 'of old', true, sha384(version::text::bytea), 1 from unnest(array[10, 11, 20, 55]) as version
         on conflict (version) do nothing",
        ] {
            execute(world.pool(), statement).await.unwrap();
        }
        let before = fingerprint(world.pool()).await;
        let refused = migrate(world.pool()).await.unwrap_err();
        assert!(matches!(refused, Error::History(WrongHistory::BeforeFirstRelease { version: 1 })), "{refused}");
        for arguments in [&["migrate"][..], &["migrate", "--check"]] {
            let output = muster(&world, arguments).await;
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{told}");
            for part in ["before the first release", "nothing was changed", "Make a new database", "docs/operations.md"]
            {
                assert!(told.contains(part), "{part}: {told}");
            }
        }
        assert_eq!(fingerprint(world.pool()).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_alone() {
    World::run(async |world| {
        let later = "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
         values (9999, 'of a newer version', true, '\\x00', 1)";
        execute(world.pool(), later).await.unwrap();
        let before = fingerprint(world.pool()).await;
        let refused = migrate(world.pool()).await.unwrap_err();
        assert!(matches!(refused, Error::History(WrongHistory::Newer { version: 9999 })), "{refused}");
        // A newer version's schema serves the version before it: nothing is pending for that one.
        assert_eq!(pending_migrations(world.pool()).await.unwrap(), 0);
        assert_eq!(fingerprint(world.pool()).await, before);
    })
    .await;
}

#[tokio::test]
async fn asking_what_is_pending_writes_nothing() {
    World::run(async |world| {
        let empty = Empty::beside(&world, 0).await;
        assert_eq!(pending_migrations(&empty.pool).await.unwrap(), replay::names().len());
        let tables = "select count(*) from pg_class where relnamespace = 'public'::regnamespace";
        assert_eq!(number(&empty.pool, tables).await.unwrap(), 0);
        assert_eq!(migrate(&empty.pool).await.unwrap(), replay::names().len());
        assert_eq!(migrate(&empty.pool).await.unwrap(), 0);
        empty.finish(&world).await;
    })
    .await;
}
