//! The drill of docs/drill.md: its commands answer its three questions as the page has them, by the
//! operators' API and by the database alone.

use std::path::Path;

use muster_domain::ids::JobId;
use muster_integration_tests::{World, eventually, holds, minutes, no_op, seconds};
use muster_jobs::kinds::Probe;
use muster_local::programs::Binary;
use uuid::Uuid;

use crate::operators::succeeds;

/// A command of the page, and the answer that the page has for it.
struct Question {
    command: String,
    answer: String,
}

fn page() -> Vec<Question> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/drill.md");
    let text = std::fs::read_to_string(path).unwrap();
    text.split("\n## ").skip(1).map(question).collect()
}

/// Reads a section: the block of its command, and the block of its answer.
fn question(section: &str) -> Question {
    let mut blocks = section.split("```").skip(1).step_by(2);
    let command = blocks.next().unwrap().strip_prefix("sh\n").unwrap().trim().to_owned();
    Question { command, answer: blocks.next().unwrap().to_owned() }
}

/// Returns an answer without its ids, instants, durations and blanks, which differ each time.
fn shape(answer: &str) -> Vec<String> {
    let of_line = |line: &str| {
        let mut words: Vec<String> = Vec::new();
        for word in line.split_whitespace() {
            let bare = word.trim_end_matches([':', ',', ';', ')']);
            let is_unit = matches!(bare, "s" | "min" | "h" | "d");
            if is_unit && words.last().is_some_and(|number| number.parse::<u64>().is_ok()) {
                words.pop();
                if words.last().is_none_or(|before| before != "TIME") {
                    words.push("TIME".to_owned());
                }
            } else if Uuid::parse_str(bare).is_ok() {
                words.push("ID".to_owned());
            } else if bare.contains('T') && bare.ends_with('Z') && bare.len() == 20 {
                words.push("INSTANT".to_owned());
            } else {
                words.push(word.to_owned());
            }
        }
        words.join(" ")
    };
    answer.lines().map(of_line).filter(|line| !line.is_empty()).collect()
}

/// An operator at a terminal.
struct Operator<'a> {
    world: &'a World,
    home: &'a Path,
}

impl Operator<'_> {
    /// Runs a command of the page.
    async fn run(&self, command: &str, by_api: bool, job: JobId) -> String {
        let command = command.replace("JOB", &job.to_string()).replace("POD", "worker-1");
        let mut words = command.split_whitespace();
        assert_eq!(words.next(), Some("muster"), "the tool alone answers: {command}");
        let mut muster = tokio::process::Command::new(Binary::Cli.path().unwrap());
        muster.env_clear().env("HOME", self.home).args(words).kill_on_drop(true);
        if !by_api {
            let file = self.home.join("muster.toml");
            std::fs::write(&file, self.world.settings("muster").toml()).unwrap();
            muster.env("MUSTER_PROFILE", "none").env("MUSTER_CONFIG", file);
        }
        // The drill's promise: within a minute.
        let output = tokio::time::timeout(seconds(60), muster.output()).await.unwrap().unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Logs in, as the page says first.
    async fn log_in(&self) {
        let token = self.world.operator("act").await.token().unwrap().to_owned();
        let mut muster = tokio::process::Command::new(Binary::Cli.path().unwrap());
        muster.env_clear().env("HOME", self.home).env("MUSTER_OPERATOR_TOKEN", token);
        let output = muster.args(["login", self.world.api().url()]).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[tokio::test]
async fn the_tool_alone_answers_why_a_job_is_late_who_is_stuck_and_what_a_stop_does() {
    World::with_api()
        .with("job_lease_seconds", "120")
        .run(async |world| {
            let (scheduler, busy) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
            tokio::join!(scheduler.ready(), busy.ready());
            // A parked job, a job that hangs in the first worker's hands, and one that is late.
            world.parked().await;
            let gate = world.close_gate().await;
            let hanging = world.enqueue(&no_op()).await;
            world.until_state(hanging, "running", seconds(60)).await;
            world.jobs().id(hanging).backdate("claimed_at", minutes(10)).await;
            let other = world.worker("worker-2");
            other.ready().await;
            let pause = ["pause", "--kind", "probe", "--reason", "the carrier is at work"];
            succeeds(&world, &pause).await;
            world.job_policies().backdate("changed_at", minutes(10)).await;
            let late = world.enqueue(&Probe {}).await;
            world.jobs().id(late).backdate("run_at", minutes(10)).await;

            let folder = tempfile::tempdir().unwrap();
            let operator = Operator { world: &world, home: folder.path() };
            operator.log_in().await;
            let questions = page();
            assert_eq!(questions.len(), 3);
            for Question { command, answer } in questions {
                for by_api in [true, false] {
                    // Figures are up to ten seconds old.
                    eventually(seconds(60), async || {
                        let told = operator.run(&command, by_api, late).await;
                        holds(shape(&told) == shape(&answer), told)
                    })
                    .await;
                }
            }
            gate.open().await;
            world.until_state(hanging, "succeeded", seconds(60)).await;
            tokio::join!(scheduler.stop(), busy.stop(), other.stop());
        })
        .await;
}

#[tokio::test]
async fn a_daemon_without_others_of_its_role_is_told_as_such() {
    World::with_api()
        .run(async |world| {
            let scheduler = world.scheduler("scheduler-1");
            scheduler.ready().await;
            let folder = tempfile::tempdir().unwrap();
            let operator = Operator { world: &world, home: folder.path() };
            operator.log_in().await;
            let told = operator.run("muster workers show scheduler-1", true, JobId::new()).await;
            assert!(told.contains("safe to stop") && told.contains("no other scheduler lives"), "{told}");
            let told = operator.run("muster stuck", true, JobId::new()).await;
            assert_eq!(told, "nothing stands still\n");
            let waits = world.enqueue(&Probe {}).await;
            eventually(seconds(60), async || {
                let told = operator.run("muster jobs why JOB --json", true, waits).await;
                let told: serde_json::Value = serde_json::from_str(&told).unwrap();
                let code = told["causes"][0]["code"].as_str().unwrap_or_default().to_owned();
                holds(code == "no_worker" && told["state"] == "published", told)
            })
            .await;
            scheduler.stop().await;
        })
        .await;
}

#[test]
fn answers_are_compared_without_what_differs_each_time() {
    let one =
        shape("job 0198f2d4-66aa-7c21-9d7e-0d5b1c3e7a11 is late by 10 min 4 s:\n  since 2026-11-29T03:02:11Z: no");
    assert_eq!(one, ["job ID is late by TIME", "since INSTANT no"]);
    assert_eq!(shape("a  3 s   b"), ["a TIME b"]);
    assert_ne!(shape("probe is paused"), shape("send is paused"));
}
