//! Workers come and go as the chart's autoscaler has them, and no attempt is lost.
//!
//! The test plays KEDA and the horizontal pod autoscaler. It has promtool evaluate the very queries
//! of the chart's `ScaledObject` on a scrape of the running scheduler, applies the autoscaler's
//! formula and the chart's behaviour, and starts and stops real workers. A tick stands for the
//! period of a policy and for a part of the stabilisation's window. Where promtool cannot be had,
//! it says so and ends.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt::Write as _,
    path::Path,
    process::Command,
};

use muster_integration_tests::{World, eventually, holds, seconds, text};
use muster_local::{Process, programs::Binary};
use regex_lite::Regex;
use serde_json::{Value, json};

use crate::{
    alerts::{promtool, root},
    exposition::{Series, scrape},
    operators,
};

/// Ticks for which a lower need has to last.
const STABLE: usize = 2;
/// The autoscaler leaves a number alone that is wrong by no more.
const TOLERANCE: f64 = 0.1;
/// Workers at least and at most.
const BOUNDS: (usize, usize) = (1, 4);
/// Ticks of a load's growth or decline at most.
const TICKS: usize = 60;

fn file(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A trigger of the chart's `ScaledObject`.
#[derive(Debug)]
struct Trigger {
    query: String,
    /// The target is for each worker; otherwise workers grow as the value is above it.
    average: bool,
    target: f64,
}

/// Returns the chart's triggers with its own values.
fn triggers() -> Vec<Trigger> {
    let (chart, values) = (file("deploy/helm/muster/templates/workers.yaml"), file("deploy/helm/muster/values.yaml"));
    let value = |name: &str| {
        let line = values.lines().find_map(|line| line.trim().strip_prefix(&format!("{name}: ")));
        line.unwrap_or_else(|| panic!("the chart has no value {name}")).to_owned()
    };
    // The behaviour that `Autoscaler::next` has.
    for policy in [
        "policies: [{ type: Percent, value: 100, periodSeconds: 60 }, { type: Pods, value: 2, periodSeconds: 60 }]",
        "selectPolicy: Max",
        "policies: [{ type: Pods, value: 1, periodSeconds: {{ $scaling.scaleInEverySeconds }} }]",
    ] {
        assert!(chart.contains(policy), "the chart scales otherwise than this test: {policy}");
    }
    let kinds = format!("\"{}\"", value("kinds"));
    let told = chart.split("- type: prometheus").skip(1).map(|trigger| {
        let (before, query) = trigger.split_once("query: >-").unwrap();
        let (query, threshold) = query.split_once("threshold: {{ $scaling.").unwrap();
        Trigger {
            query: query.replace("{{ $scaling.kinds | quote }}", &kinds).trim().to_owned(),
            average: before.contains("metricType: AverageValue"),
            target: value(threshold.split(' ').next().unwrap()).parse().unwrap(),
        }
    });
    told.collect()
}

/// The horizontal pod autoscaler.
#[derive(Default)]
struct Autoscaler(VecDeque<usize>);

impl Autoscaler {
    /// Returns how many workers there are to be, by the values of triggers; a trigger without a
    /// value leaves the number as it is.
    fn next(&mut self, workers: usize, values: &[(&Trigger, Option<f64>)]) -> usize {
        let wanted = values.iter().map(|(trigger, value)| {
            let Some(value) = value else { return workers };
            let ratio = if trigger.average { value / as_f64(workers) } else { *value } / trigger.target;
            let wanted = (as_f64(workers) * ratio).ceil();
            if (ratio - 1.0).abs() <= TOLERANCE { workers } else { as_usize(wanted) }
        });
        let wanted = wanted.max().unwrap_or(workers).clamp(BOUNDS.0, BOUNDS.1);
        self.0.push_back(wanted);
        if self.0.len() > STABLE {
            self.0.pop_front();
        }
        if wanted > workers {
            return wanted.min((2 * workers).max(workers + 2));
        }
        let lasting = self.0.iter().max().copied().filter(|_| self.0.len() == STABLE);
        if lasting.is_some_and(|lasting| lasting < workers) { workers - 1 } else { workers }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few workers")]
const fn as_f64(number: usize) -> f64 {
    number as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few workers")]
const fn as_usize(number: f64) -> usize {
    number as usize
}

/// Returns a query's value on a scrape, as promtool tells it; none where there is none.
fn evaluate(promtool: &Path, query: &str, scraped: &[Series]) -> Option<f64> {
    let series = scraped.iter().filter(|series| query.contains(&series.name)).map(|Series { name, labels, value }| {
        let mut line = format!("{name}{{instance=\"scheduler\"");
        for (label, value) in labels {
            write!(line, ",{label}=\"{value}\"").unwrap();
        }
        json!({ "series": line + "}", "values": format!("{value}x2") })
    });
    let test = json!({
        "evaluation_interval": "1m",
        "tests": [{
            "interval": "1m",
            "input_series": series.collect::<Vec<_>>(),
            // Nothing is expected here; all that there is is told.
            "promql_expr_test": [{ "expr": query, "eval_time": "1m", "exp_samples": [] }],
        }],
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("query.test.yaml");
    std::fs::write(&file, test.to_string()).unwrap();
    let ended = Command::new(promtool).args(["test", "rules"]).arg(file).output().unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    if ended.status.success() {
        return None;
    }
    let got = told.lines().find_map(|line| line.trim().strip_prefix("got: "));
    let value = got.and_then(|got| got.split_whitespace().next_back()?.trim_end_matches('"').parse().ok());
    Some(value.unwrap_or_else(|| panic!("{query}: {told}")))
}

/// Workers of a deployment.
struct Workers<'a> {
    world: &'a World,
    live: BTreeMap<String, Process>,
    started: usize,
}

impl Workers<'_> {
    fn start(&mut self) {
        self.started += 1;
        let name = format!("worker-{}", self.started);
        self.live.insert(name.clone(), self.world.process(Binary::Worker, &name));
    }

    /// Stops the worker with the lowest cost, as a deployment does that is scaled in.
    async fn stop_one(&mut self) {
        let costs = self.costs().await;
        let first = self.live.keys().min_by_key(|name| costs.get(*name).copied().unwrap_or_default()).unwrap().clone();
        let worker = self.live.remove(&first).unwrap();
        worker.stop(seconds(120)).await.unwrap_or_else(|error| panic!("{first}: {error:#}: {}", worker.log_tail(20)));
    }

    /// Returns each worker's deletion cost, as `deploy/helm/deletion-cost` has it: its jobs, and a
    /// thousand for a job of a kind that takes long.
    async fn costs(&self) -> BTreeMap<String, u64> {
        let script = file("deploy/helm/deletion-cost");
        let long = script.lines().find_map(|line| line.strip_prefix("long='")?.strip_suffix('\'')).unwrap();
        let long = Regex::new(long).unwrap();
        let told = operators::json(self.world, &["workers", "--json"]).await;
        let workers = told.as_array().unwrap().iter().filter(|one| one["role"] == "worker" && one["alive"] == true);
        let cost = |one: &Value| {
            let jobs = one["running"].as_object().unwrap().iter();
            jobs.map(|(kind, jobs)| jobs.as_u64().unwrap() * if long.is_match(kind) { 1_000 } else { 1 }).sum()
        };
        workers.map(|one| (text(&one["name"]), cost(one))).collect()
    }
}

/// Has figures taken, and returns a scrape of the scheduler that tells them.
async fn next_figures(world: &World, url: &str) -> Vec<Series> {
    let before: Value = world.row("select to_json(taken_at) from figures").await;
    world.execute(&["update figures set claimed_at = claimed_at - interval '1 minute'"]).await;
    eventually(seconds(60), async || {
        let (taken, figures): (Value, Vec<Value>) =
            world.row("select json_build_array(taken_at, figures) from figures").await;
        let scraped = scrape(url).await;
        let told = |figure: &Value| {
            let name = format!("muster_{}", text(&figure["name"]));
            let labels: BTreeMap<String, String> = serde_json::from_value(figure["labels"].clone()).unwrap();
            let value = figure["value"].as_f64().unwrap();
            scraped.iter().any(|one| one.name == name && one.labels == labels && (one.value - value).abs() < 1e-6)
        };
        holds(taken != before && figures.iter().all(told), "older figures").map(|()| scraped)
    })
    .await
}

/// Plays a tick; returns how many workers there are afterwards.
async fn tick(
    promtool: &Path,
    triggers: &[Trigger],
    url: &str,
    scaler: &mut Autoscaler,
    workers: &mut Workers<'_>,
) -> usize {
    let scraped = next_figures(workers.world, url).await;
    let values: Vec<_> =
        triggers.iter().map(|trigger| (trigger, evaluate(promtool, &trigger.query, &scraped))).collect();
    let next = scaler.next(workers.live.len(), &values);
    while workers.live.len() < next {
        workers.start();
    }
    while workers.live.len() > next {
        workers.stop_one().await;
    }
    next
}

#[tokio::test]
async fn j8_workers_grow_and_shrink_with_the_load_and_no_attempt_is_lost() {
    let Some(promtool) = promtool() else { return };
    // A lease is lost by a worker that dies, and by no slow machine.
    World::with_api()
        .with("job_lease_seconds", "20")
        .with("republish_after_seconds", "60")
        .with("shutdown_grace_seconds", "100")
        .run(async |world| {
            world.record_completions().await;
            let ours = world.organization("Ours").await;
            // Short jobs take a fifth of a second, and one job takes as long as the test.
            world
                .execute(&[
                    "create function take_time() returns trigger language plpgsql as $$
                     begin perform pg_sleep(0.2); return new; end $$",
                    "create trigger take_time before update on job for each row
                     when (new.kind = 'lease-expiry' and new.state = 'succeeded') execute function take_time()",
                ])
                .await;
            let gate = world.hold_table("contact_tag").await;
            let scheduler = world.scheduler("scheduler-1");
            let mut workers = Workers { world: &world, live: BTreeMap::new(), started: 0 };
            workers.start();
            ours.admin.post(&ours.at("exports"), json!({ "kind": "contacts" })).await.ok();
            let export = world.jobs().kind("export");
            export.clone().state("running").until(1).await;
            let its_worker: String = export.the("worker").await;

            let (triggers, mut scaler) = (triggers(), Autoscaler::default());
            assert_eq!(triggers.len(), 2, "{triggers:?}");
            world.enqueue_no_ops(1_200).await;
            let short = world.jobs().kind("lease-expiry").any_of("state", &["pending", "published", "running"]);
            let mut grown = Vec::new();
            for _ in 0..TICKS {
                grown.push(tick(&promtool, &triggers, scheduler.url(), &mut scaler, &mut workers).await);
                if short.count().await == 0 {
                    break;
                }
            }
            assert!(grown.iter().max() >= Some(&3), "more work, more workers: {grown:?}");
            let mut shrunk = Vec::new();
            while shrunk.last() != Some(&1) {
                assert!(shrunk.len() < TICKS, "{grown:?}, {shrunk:?}");
                // Each in a message of its own: the workers are never idle for long.
                world.enqueue_no_ops(8).await;
                shrunk.push(tick(&promtool, &triggers, scheduler.url(), &mut scaler, &mut workers).await);
            }
            assert_eq!(workers.live.keys().collect::<Vec<_>>(), [&its_worker], "{grown:?}, {shrunk:?}");

            gate.open().await;
            world.settled().await;
            let jobs = world.jobs().count().await;
            assert_eq!(
                world.jobs().state("succeeded").is("attempt", 1).count().await,
                jobs,
                "{}",
                world.census().await
            );
            let lost = world.jobs().and("(errors <> '[]' or hand_backs <> '[]')");
            assert_eq!(lost.count().await, 0, "attempts that ended with their worker; {grown:?}, {shrunk:?}");
            world.completed_once_each(usize::try_from(jobs).unwrap()).await;
            for (_, worker) in workers.live {
                worker.stop(seconds(120)).await.unwrap();
            }
            scheduler.stop().await;
        })
        .await;
}

#[test]
fn the_autoscaler_grows_at_once_and_shrinks_one_by_one_when_the_need_is_gone_for_long() {
    let each = Trigger { query: String::new(), average: true, target: 200.0 };
    let drain = Trigger { query: String::new(), average: false, target: 120.0 };
    let mut scaler = Autoscaler::default();
    let mut next = |workers, jobs, seconds| scaler.next(workers, &[(&each, jobs), (&drain, seconds)]);
    assert_eq!(next(1, Some(1_000.0), Some(0.0)), 3, "two more, or twice as many");
    assert_eq!(next(3, Some(1_000.0), Some(0.0)), 4, "and no more than there may be");
    assert_eq!(next(2, Some(10.0), Some(240.0)), 4, "as many times more as it takes longer");
    assert_eq!(next(4, Some(10.0), Some(125.0)), 4, "nearly right is right");
    assert_eq!(next(4, None, Some(0.0)), 4, "silence is no idleness");
    assert_eq!(
        [next(4, Some(0.0), Some(0.0)), next(4, Some(0.0), Some(0.0)), next(3, Some(0.0), Some(0.0))],
        [4, 3, 2]
    );
    assert_eq!(next(1, Some(0.0), Some(0.0)), 1);
}
