//! A worker is killed at each point of an import, and the end is the same as if nothing had
//! happened (rules C6, C7).

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use muster_integration_tests::{S3, S3_SECRET, eventually, seconds};
use muster_storage::{Pool, PoolOptions, testing};
use reqwest::Method;
use serde_json::{Value, json};

use super::ingestion::{counters, expected, generate};
use crate::rig::{Rig, RigOptions, text};

/// Where an import is stopped: a lock on a table, which it comes to in the middle of a step.
struct Point {
    table: &'static str,
    /// Statements that the lock keeps from others.
    keeps_from: Keeps,
    /// Where the import comes to the table before: the kind of job that waits until the lock is
    /// there, and when that is to be.
    step: Option<(&'static str, &'static str)>,
    what: &'static str,
}

#[derive(Clone, Copy)]
enum Keeps {
    Writing,
    /// Rows cannot be locked either.
    Locking,
}

const fn at(table: &'static str, what: &'static str) -> Point {
    Point { table, keeps_from: Keeps::Writing, step: None, what }
}

/// In the order in which an import comes to them.
const POINTS: [Point; 14] = [
    Point { step: Some(("import-cut", "true")), ..at("import", "the file is about to be looked at") },
    at("import_part", "the file is looked at, and its parts are not written down yet"),
    at("import_reject", "a part's rows are in the object store, and the part does not count as read yet"),
    Point {
        step: Some(("csv-ingestion", "state = 'running'")),
        ..at("import_part", "a part's rejects are written, and the part does not count as read yet")
    },
    Point {
        keeps_from: Keeps::Locking,
        step: Some(("import-admit", "parts_left = 0")),
        ..at("contact_group", "all is read, and nobody has counted the places")
    },
    at("tag", "all is read, and nobody is admitted yet"),
    at("import_agent", "the tags are made, and nobody knows whom the agents' column means"),
    at("contact", "a shard's contacts are about to be made"),
    at("import_change", "the new people are made, and the known ones are as they were"),
    at("membership", "they are made, and in no group yet"),
    Point { keeps_from: Keeps::Locking, ..at("group_member", "they are in the group, and have no agents yet") },
    at("contact_tag", "they have agents, and no tags yet"),
    at("import_shard", "all of a shard is applied, and not counted yet"),
    Point {
        step: Some(("import-end", "shards_left = 0")),
        ..at("import", "all shards are applied, and the import is not over yet")
    },
];

#[tokio::test]
async fn c7_a_worker_that_is_killed_at_any_point_of_an_import_changes_nothing_of_its_end() {
    let env = vec![
        ("MUSTER_JOB_LEASE_SECONDS", "3".to_owned()),
        ("MUSTER_SWEEP_INTERVAL_MS", "200".to_owned()),
        ("MUSTER_RETRY_BASE_MS", "200".to_owned()),
        ("MUSTER_IMPORT_PART_BYTES", "20000".to_owned()),
        ("MUSTER_IMPORT_SHARD_BYTES", "20000".to_owned()),
    ];
    Rig::run(
        RigOptions { schedulers: 1, workers: 2, env, behaviour: json!({}), ..RigOptions::default() },
        async |rig| {
            let mut agents = Vec::new();
            for email in AGENTS {
                let member = json!({ "role": "agent", "first_name": "Amy", "last_name": "Agent", "email": email });
                agents.push(text(&rig.post(&rig.path("members"), member).await["id"]).to_owned());
            }
            for (nth, point) in POINTS.iter().enumerate() {
                let group = rig.group(&format!("Group {nth}"), "212", 0).await;
                let numbers: Vec<String> =
                    (0..agents.len()).map(|agent| format!("+1212555{:04}", 10 * nth + agent)).collect();
                rig.post(&rig.path("numbers"), json!({ "numbers": numbers })).await;
                for agent in &agents {
                    rig.call(Method::PUT, &rig.path(&format!("groups/{group}/members/{agent}")), Some(json!({}))).await;
                }
                let crowd = Crowd::new(nth);
                let tags = format!("&tags=tag{nth}");
                let known = rig.upload_with(&group, &tags, crowd.known.clone()).await;
                assert_eq!(
                    rig.report(&known).await["created"],
                    KNOWN,
                    "before the worker is killed when {}",
                    point.what
                );

                if let Some((kind, _)) = point.step {
                    rig.cluster.muster(&["pause", "--kind", kind]).await.unwrap();
                }
                let mut lock = None;
                if point.step.is_none() {
                    lock = Some(Lock::take(rig, point).await);
                }
                let id = rig.upload_with(&group, &tags, crowd.csv.clone()).await;
                if let Some((kind, when)) = point.step {
                    rig.until_some(&format!("import where id = '{id}' and {when}"), seconds(60)).await;
                    lock = Some(Lock::take(rig, point).await);
                    rig.cluster.muster(&["resume", "--kind", kind]).await.unwrap();
                }
                let worker = who_waits(rig, point.what).await;
                rig.cluster.kill(&worker).await.unwrap();
                lock.unwrap().release().await;
                rig.cluster.restart(&worker).await.unwrap();

                let report = rig.report(&id).await;
                assert_eq!(counters(&report), crowd.counters, "killed when {}", point.what);
                assert!(report["parts"].as_i64() > Some(2) && report["shards"].as_i64() > Some(2), "{report}");
                let people = people(rig, nth, &group).await;
                for (told, wanted) in people.iter().zip(&crowd.people) {
                    assert_eq!(told, wanted, "killed when {}", point.what);
                }
                assert_eq!(people.len(), crowd.people.len(), "killed when {}", point.what);
                for (table, rows) in [
                    ("import_reject", crowd.rejected),
                    ("import_change", crowd.changed),
                    ("import_assignment", crowd.assigned),
                ] {
                    let query = format!("select count(*) from {table} where import_id = '{id}'");
                    assert_eq!(rig.number(&query).await, rows, "{table}, killed when {}", point.what);
                }
            }
        },
    )
    .await;
}

