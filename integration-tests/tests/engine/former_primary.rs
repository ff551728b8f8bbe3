//! Two database servers: connections go to the one that is written to, and a former primary that
//! comes back takes no writes.

use muster_integration_tests::{eventually, seconds};
use muster_local::{Postgres, StackFolder, stack::naming_all};
use muster_storage::{Pool, PoolOptions, testing};
use secrecy::SecretString;
use tokio::task::JoinSet;

const DATABASE: &str = "pair";

/// Backends with a commit that waits for a standby.
const WAITING: &str = "select count(*) from pg_stat_activity where wait_event = 'SyncRep' and datname = 'pair'";
const ROWS: &str = "select count(*) from proof";

/// A primary and its standby. The folder goes last.
struct Pair {
    first: Postgres,
    second: Postgres,
    _folder: StackFolder,
}

impl Pair {
    async fn start() -> Self {
        let folder = StackFolder::create(None, false).unwrap();
        let first = Postgres::start(folder.path()).await.unwrap();
        let second = first.start_standby(folder.path()).await.unwrap();
        first.create_database(DATABASE, None).await.unwrap();
        first.run_sql(DATABASE, "create table proof (number int)").await.unwrap();
        Self { first, second, _folder: folder }
    }

    /// Returns a pool on servers in this order.
    fn pool(servers: &[&Postgres]) -> Pool {
        let url = naming_all(servers.iter().map(|server| server.url(DATABASE)));
        let options = PoolOptions { max_connections: 3, ..PoolOptions::default() };
        Pool::connect_lazily(&SecretString::from(url), &options).unwrap()
    }
}

async fn count(server: &Postgres, query: &str) -> i64 {
    server.run_sql(DATABASE, query).await.unwrap().trim().parse().unwrap()
}

async fn write(pool: &Pool) -> muster_storage::Result<()> {
    let mut tx = pool.begin().await?;
    testing::texts(&mut tx, "insert into proof values (1) returning number::text").await?;
    tx.commit().await
}

/// Writes once, as soon as it can.
async fn written(pool: &Pool) {
    eventually(seconds(60), async || write(pool).await.map_err(|error| error.to_string())).await;
}

#[tokio::test]
async fn j1_a_former_primary_that_comes_back_takes_no_writes() {
    let pair = Pair::start().await;
    let Pair { first, second, .. } = &pair;
    let pool = Pair::pool(&[second, first]);
    written(&pool).await;
    // The standby, which is named first, was not written to, and has it.
    eventually(seconds(30), async || match count(second, ROWS).await {
        1 => Ok(()),
        rows => Err(format!("{rows} rows")),
    })
    .await;

    first.kill().await.unwrap();
    second.promote().await.unwrap();
    written(&pool).await;
    assert_eq!(count(second, ROWS).await, 2);

    // It takes itself for the primary, as its settings say.
    first.start_again().await.unwrap();
    assert_eq!(first.run_sql(DATABASE, "select pg_is_in_recovery()").await.unwrap().trim(), "f");
    written(&pool).await;
    let fresh = Pair::pool(&[first, second]);
    written(&fresh).await;
    assert_eq!(count(second, ROWS).await, 4, "all who know both write to the one that was promoted");

    let alone = Pair::pool(&[first]);
    let mut lost = JoinSet::new();
    lost.spawn(async move { write(&alone).await });
    eventually(seconds(30), async || match count(first, WAITING).await {
        0 => Err("no commit waits".to_owned()),
        _ => Ok(()),
    })
    .await;
    assert_eq!(count(first, ROWS).await, 1, "what waits for a standby that is gone is not there for anybody");

    first.follow(second).await.unwrap();
    lost.join_next().await.unwrap().unwrap().unwrap_err();
    assert_eq!(count(first, ROWS).await, 4, "as a standby it has what the primary has, and nothing of its own");
    written(&pool).await;
    assert_eq!(count(second, ROWS).await, 5);
}

#[tokio::test]
async fn j1_a_commit_and_a_listener_leave_a_primary_that_stands_still() {
    let pair = Pair::start().await;
    let Pair { first, second, .. } = &pair;
    let pool = Pair::pool(&[first, second]);
    let mut listener = pool.listen(&["proof"]).await.unwrap();
    let mut tx = pool.begin().await.unwrap();
    testing::texts(&mut tx, "insert into proof values (1) returning number::text").await.unwrap();

    first.pause().unwrap();
    let mut commit = JoinSet::new();
    commit.spawn(tx.commit());
    second.promote().await.unwrap();
    let error = commit.join_next().await.unwrap().unwrap().unwrap_err();
    assert!(error.is_unavailable(), "{error}");
    let heard =
        tokio::time::timeout(seconds(60), listener.wait()).await.expect("it is told that it may have missed some");
    assert_eq!(heard.unwrap(), None);
    second.run_sql(DATABASE, "select pg_notify('proof', '')").await.unwrap();
    let heard = tokio::time::timeout(seconds(60), listener.wait()).await.expect("it listens to the new primary");
    assert_eq!(heard.unwrap().as_deref(), Some("proof"));

    first.resume().unwrap();
    written(&pool).await;
    assert_eq!(count(second, ROWS).await, 1, "what was not committed when the standby took over is not there");
}
