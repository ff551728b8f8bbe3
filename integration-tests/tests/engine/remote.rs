//! Commands that work by the operators' API, with a token and no database; and waiting for an
//! admin's imports and goals.

use std::process::Stdio;

use muster_integration_tests::{Client, Organization, World, eventually, holds, seconds, text};
use muster_jobs::kinds::Probe;
use muster_local::programs::Binary;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

/// Returns `muster` with a token of this caller, and nothing else in its environment.
fn muster(world: &World, name: &str, caller: &Client, args: &[&str]) -> Command {
    let mut command = Command::new(Binary::Cli.path().unwrap());
    command.env_clear().env("MUSTER_API_URL", world.api().url()).env(name, caller.token().unwrap());
    command.args(args).kill_on_drop(true);
    command
}

/// An operator's commands.
struct Operator<'a>(&'a World, Client);

impl Operator<'_> {
    async fn json(&self, args: &[&str]) -> Value {
        let output = muster(self.0, "MUSTER_OPERATOR_TOKEN", &self.1, args).output().await.unwrap();
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{args:?}: {error}: {}", String::from_utf8_lossy(&output.stderr)))
    }

    async fn tells(&self, args: &[&str]) -> String {
        let output = muster(self.0, "MUSTER_OPERATOR_TOKEN", &self.1, args).output().await.unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    async fn fails(&self, args: &[&str], because: &str) {
        let output = muster(self.0, "MUSTER_OPERATOR_TOKEN", &self.1, args).output().await.unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && told.contains(because), "{args:?}: {told}");
    }
}

#[tokio::test]
async fn j11_schedules_are_listed_changed_and_run_without_a_database() {
    World::with_api()
        .run(async |world| {
            let operator = Operator(&world, world.operator("act").await);
            let listed = operator.json(&["schedule", "list", "--json"]).await;
            let of = |listed: &Value, name: &str| {
                listed.as_array().unwrap().iter().find(|one| one["name"] == name).cloned().unwrap()
            };
            assert_eq!(of(&listed, "partitions")["cron"], "7 * * * *");
            operator.fails(&["schedule", "enable", "partitions"], "--reason").await;
            let why = ["--reason", "a test"];
            let act = async |args: &[&str]| operator.tells(&[args, &why].concat()).await;
            act(&["schedule", "enable", "partitions"]).await;
            act(&["schedule", "edit", "partitions", "--cron", "* * * * * *", "--zone", "America/Chicago"]).await;
            let edited = of(&operator.json(&["schedule", "list", "--json"]).await, "partitions");
            let seen = (&edited["enabled"], &edited["cron"], &edited["zone"]);
            assert_eq!(seen, (&json!(true), &json!("* * * * * *"), &json!("America/Chicago")));
            let scheduler = world.scheduler("scheduler-1");
            world.ticks().is("schedule", "partitions").is("fate", "fired").at_least(2, seconds(30)).await;
            scheduler.stop().await;
            let ticks = operator.json(&["schedule", "ticks", "partitions", "--limit", "2", "--json"]).await;
            assert_eq!(ticks.as_array().unwrap().len(), 2, "{ticks}");
            act(&["schedule", "disable", "partitions"]).await;
            let before = world.jobs().kind("upkeep").count().await;
            assert!(act(&["schedule", "run", "partitions"]).await.contains("muster jobs show"));
            assert_eq!(world.jobs().kind("upkeep").count().await, before + 1);
            operator.fails(&["schedule", "ticks", "no-such"], "404").await;
        })
        .await;
}

#[tokio::test]
async fn the_doctor_looks_and_mends_without_a_database() {
    World::with_api()
        .run(async |world| {
            let operator = Operator(&world, world.operator("act").await);
            let check = async |name: &str| {
                let checks = operator.json(&["doctor", "--json"]).await;
                checks.as_array().unwrap().iter().find(|check| check["check"] == name).cloned().unwrap_or_default()
            };
            assert_eq!(check("migrations").await["ok"], true);
            assert!(check("broker").await["detail"].as_str().unwrap().starts_with("not looked at"));
            let job = world.enqueue(&Probe {}).await;
            world
                .execute(&[
                    "update job set state = 'running', worker = 'gone', lease_until = now() - interval '1 hour'",
                ])
                .await;
            operator.fails(&["doctor", "--repair", "--json"], "--reason").await;
            let mended = operator.json(&["doctor", "--repair", "--reason", "a test", "--json"]).await;
            assert!(mended.as_array().unwrap().iter().any(|check| check["check"] == "mended"), "{mended}");
            assert_eq!(world.job(job).await.state, "pending");
        })
        .await;
}

