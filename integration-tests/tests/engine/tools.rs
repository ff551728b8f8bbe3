//! Commands that scripts and containers use: health, waiting, completions and pages of the manual;
//! and commands that use the operators' API in the place of the database.

use std::{os::unix::fs::PermissionsExt, path::Path, process::Stdio};

use muster_domain::ids::OrganizationId;
use muster_integration_tests::{World, seconds};
use muster_local::programs::Binary;
use muster_storage::engine::enqueue::JobOrder;
use serde_json::Value;

use tokio::io::AsyncWriteExt;

use crate::operators::{json, muster, probes};

#[tokio::test]
async fn health_is_the_readiness_of_daemons_as_an_exit_code() {
    World::run(async |world| {
        let worker = world.worker("worker-1");
        worker.ready().await;
        let code = async |args: &[&str]| muster(&world, args).await.status.code();
        assert_eq!(code(&["health", worker.url()]).await, Some(0));
        assert_eq!(code(&["health", "--live", worker.url()]).await, Some(0));
        // Port 9 is `discard`, where nobody listens.
        let both = json(&world, &["health", "--json", worker.url(), "http://127.0.0.1:9"]).await;
        assert_eq!((&both[0]["ok"], &both[1]["ok"]), (&Value::from(true), &Value::from(false)), "{both}");
        assert_eq!(code(&["health", worker.url(), "http://127.0.0.1:9"]).await, Some(1));
    })
    .await;
}

#[tokio::test]
async fn a_queue_is_waited_for_until_it_is_drained_or_the_time_is_over() {
    World::run(async |world| {
        let _scheduler = world.scheduler("scheduler-1");
        let job = probes(&world, OrganizationId::new(), JobOrder::Ordinary, 1).await[0];
        let wait = async |timeout: &str| {
            let args = ["wait", "queue", "probe", "--timeout-seconds", timeout, "--every-seconds", "1"];
            muster(&world, &args).await.status.code()
        };
        assert_eq!(wait("1").await, Some(124));
        let _worker = world.worker("worker-1");
        assert_eq!(wait("60").await, Some(0));
        world.until_state(job, "succeeded", seconds(1)).await;
    })
    .await;
}

#[tokio::test]
async fn completions_and_pages_of_the_manual_are_made_of_the_commands() {
    World::run(async |world| {
        for shell in ["bash", "zsh", "fish"] {
            let script = muster(&world, &["completions", shell]).await;
            let script = String::from_utf8_lossy(&script.stdout).into_owned();
            assert!(script.contains("operators") && script.contains("queues"), "{shell}");
        }
        let folder = tempfile::tempdir().unwrap();
        let written = muster(&world, &["man", folder.path().to_str().unwrap()]).await;
        assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
        for page in ["muster.1", "muster-queues.1", "muster-jobs-list.1"] {
            let page = std::fs::read_to_string(folder.path().join(page)).unwrap();
            assert!(page.contains(".TH muster"), "{page}");
        }
    })
    .await;
}

/// Runs `muster` for a user with a home and nothing else: no database is configured.
async fn at_home(home: &Path, args: &[&str], input: &str) -> (bool, String) {
    let mut command = tokio::process::Command::new(Binary::Cli.path().unwrap());
    command.env_clear().env("HOME", home).args(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().unwrap();
    running.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
    let output = running.wait_with_output().await.unwrap();
    let told = if output.status.success() { output.stdout } else { output.stderr };
    (output.status.success(), String::from_utf8_lossy(&told).into_owned())
}

#[tokio::test]
async fn an_operator_that_has_logged_in_needs_no_database() {
    World::with_api()
        .run(async |world| {
            let operator = world.operator("act").await;
            let folder = tempfile::tempdir().unwrap();
            let home = folder.path();
            let run = async |args: &[&str]| at_home(home, args, "").await;
            let read = async |args: &[&str]| -> Value {
                let (succeeded, told) = run(args).await;
                assert!(succeeded, "{args:?}: {told}");
                serde_json::from_str(&told).unwrap_or_else(|error| panic!("{args:?}: {error}: {told}"))
            };
            let fails = async |args: &[&str], because: &str| {
                let (succeeded, told) = run(args).await;
                assert!(!succeeded && told.contains(because), "{args:?}: {told}");
            };
            fails(&["queues"], "MUSTER_CONFIG").await;
            let url = world.api().url().to_owned();
            let (wrong, told) = at_home(home, &["login", &url], "muster_operator_0").await;
            assert!(!wrong && told.contains("does not know this token"), "{told}");
            let (succeeded, told) = at_home(home, &["login", &url], operator.token().unwrap()).await;
            assert!(succeeded && told.contains("(act)"), "{told}");
            let file = home.join(".config/muster/profiles.json");
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
            assert_eq!(read(&["profiles", "--json"]).await[0]["current"], true);

            let jobs = probes(&world, OrganizationId::new(), JobOrder::Ordinary, 3).await;
            let listed = read(&["jobs", "list", "--kind", "probe", "--json"]).await;
            assert_eq!(listed.as_array().unwrap().len(), 3, "{listed}");
            let first = jobs[0].to_string();
            assert_eq!(read(&["jobs", "show", &first]).await["job"]["id"], first);
            fails(&["jobs", "cancel", &first], "asks for a --reason").await;
            let cancelled = read(&["jobs", "cancel", &first, "--reason", "a test", "--json"]).await;
            assert_eq!(cancelled["state"], "cancelled");
            let paused = read(&["pause", "--kind", "probe", "--reason", "a test", "--json"]).await;
            assert_eq!(paused["paused"], true);
            assert_eq!(read(&["queues", "--json"]).await["probe"]["paused"], true);
            assert_eq!(read(&["workers", "--json"]).await[0]["role"], "api");
            let act = ["acts", "start", "cancel", "--kind", "probe", "--reason", "a test", "--json"];
            let asked = read(&act).await;
            assert_eq!(asked["matching"], 2, "{asked}");
            let id = asked["id"].as_str().unwrap();
            assert_eq!(read(&["acts", "show", id]).await["state"], "running");
            assert_eq!(read(&["acts", "list", "--json"]).await[0]["id"], id);
            fails(&["wait", "act", id, "--timeout-seconds", "1"], "").await;
            let (stopped, told) = run(&["acts", "stop", id, "--reason", "a test"]).await;
            assert!(stopped, "{told}");

            assert!(run(&["logout"]).await.0);
            fails(&["queues"], "MUSTER_CONFIG").await;
        })
        .await;
}
