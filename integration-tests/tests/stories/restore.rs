//! Rule R6: the database is lost, and yesterday's backup comes back. Nothing is sent from it before
//! the ledger was replayed; the erased stay erased, the opted-out opted out, and nobody is texted
//! twice.

use std::collections::BTreeMap;

use muster_integration_tests::{eventually, seconds};
use muster_storage::testing;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    campaign::SCRIPT,
    rig::{Rig, RigOptions, text},
};

const DAEMONS: [&str; 3] = ["api", "scheduler-1", "worker-1"];
const PEOPLE: usize = 12;

fn csv() -> String {
    let row = |nth: usize| format!("Ada{nth},Lace{nth},91755500{nth:02}\n");
    "first name,last name,phone\n".to_owned() + &(0..PEOPLE).map(row).collect::<String>()
}

fn phone(nth: usize) -> String {
    format!("+191755500{nth:02}")
}

impl Rig {
    /// Returns how often the carrier took an initial of a goal to each number. Every text that goes
    /// to a contact in this story is one, but for confirmations of opt-outs.
    async fn initials(&self) -> BTreeMap<String, usize> {
        let page: Value = self.simulator("messages?limit=10000").await.unwrap();
        let mut counts = BTreeMap::new();
        for message in page["messages"].as_array().unwrap() {
            if text(&message["body"]).contains("Vote on") {
                *counts.entry(text(&message["to"]).to_owned()).or_default() += 1;
            }
        }
        counts
    }

    /// Returns a process's answer to `readyz`.
    async fn says(&self, name: &str) -> Result<String, String> {
        let member = self.cluster.members().iter().find(|member| member.process.name() == name).unwrap();
        let answer = reqwest::get(format!("{}/readyz", member.url)).await.map_err(|error| error.to_string())?;
        answer.text().await.map_err(|error| error.to_string())
    }

    /// Is there a `pg_dump` for this server? One that is older than the server refuses it.
    async fn has_pg_dump(&self) -> bool {
        let server = self.number("select current_setting('server_version_num')::bigint / 10000").await;
        let Ok(said) = tokio::process::Command::new("pg_dump").arg("--version").output().await else { return false };
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let version = said.split_whitespace().nth(2).and_then(|version| version.split('.').next()?.parse().ok());
        version.is_some_and(|version: i64| version >= server)
    }

    /// The ledger is written every minute, and at each redaction.
    async fn until_there_is_a_ledger(&self) {
        let nobody = json!({ "phone": "+19175559999", "confirmation": "I understand this cannot be undone" });
        self.post("/v1/redactions", nobody).await;
        self.until_in_the_ledger().await;
        self.until_some("ledger where segment > 0", seconds(20)).await;
    }

    /// Waits until the ledger has everything that was said and erased.
    async fn until_in_the_ledger(&self) {
        self.until_none("ledger_word", seconds(90)).await;
        self.until_none("redaction where ledger_segment is null", seconds(90)).await;
        self.until_none("job where kind = 'ledger-publish' and state in ('published', 'running')", seconds(20)).await;
    }
}

