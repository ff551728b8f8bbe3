//! Whichever process is killed during a campaign and started again, no contact is texted twice and
//! nothing is lost.

use std::{collections::BTreeSet, path::PathBuf};

use futures::future::join_all;
use muster_integration_tests::{eventually, seconds};
use muster_local::programs::Binary;
use muster_simulator::Stats;
use muster_storage::testing;
use reqwest::Method;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    campaign::{Agent, SCRIPT},
    rig::{Rig, RigOptions},
};

/// The groups, and the contacts of each; the last of the first group are the first of the second.
const GROUPS: [(&str, &str, std::ops::Range<usize>); 2] = [("North", "212", 0..800), ("South", "646", 700..1_500)];
const CONTACTS: i64 = 1_500;
/// A little less than the initials of both groups.
const CAP: i64 = 1_440;
/// Texts that agents have under way before they wait for the carrier, so that they are in the
/// middle when the kill comes.
const AHEAD: i64 = 150;

/// A story that kills a server has its own.
fn options(own_servers: bool) -> RigOptions {
    let env = [
        ("MUSTER_JOB_LEASE_SECONDS", "5"),
        ("MUSTER_REPUBLISH_AFTER_SECONDS", "8"),
        ("MUSTER_RECONCILE_AFTER_SECONDS", "8"),
        ("MUSTER_CARRIER_TIMEOUT_MS", "2000"),
        ("MUSTER_RETRY_BASE_MS", "200"),
        ("MUSTER_RETRY_MAX_MS", "3000"),
        ("MUSTER_SWEEP_INTERVAL_MS", "200"),
    ];
    RigOptions {
        own_servers,
        schedulers: 2,
        workers: 2,
        behaviour: json!({
            "latency_ms": { "min": 100, "max": 400 },
            "temporary_error": 0.01,
            "drop_after_accept": 0.01,
            "receipts": { "delay_ms": { "min": 100, "max": 800 }, "repeat": 0.02, "out_of_order": 0.02 },
            "replies": [
                { "body": "STOP", "chance": 0.1, "delay_ms": { "min": 100, "max": 800 } },
                { "body": "Yes", "chance": 0.05, "delay_ms": { "min": 100, "max": 800 } },
            ],
        }),
        env: env.map(|(name, value)| (name, value.to_owned())).to_vec(),
        first_programs: None,
    }
}

fn csv(contacts: std::ops::Range<usize>) -> String {
    let rows = contacts.map(|n| format!("Given{n},Family{n},917555{n:04}\n"));
    format!("first name,last name,phone\n{}", rows.collect::<String>())
}

/// Runs a campaign, does `kill` in its middle, and checks the zeros when all is over.
async fn campaign_survives(options: RigOptions, kill: impl AsyncFnOnce(&Rig)) {
    Rig::run(options, async |rig| {
        rig.call(Method::PUT, &rig.path("caps"), Some(json!({ "daily_segments": CAP }))).await;
        let (mut groups, mut created) = (Vec::new(), 0);
        for (name, area_code, contacts) in GROUPS {
            let group = rig.group(name, area_code, 4).await;
            created += rig.import(&group, csv(contacts)).await["created"].as_i64().unwrap();
            groups.push(group);
        }
        assert_eq!(created, CONTACTS);
        let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
        let agents = join_all(["Ann", "Ben", "Cat", "Dan"].map(|name| rig.agent(name, &groups))).await;
        let goals = rig.campaign(&groups, SCRIPT).await;

        let finished = CancellationToken::new();
        let organizer = async {
            eventually(seconds(60), async || {
                let stats: Stats = rig.simulator("stats").await?;
                if stats.accepted > 500 { Ok(()) } else { Err(format!("{} accepted", stats.accepted)) }
            })
            .await;
            kill(rig).await;
            rig.until_none("batch where state <> 'finished'", seconds(90)).await;
            finished.cancel();
        };
        tokio::join!(organizer, join_all(agents.iter().map(|agent| work(rig, agent, &goals, &finished))));
        rig.until_settled().await;

        rig.audit(&GROUPS.map(|(name, ..)| name), CAP).await;
        let contacts = rig.number("select count(*) from contact").await;
        assert_eq!(contacts, CONTACTS, "contacts are those that the imports created");
        let spared = "target t join contact c on c.id = t.contact_id left join message m on m.id = \
             t.initial_message_id
        where c.opted_out_at is not null and (m.id is null or m.state = 'cancelled')";
        rig.until_some(spared, seconds(1)).await;
    })
    .await;
}

/// Claims and sends until there is nothing left to do.
async fn work(rig: &Rig, agent: &Agent, goals: &[String], finished: &CancellationToken) {
    for goal in goals.iter().cycle() {
        if finished.is_cancelled() {
            return;
        }
        let Some(batch) = agent.claim(goal).await else {
            rig.pause(finished).await;
            continue;
        };
        for contacts in batch.contacts.chunks(20) {
            rig.until_the_carrier_keeps_up().await;
            agent.send(&batch, contacts, &[]).await;
        }
        if batch.contacts.is_empty() {
            rig.pause(finished).await;
        }
    }
}