#[tokio::test]
async fn parked_jobs_are_replayed_and_followed_without_a_database() {
    World::with_engine()
        .run(async |world| {
            let operator = Operator(&world, world.operator("act").await);
            world.pause_jobs("probe").await;
            for _ in 0..3 {
                world.enqueue(&Probe {}).await;
            }
            world.jobs().kind("probe").set("state", "parked").await;
            world.job_policies().delete().await;
            let replay = ["jobs", "replay", "--kind", "probe", "--rate", "100", "--reason", "mended", "--json"];
            let dry = operator.json(&[&replay[..], &["--dry-run"]].concat()).await;
            assert_eq!((&dry["matching"], &dry["replayed"]), (&json!(3), &json!(0)), "{dry}");
            let told = operator.json(&replay).await;
            let expected = json!({ "matching": 3, "replayed": 3, "tried": 3, "failed": 0, "aborted": false });
            assert_eq!(told, expected);
            world.jobs().kind("probe").state("succeeded").until(3).await;
        })
        .await;
}

/// Waits for something of an organization; returns the exit code.
async fn wait(world: &World, ours: &Organization, what: &str, id: &str, timeout: &str) -> Option<i32> {
    let args = ["wait", what, id, "--organization", &ours.id, "--timeout-seconds", timeout, "--every-seconds", "1"];
    let output = muster(world, "MUSTER_TOKEN", &ours.admin, &args).output().await.unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains(what) && told.contains(id), "{told}{}", String::from_utf8_lossy(&output.stderr));
    output.status.code()
}

#[tokio::test]
async fn an_import_is_waited_for_until_it_succeeded_was_cancelled_or_the_time_is_over() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("North").await;
            world.pause_jobs("import-cut").await;
            let upload = async |phone: &str| {
                let file = format!("first,last,phone\nAda,Lovelace,{phone}\n");
                text(&ours.upload(&format!("file_name=c.csv&group_id={group}"), file).await.ok()["id"])
            };
            let (import, cancelled) = (upload("6465550101").await, upload("6465550102").await);
            assert_eq!(wait(&world, &ours, "import", &import, "1").await, Some(124));
            ours.admin.act(&ours.at(&format!("imports/{cancelled}/cancel"))).await.ok();
            world.job_policies().delete().await;
            assert_eq!(wait(&world, &ours, "import", &import, "120").await, Some(0));
            assert_eq!(wait(&world, &ours, "import", &cancelled, "120").await, Some(2));
        })
        .await;
}

#[tokio::test]
async fn a_goal_is_waited_for_until_it_is_completed_or_the_time_is_over() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("North").await;
            ours.contacts(&group, 1).await;
            let goal = ours.open_goal(&world, &group, json!({})).await;
            assert_eq!(wait(&world, &ours, "goal", &goal, "1").await, Some(124));
            let (closed, waited) =
                tokio::join!(ours.goal_act(&goal, "close"), wait(&world, &ours, "goal", &goal, "120"));
            assert_eq!((&closed["status"], waited), (&json!("completed"), Some(0)));
        })
        .await;
}

#[tokio::test]
async fn a_watched_table_is_drawn_again_with_the_news() {
    World::with_api()
        .run(async |world| {
            let operator = world.operator("read").await;
            let args = ["workers", "--json", "--watch", "1"];
            let mut watching =
                muster(&world, "MUSTER_OPERATOR_TOKEN", &operator, &args).stdout(Stdio::piped()).spawn().unwrap();
            let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
            let mut drawn = async || -> Value {
                let line = tokio::time::timeout(seconds(60), lines.next_line()).await.unwrap().unwrap().unwrap();
                serde_json::from_str(&line).unwrap()
            };
            assert_eq!(drawn().await.as_array().unwrap().len(), 1, "the api is alone");
            let scheduler = world.scheduler("scheduler-1");
            eventually(seconds(60), async || {
                let told = drawn().await;
                let found = told.as_array().unwrap().iter().any(|daemon| daemon["name"] == "scheduler-1");
                holds(found, told)
            })
            .await;
            watching.kill().await.unwrap();
            scheduler.stop().await;
        })
        .await;
}