#[tokio::test]
async fn c7_workers_that_share_nothing_but_a_bucket_go_on_where_one_of_them_was_killed() {
    let s3 = S3::start().await;
    let mut env = vec![
        ("MUSTER_JOB_LEASE_SECONDS", "3".to_owned()),
        ("MUSTER_RETRY_BASE_MS", "200".to_owned()),
        ("MUSTER_IMPORT_PART_BYTES", "1000000".to_owned()),
    ];
    env.extend(s3.environment());
    Rig::run(
        RigOptions { schedulers: 1, workers: 2, env, behaviour: json!({}), ..RigOptions::default() },
        async |rig| {
            let group = rig.group("North", "212", 0).await;
            // Larger than the bytes that are written to the bucket in one piece.
            let file = generate(0..70_000);
            assert!(file.csv.len() > 8 << 20);
            let point = at("import_reject", "a part's rows are in the bucket, and the part does not count as read yet");
            let lock = Lock::take(rig, &point).await;
            let id = rig.upload_with(&group, "", file.csv.clone()).await;
            let worker = who_waits(rig, point.what).await;
            rig.cluster.kill(&worker).await.unwrap();
            lock.release().await;
            // It does not come back: the other has the file, and the rows of the parts that are
            // read, out of the bucket.
            let report = rig.report(&id).await;
            assert_eq!(counters(&report), expected(&file, file.people, 0));
            assert_eq!(rig.number("select count(*) from membership").await, file.people);

            let organization = rig.organization.rsplit('/').next().unwrap();
            let mut keys = s3.keys();
            keys.retain(|key| !key.starts_with("muster/ledger/"));
            assert_eq!(keys, [format!("muster/imports/{organization}/{id}")]);
            assert!(s3.unfinished().is_empty(), "{:?}", s3.unfinished());
            let folder = rig.stack.folder().join("cluster");
            assert_eq!(std::fs::read_dir(folder.join("objects")).unwrap().count(), 0, "no folder has a file");
            for entry in std::fs::read_dir(&folder).unwrap().flatten().filter(|entry| entry.path().is_file()) {
                let text = std::fs::read(entry.path()).unwrap();
                let told = text.windows(S3_SECRET.len()).any(|bytes| bytes == S3_SECRET.as_bytes());
                assert!(!told, "{} has the secret", entry.path().display());
            }
            let shown = rig.cluster.muster(&["config", "check"]).await.unwrap();
            assert!(shown.contains("s3://files/muster") && !shown.contains(S3_SECRET), "{shown}");
            rig.cluster.restart(&worker).await.unwrap();
        },
    )
    .await;
}

const AGENTS: [&str; 2] = ["amy@example.org", "ben@example.org"];
/// People in a file, people of them that are known before, and rows.
const PEOPLE: usize = 900;
const KNOWN: usize = 400;
const ROWS: usize = 1_200;

/// A file of people of which some are known, and the outcome of one worker reading it in order.
struct Crowd {
    known: String,
    csv: String,
    counters: Value,
    rejected: i64,
    /// Known people that the file changes in more than their agent.
    changed: i64,
    /// Known people that it gives an agent.
    assigned: i64,
    /// Everybody in the order of their phones: phone, name, ward, agent and tags.
    people: Vec<String>,
}

const HEADER: &str = "First Name,Last Name,Cell Phone,Ward,Tags,Assigned Agent\r\n";

fn row(first: &str, phone: &str, ward: usize, tag: &str, agent: &str) -> String {
    format!("{first},\"Family, \"\"The\"\"\",{phone},{ward},{tag},{agent}\r\n")
}

