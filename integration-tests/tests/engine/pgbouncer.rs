//! `PgBouncer` before Postgres: in session mode everything works, in transaction mode a session's
//! belongings are another client's.

use muster_integration_tests::{World, seconds};
use muster_local::{Bouncer, StackFolder};
use muster_storage::{Pool, PoolOptions, testing};

/// Starts the pooler in a folder of its own, which goes last; says so where there is none.
async fn bouncer(world: &World, mode: &str, size: usize) -> Option<(Bouncer, StackFolder)> {
    let folder = StackFolder::create(None, false).unwrap();
    let started = Bouncer::start(folder.path(), &world.stack().postgres, mode, size).await.unwrap();
    if started.is_none() {
        #[allow(clippy::print_stderr, reason = "a test that looks at nothing says so")]
        {
            eprintln!("NOT COVERED: PgBouncer: it is not on this machine (Debian: apt-get install pgbouncer)");
        }
    }
    started.map(|bouncer| (bouncer, folder))
}

fn pool(url: &str, options: PoolOptions) -> Pool {
    Pool::connect_lazily(&url.into(), &PoolOptions { max_connections: 1, ..options }).unwrap()
}

#[tokio::test]
async fn a_pooler_in_session_mode_serves_daemons() {
    World::run(async |world| {
        let Some((bouncer, _folder)) = bouncer(&world, "session", 60).await else { return };
        let through = bouncer.instead(&world.daemons_database_url()).unwrap();
        world.set("database_url", format!("{through:?}"));
        let daemons = [world.scheduler("scheduler-1"), world.worker("worker-1")];
        for daemon in &daemons {
            daemon.ready().await;
        }
        world.enqueue_no_ops(100).await;
        world.all_succeed(100, seconds(60)).await;

        let options = PoolOptions { by_index: true, durable: false, ..PoolOptions::default() };
        let queue = pool(&through, options);
        let settings = "select count(*) from pg_settings where (name, setting) in
            (('enable_seqscan', 'off'), ('synchronous_commit', 'off'), ('idle_in_transaction_session_timeout', '60000'))";
        assert_eq!(testing::number(&queue, settings).await.unwrap(), 3, "a connection's settings pass");
        let mut ear = pool(&through, PoolOptions::default()).hear("bouncer").await.unwrap();
        testing::number(world.pool(), "select 1::bigint from pg_notify('bouncer', 'heard')").await.unwrap();
        assert_eq!(ear.next().await.unwrap().as_deref(), Some("heard"));
    })
    .await;
}

#[tokio::test]
async fn a_pooler_in_transaction_mode_mixes_sessions_up() {
    World::run(async |world| {
        let Some((bouncer, _folder)) = bouncer(&world, "transaction", 1).await else { return };
        let through = bouncer.instead(&world.daemons_database_url()).unwrap();
        let [one, other] = [0, 1].map(|_| pool(&through, PoolOptions::default()));
        assert_eq!(testing::number(&one, "select 1::bigint").await.unwrap(), 1);
        let error = testing::number(&other, "select 2::bigint").await.unwrap_err().to_string();
        assert!(error.contains("already exists"), "a statement that another client has prepared: {error}");

        let name = world.database_url().rsplit('/').next().unwrap_or_default().to_owned();
        let client = async |sql: &str| {
            let said = bouncer.run_sql(&world.stack().postgres, &name, sql).await.unwrap();
            said.trim().to_owned()
        };
        client("listen proof").await;
        assert_eq!(client("select count(*) from pg_listening_channels()").await, "1", "a client that never listened");
        client("select pg_advisory_lock(1)").await;
        assert_eq!(client("select pg_try_advisory_lock(1)").await, "t", "a lock that another client holds");
    })
    .await;
}
