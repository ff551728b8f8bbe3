//! A worker is killed at each point of an import, and the end is the same as if nothing had happened (rules C6, C7).

use muster_integration_tests::{eventually, seconds};
use muster_storage::{Pool, PoolOptions, testing};
use serde_json::json;

use super::ingestion::{counters, expected, generate};
use crate::rig::{Rig, RigOptions};

/// Tables of which a lock stops an import in the middle of a step, in the order in which it comes to them.
const POINTS: [(&str, &str); 8] = [
    ("import_part", "the file is looked at, and its parts are not written down yet"),
    ("import_reject", "a part's rows are in the object store, and the part does not count as read yet"),
    ("tag", "all is read, and nobody is admitted yet"),
    ("contact", "a shard's contacts are about to be made"),
    ("membership", "they are made, and in no group yet"),
    ("contact_tag", "they are in the group, and have no tags yet"),
    ("import_shard", "all of a shard is applied, and not counted yet"),
    ("import", "all shards are applied, and the import is not over yet"),
];

#[tokio::test]
async fn c7_a_worker_that_is_killed_at_any_point_of_an_import_changes_nothing_of_its_end() {
    let env = vec![
        ("MUSTER_JOB_LEASE_SECONDS", "3".to_owned()),
        ("MUSTER_RETRY_BASE_MS", "200".to_owned()),
        ("MUSTER_IMPORT_PART_BYTES", "60000".to_owned()),
        ("MUSTER_IMPORT_SHARD_BYTES", "60000".to_owned()),
    ];
    let rig =
        Rig::start(RigOptions { schedulers: 1, workers: 2, env, behaviour: json!({}), ..RigOptions::default() }).await;
    let mut people = 0;
    for (nth, (table, point)) in POINTS.iter().enumerate() {
        let group = rig.group(&format!("Group {nth}"), "212", 0).await;
        let file = generate(nth * 10_000..nth * 10_000 + 2_000);
        // The end waits until everything before it is done, and so does its lock.
        let last = *table == "import";
        if last {
            rig.cluster.muster(&["pause", "--kind", "import-end"]).await.unwrap();
        }
        let mut lock = if last { None } else { Some(Lock::take(&rig, table).await) };
        let id = rig.upload_with(&group, &format!("&tags=tag{nth}"), file.csv.clone()).await;
        if last {
            rig.until_some(&format!("import where id = '{id}' and shards_left = 0"), seconds(60)).await;
            lock = Some(Lock::take(&rig, table).await);
            rig.cluster.muster(&["resume", "--kind", "import-end"]).await.unwrap();
        }
        let worker = who_waits(&rig, point).await;
        rig.cluster.kill(&worker).await.unwrap();
        lock.unwrap().release().await;
        rig.cluster.restart(&worker).await.unwrap();

        let report = rig.report(&id).await;
        assert_eq!(counters(&report), expected(&file, file.people, 0), "killed when {point}");
        people += file.people;
        assert_eq!(rig.number("select count(*) from contact").await, people, "killed when {point}");
        assert_eq!(rig.number("select count(*) from membership").await, people, "killed when {point}");
        assert_eq!(rig.number("select count(*) from contact_tag").await, people, "killed when {point}");
        let rejects = format!("select count(*) from import_reject where import_id = '{id}'");
        assert_eq!(rig.number(&rejects).await, file.rejected, "killed when {point}");
        let several = "select count(*) from import_part p where p.import_id in (select id from import)";
        assert!(rig.number(several).await > 2 * (i64::try_from(nth).unwrap() + 1), "files have several parts");
    }
    rig.finish().await;
}

/// The worker that waits for a lock.
async fn who_waits(rig: &Rig, point: &str) -> String {
    let waiting = "select application_name from pg_stat_activity
        where wait_event_type = 'Lock' and application_name like 'muster worker%' and datname = current_database() limit 1";
    let name = eventually(seconds(60), async || {
        rig.rows(waiting).await?.pop().ok_or_else(|| format!("nobody waits when {point}"))
    })
    .await;
    name.trim_start_matches("muster ").to_owned()
}

/// A table that nobody else can write to.
struct Lock(Pool);

impl Lock {
    async fn take(rig: &Rig, table: &str) -> Self {
        // One connection, so that all statements are one transaction's.
        let options = PoolOptions { max_connections: 1, ..PoolOptions::default() };
        let pool = Pool::connect_lazily(&rig.stack.postgres.url(&rig.database).as_str().into(), &options).unwrap();
        for statement in ["begin".to_owned(), format!("lock table {table} in share row exclusive mode")] {
            testing::execute(&pool, &statement).await.unwrap();
        }
        Self(pool)
    }

    async fn release(self) {
        testing::execute(&self.0, "rollback").await.unwrap();
        self.0.close().await;
    }
}