impl Crowd {
    fn new(nth: usize) -> Self {
        let phone = |person: usize| format!("917{}{person:04}", 200 + nth);
        let mut known = HEADER.to_owned();
        // Of each person: name, ward, agent and tags.
        let mut people = BTreeMap::new();
        let file_tag = format!("tag{nth}");
        for person in 0..KNOWN {
            let (first, ward) = (format!("Given{person}"), person % 50);
            known.push_str(&row(&first, &phone(person), ward, "early", ""));
            people.insert(person, (first, ward, "", BTreeSet::from(["early", file_tag.as_str()])));
        }
        let mut csv = HEADER.to_owned();
        let (mut winners, mut bad) = (BTreeMap::new(), 0);
        for n in 0..ROWS {
            let person = n * 7 % PEOPLE;
            let first = if n.is_multiple_of(3) { format!("New{n}") } else { format!("Given{person}") };
            let agent = match person % 7 {
                1 => AGENTS[0],
                2 => AGENTS[1],
                3 if person.is_multiple_of(11) => "nobody@example.org",
                _ => "",
            };
            let tag = if person.is_multiple_of(13) { "late" } else { "early" };
            if n % 25 == 24 {
                bad += 1;
                csv.push_str(&row(&first, "12345", n, tag, agent));
            } else {
                csv.push_str(&row(&first, &phone(person), person % 50, tag, agent));
                winners.insert(person, (first, agent, tag));
            }
        }
        let (mut created, mut updated, mut unchanged, mut unknown, mut changed, mut assigned) = (0, 0, 0, 0, 0, 0);
        let merged = ROWS - bad - winners.len();
        for (person, (first, agent, tag)) in winners {
            if agent == "nobody@example.org" {
                unknown += 1;
                continue;
            }
            let before = people.get(&person).cloned();
            let mut after =
                before.clone().unwrap_or_else(|| (String::new(), 0, "", BTreeSet::from([file_tag.as_str()])));
            (after.0, after.1) = (first, person % 50);
            if !agent.is_empty() {
                after.2 = agent;
            }
            after.3.insert(tag);
            match &before {
                None => created += 1,
                Some(before) if *before == after => unchanged += 1,
                Some(before) => {
                    updated += 1;
                    changed += i64::from(before.0 != after.0);
                    assigned += i64::from(before.2 != after.2);
                }
            }
            people.insert(person, after);
        }
        let told = people.iter().map(|(person, (first, ward, agent, tags))| {
            let mut line = format!("+1{}|{first}|{ward}|{agent}|", phone(*person));
            write!(line, "{}", tags.iter().copied().collect::<Vec<_>>().join(",")).unwrap();
            line
        });
        Self {
            known,
            csv,
            counters: json!({
                "state": "succeeded", "rows_read": ROWS, "created": created, "updated": updated, "unchanged": unchanged,
                "merged": merged, "rejected": bad + unknown, "reject_reasons": { "phone_invalid": bad, "agent_unknown": unknown },
            }),
            rejected: i64::try_from(bad + unknown).unwrap(),
            changed,
            assigned,
            people: told.collect(),
        }
    }
}

/// Returns all of a crowd that are in the group.
async fn people(rig: &Rig, nth: usize, group: &str) -> Vec<String> {
    let query = format!(
        "select concat_ws('|', c.e164, c.first_name, c.fields ->> 'Ward', coalesce(a.email, ''), (select string_agg(t.name, ',' order by t.name collate \"C\")
             from contact_tag ct join tag t on t.id = ct.tag_id where ct.contact_id = c.id))
         from contact c join membership m on m.contact_id = c.id and m.group_id = '{group}' left join member a on a.id = m.assigned_agent_id
         where c.e164 like '+1917{}%' order by c.e164",
        200 + nth
    );
    rig.rows(&query).await.unwrap()
}

/// Returns the worker that waits for a lock.
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
    async fn take(rig: &Rig, point: &Point) -> Self {
        // One connection, so that all statements are one transaction's.
        let options = PoolOptions { max_connections: 1, ..PoolOptions::default() };
        let pool = Pool::connect_lazily(&rig.stack.postgres.url(&rig.database).as_str().into(), &options).unwrap();
        let mode = match point.keeps_from {
            Keeps::Writing => "share row exclusive",
            Keeps::Locking => "exclusive",
        };
        for statement in ["begin".to_owned(), format!("lock table {} in {mode} mode", point.table)] {
            testing::execute(&pool, &statement).await.unwrap();
        }
        Self(pool)
    }

    async fn release(self) {
        testing::execute(&self.0, "rollback").await.unwrap();
        self.0.close().await;
    }
}