#[tokio::test]
async fn r6_after_a_restore_the_erased_stay_erased_the_opted_out_opted_out_and_nobody_is_texted_twice() {
    Rig::run(RigOptions { schedulers: 1, workers: 1, behaviour: json!({}), ..RigOptions::default() }, async |rig| {
        if !rig.has_pg_dump().await {
            eprintln!("nothing was restored: there is no pg_dump for this server on the PATH");
            return;
        }
        let group = rig.group("North", "212", 1).await;
        rig.import(&group, csv()).await;
        let agent = rig.agent("Ann", &[&group]).await;
        let goal = rig.campaign(&[&group], SCRIPT).await.remove(0);
        let batch = agent.claim_when_there(&goal).await;
        let (before, rest) = batch.contacts.split_at(3);
        let (after, rest) = rest.split_at(4);
        agent.send(&batch, before, &[]).await;
        rig.until_none("message where state <> 'delivered'", seconds(20)).await;
        rig.until_there_is_a_ledger().await;
        let backup = rig.stack.folder().join(&rig.database);
        let folder = backup.to_str().unwrap();
        rig.cluster.muster(&["backup", folder]).await.unwrap();

        // After the backup: texts, an opt-out, an opt-in of the same, and an erasure.
        agent.send(&batch, after, &[]).await;
        rig.until_none("message where kind = 'initial' and state <> 'delivered'", seconds(20)).await;
        for (nth, body) in [(8, "STOP"), (9, "STOP"), (9, "START")] {
            let said = json!({ "from": phone(nth), "to": agent.numbers[0], "body": body });
            rig.tell_simulator(Method::POST, "inbound", &said).await;
            rig.until_none("webhook where processed_at is null", seconds(20)).await;
        }
        let erased = json!({ "phone": phone(10), "confirmation": "I understand this cannot be undone" });
        let redaction = text(&rig.post("/v1/redactions", erased).await["id"]).to_owned();
        rig.until_none("redaction where finished_at is null", seconds(20)).await;
        rig.until_in_the_ledger().await;
        let texted = rig.initials().await;
        assert_eq!(texted.len(), before.len() + after.len(), "{texted:?}");

        // The database is lost, and a new one is made of the backup.
        for name in DAEMONS {
            rig.cluster.kill(name).await.unwrap();
        }
        rig.stack.postgres.drop_database(&rig.database).await.unwrap();
        rig.stack.postgres.create_database(&rig.database, None).await.unwrap();
        // The daemons' role may make nothing.
        let owner = [("MUSTER_DATABASE_URL", rig.stack.postgres.url(&rig.database))];
        rig.cluster.muster_with(&["restore", folder], &owner).await.unwrap();
        for name in DAEMONS {
            rig.cluster.process(name).unwrap().restart().await.unwrap();
        }
        for name in DAEMONS {
            eventually(seconds(30), async || {
                let said = rig.says(name).await?;
                if said.contains("muster ledger replay") { Ok(()) } else { Err(format!("{name}: {said}")) }
            })
            .await;
        }
        let refused = rig.api.0.call(Method::GET, &rig.organization, &muster_rehearsal::client::Call::empty()).await;
        assert_eq!(refused.unwrap().status, 503);
        rig.cluster.muster(&["doctor"]).await.unwrap_err();
        assert_eq!(rig.initials().await, texted);

        let said = rig.cluster.muster_with(&["ledger", "replay"], &owner).await.unwrap();
        assert!(said.contains("1 redactions, 1 opt-outs"), "{said}");
        rig.cluster.ready().await.unwrap();
        rig.until_none("redaction where finished_at is null", seconds(30)).await;
        let contact = async |nth: usize| {
            let query = format!("select count(*) from contact where e164 = '{}'", phone(nth));
            testing::number(&rig.pool, &query).await.unwrap()
        };
        assert_eq!(contact(10).await, 0, "the erased stay erased");
        assert_eq!(rig.get(&format!("/v1/redactions/{redaction}")).await["contacts"], 1);
        let out = "select count(*) from contact where opted_out_at is not null and redacted_at is null";
        assert_eq!(rig.number(out).await, 1, "the opted-out stay opted out, and who came back is back");

        // The batch was in hand when the backup was made; the agent goes on where the backup was.
        agent.send(&batch, after, &[]).await;
        agent.send(&batch, rest, &[]).await;
        rig.until_none(
            "message where kind = 'initial' and state in ('queued', 'sending', 'unknown', 'held')",
            seconds(30),
        )
        .await;
        let all = rig.initials().await;
        assert!(all.values().all(|count| *count == 1), "{all:?}");
        // All but the one that opted out and the one that is erased. The confirmation that the one
        // who came back had got is no initial.
        assert_eq!(all.len(), PEOPLE - 2, "{all:?}");
        assert!(!all.contains_key(&phone(8)) && !all.contains_key(&phone(10)), "{all:?}");
        // Replayed once is replayed.
        let again = rig.cluster.muster_with(&["ledger", "replay"], &owner).await.unwrap();
        assert!(again.contains("nothing to replay"), "{again}");
        assert!(rig.cluster.muster(&["ledger", "verify"]).await.unwrap().contains("whole and in order"));
    })
    .await;
}

/// A database that `pg_restore` alone has brought back is known by itself, and so is one that a
/// physical backup has taken back in time.
#[tokio::test]
async fn r6_a_database_that_went_back_in_time_is_known_without_a_word() {
    Rig::run(RigOptions { schedulers: 1, workers: 1, behaviour: json!({}), ..RigOptions::default() }, async |rig| {
        rig.until_there_is_a_ledger().await;
        let told = async |statement: &str| {
            for name in DAEMONS {
                rig.cluster.kill(name).await.unwrap();
            }
            testing::execute(&rig.pool, statement).await.unwrap();
            for name in DAEMONS {
                rig.cluster.process(name).unwrap().restart().await.unwrap();
            }
            eventually(seconds(30), async || {
                let said = rig.says("worker-1").await?;
                if said.contains("muster ledger replay") { Ok(()) } else { Err(said) }
            })
            .await;
            rig.cluster.muster(&["ledger", "replay"]).await.unwrap();
            rig.cluster.ready().await.unwrap();
        };
        // A beat that was committed is gone.
        told("update ledger set beat = beat - 1").await;
        // Another server, or another database of it.
        told("update ledger set place = '1/2'").await;
    })
    .await;
}