impl Rig {
    /// An agent looks again after a moment.
    async fn pause(&self, finished: &CancellationToken) {
        let moment = std::time::Duration::from_millis(200);
        finished.run_until_cancelled(tokio::time::sleep(moment)).await;
    }

    async fn until_the_carrier_keeps_up(&self) {
        eventually(seconds(90), async || {
            let query = "select count(*) from message where state in ('queued', 'sending')";
            let ahead = testing::number(&self.pool, query).await.map_err(|error| error.to_string())?;
            if ahead < AHEAD { Ok(()) } else { Err(format!("{ahead} texts under way")) }
        })
        .await;
    }

    /// Returns the send jobs that a worker has claimed.
    async fn running(&self, worker: &str) -> Result<BTreeSet<String>, String> {
        let query = format!("select id from job where state = 'running' and kind = 'send' and worker = '{worker}'");
        Ok(self.rows(&query).await?.into_iter().collect())
    }
}

#[tokio::test]
async fn a_killed_worker_changes_no_zero_and_another_finishes_its_jobs() {
    campaign_survives(options(false), async |rig| {
        // It stands still with work in hand until it dies: else it could finish in between.
        let worker = rig.cluster.process("worker-1").unwrap();
        let orphans = eventually(seconds(20), async || {
            worker.pause();
            let running = rig.running("worker-1").await?;
            if !running.is_empty() {
                return Ok(running);
            }
            worker.resume();
            Err("worker-1 runs nothing".to_owned())
        })
        .await;
        rig.cluster.kill("worker-1").await.unwrap();
        // It stays dead until another worker has done its jobs.
        let ids: Vec<String> = orphans.iter().map(|id| format!("'{id}'")).collect();
        let not_done = format!("job where id in ({}) and state <> 'succeeded'", ids.join(", "));
        rig.until_none(&not_done, seconds(60)).await;
        let others = format!(
            "select count(*) from job where id in ({}) and worker = 'worker-2' and attempt > 1 and state = \
                 'succeeded'",
            ids.join(", ")
        );
        assert_eq!(usize::try_from(rig.number(&others).await).unwrap(), orphans.len());
        rig.cluster.restart("worker-1").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_killed_scheduler_changes_no_zero() {
    campaign_survives(options(false), async |rig| {
        // All of them: one alone would not be missed.
        rig.cluster.kill("scheduler-1").await.unwrap();
        rig.cluster.kill("scheduler-2").await.unwrap();
        rig.until_some("job where state = 'pending' and run_at <= now()", seconds(30)).await;
        rig.cluster.restart("scheduler-1").await.unwrap();
        rig.cluster.restart("scheduler-2").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_killed_api_changes_no_zero() {
    campaign_survives(options(false), async |rig| {
        rig.cluster.kill("api").await.unwrap();
        // Webhooks find nobody meanwhile, and come again.
        let before: Stats = rig.simulator("stats").await.unwrap();
        eventually(seconds(30), async || {
            let stats: Stats = rig.simulator("stats").await?;
            let more = stats.accepted > before.accepted;
            if more && stats.receipts.pending > 0 { Ok(()) } else { Err(format!("{stats:?}")) }
        })
        .await;
        rig.cluster.restart("api").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_killed_broker_changes_no_zero() {
    campaign_survives(options(true), async |rig| {
        rig.stack.rabbitmq.kill().await.unwrap();
        rig.until_some("job where state = 'pending' and run_at <= now()", seconds(30)).await;
        rig.stack.rabbitmq.start_again().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_killed_database_changes_no_zero() {
    campaign_survives(options(true), async |rig| {
        rig.stack.postgres.kill().await.unwrap();
        eventually(seconds(30), async || {
            let ready = reqwest::get(format!("{}/readyz", rig.cluster.api_url)).await;
            let status = ready.map_err(|error| error.to_string())?.status();
            if status == 503 { Ok(()) } else { Err(format!("the api says {status}")) }
        })
        .await;
        rig.stack.postgres.start_again().await.unwrap();
    })
    .await;
}

/// A rolling upgrade: the schema first, then workers, schedulers and the api, one at a time, while
/// the campaign goes on. `MUSTER_TEST_PREVIOUS` names a folder with the programs of the build
/// before; without it, each daemon is replaced by its like.
#[tokio::test]
async fn a_campaign_goes_on_while_every_daemon_is_replaced() {
    let first_programs = std::env::var_os("MUSTER_TEST_PREVIOUS").map(PathBuf::from);
    campaign_survives(RigOptions { first_programs, ..options(false) }, async |rig| {
        let owner = [("MUSTER_DATABASE_URL", rig.stack.postgres.url(&rig.database))];
        rig.cluster.muster_with(&["migrate", "--roles"], &owner).await.unwrap();
        let daemons = [
            ("worker-1", Binary::Worker),
            ("worker-2", Binary::Worker),
            ("scheduler-1", Binary::Scheduler),
            ("scheduler-2", Binary::Scheduler),
            ("api", Binary::Api),
        ];
        for (name, binary) in daemons {
            rig.cluster.replace(name, binary).await.unwrap();
        }
        let parked = rig.number("select count(*) from job where state = 'parked'").await;
        assert_eq!(parked, 0, "work that meets another version waits");
    })
    .await;
}
