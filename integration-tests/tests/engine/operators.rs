//! Operators' work with `muster`: each command as a process of its own, against a system that runs.

use std::process::Output;

use muster_domain::ids::{GoalId, JobId, OrganizationId};
use muster_integration_tests::{World, no_op, seconds};
use muster_jobs::kinds::{GoalTransition, Probe};
use muster_local::programs::Binary;
use muster_storage::{
    doctor,
    engine::enqueue::{JobOrder, Origin, enqueue_all},
    testing,
};
use serde_json::Value;

/// Runs `muster` with the configuration of this test's daemons.
pub(crate) async fn muster(world: &World, args: &[&str]) -> Output {
    let file = world.folder().join("muster.toml");
    std::fs::write(&file, world.settings("muster").toml()).unwrap();
    let mut command = tokio::process::Command::new(Binary::Cli.path().unwrap());
    command.env_clear().env("MUSTER_CONFIG", file).args(args).output().await.unwrap()
}

pub(crate) async fn json(world: &World, args: &[&str]) -> Value {
    let output = muster(world, args).await;
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{args:?}: {error}: {}", String::from_utf8_lossy(&output.stderr)))
}

pub(crate) async fn succeeds(world: &World, args: &[&str]) {
    let output = muster(world, args).await;
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

async fn fails(world: &World, args: &[&str], because: &str) {
    let output = muster(world, args).await;
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains(because), "{args:?}: {error}");
}

pub(crate) async fn probes(
    world: &World,
    organization_id: OrganizationId,
    line: JobOrder<'_>,
    jobs: usize,
) -> Vec<JobId> {
    let ids: Vec<_> = (0..jobs).map(|_| JobId::new()).collect();
    let jobs: Vec<_> = ids.iter().map(|id| (*id, &Probe {})).collect();
    let mut tx = world.pool().begin().await.unwrap();
    let origin = Origin { organization_id: Some(organization_id), traceparent: None };
    enqueue_all(&mut tx, &jobs, line, &origin).await.unwrap();
    tx.commit().await.unwrap();
    ids
}

#[tokio::test]
async fn jobs_are_listed_in_pages_the_newest_first() {
    World::run(async |world| {
        let tenant = OrganizationId::new();
        let mut made: Vec<_> =
            probes(&world, tenant, JobOrder::Ordinary, 5).await.iter().map(JobId::to_string).collect();
        made.sort_unstable();
        let tenant = tenant.to_string();
        let mut listed = Vec::new();
        for pages in 1.. {
            let mut args = vec!["jobs", "list", "--organization", &tenant, "--limit", "2", "--json"];
            let after = listed.last().cloned();
            args.extend(after.iter().flat_map(|last: &String| ["--after", last]));
            let page = json(&world, &args).await;
            let page = page.as_array().unwrap();
            listed.extend(page.iter().map(|job| job["id"].as_str().unwrap().to_owned()));
            if page.len() < 2 {
                assert_eq!(pages, 3);
                break;
            }
        }
        listed.reverse();
        assert_eq!(listed, made);
    })
    .await;
}

#[tokio::test]
async fn a_parked_job_is_found_looked_at_retried_and_cancelled() {
    World::run(async |world| {
        let (_scheduler, _worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        let id = world.enqueue(&GoalTransition { goal_id: GoalId::new() }).await;
        world.until_state(id, "parked", seconds(20)).await;
        let text = id.to_string();

        let listed = json(&world, &["jobs", "list", "--state", "parked", "--kind", "goal-transition", "--json"]).await;
        assert_eq!(listed[0]["id"], text);
        assert!(listed[0]["last_error"].as_str().unwrap().contains("organization"), "{listed}");
        assert_eq!(json(&world, &["jobs", "list", "--error", "no such error", "--json"]).await, Value::Array(vec![]));
        let shown = json(&world, &["jobs", "show", &text]).await;
        assert_eq!((&shown["state"], shown["errors"].as_array().map(Vec::len)), (&Value::from("parked"), Some(1)));

        let retried = json(&world, &["jobs", "retry", &text, "--json"]).await;
        assert_eq!(retried, serde_json::json!({ "id": text, "state": "pending" }));
        world.jobs().id(id).and("jsonb_array_length(errors) = 2").at_least(1, seconds(20)).await;
        world.until_state(id, "parked", seconds(20)).await;
        let cancelled = json(&world, &["jobs", "cancel", &text, "--json"]).await;
        assert_eq!(cancelled, serde_json::json!({ "id": text, "state": "cancelled" }));
        assert_eq!(world.job(id).await.state, "cancelled");
        fails(&world, &["jobs", "cancel", &text], "is over").await;
        fails(&world, &["jobs", "show", &JobId::new().to_string()], "there is no job").await;
        fails(&world, &["jobs", "list", "--kind", "no-such-kind"], "not a kind of job").await;
    })
    .await;
}

#[tokio::test]
async fn a_replay_counts_first_and_stops_when_too_many_fail() {
    World::run(async |world| {
        let (_scheduler, _worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        let organization = OrganizationId::new();
        let well = probes(&world, organization, JobOrder::Ordinary, 20).await;
        world.jobs().state("succeeded").at_least(20, seconds(20)).await;
        world.jobs().set("state", "parked").await;
        for _ in 0..60 {
            world.enqueue(&GoalTransition { goal_id: GoalId::new() }).await;
        }
        world.jobs().state("parked").at_least(80, seconds(20)).await;

        let organization = organization.to_string();
        let of_one = ["jobs", "replay", "--organization", &organization, "--json"];
        let dry = json(&world, &[&of_one[..], &["--dry-run"]].concat()).await;
        assert_eq!((&dry["matching"], &dry["replayed"]), (&Value::from(20), &Value::from(0)));
        let done = json(&world, &[&of_one[..], &["--rate", "100"]].concat()).await;
        assert_eq!((&done["replayed"], &done["aborted"]), (&Value::from(20), &Value::from(false)));
        for id in well {
            world.until_state(id, "succeeded", seconds(20)).await;
        }

        let failing = ["jobs", "replay", "--kind", "goal-transition", "--rate", "5", "--json"];
        let stopped = json(&world, &failing).await;
        assert_eq!(stopped["aborted"], true, "{stopped}");
        assert!(stopped["replayed"].as_i64().unwrap() < 60, "{stopped}");
    })
    .await;
}

#[tokio::test]
async fn a_replay_takes_each_job_once_at_its_rate_though_it_is_parked_again() {
    World::run(async |world| {
        let (_scheduler, _worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        for _ in 0..12 {
            world.enqueue(&GoalTransition { goal_id: GoalId::new() }).await;
        }
        world.jobs().state("parked").at_least(12, seconds(20)).await;

        let patient = ["jobs", "replay", "--rate", "4", "--abort-on-error-rate", "1", "--json"];
        let done = json(&world, &patient).await;
        let counts = ["matching", "replayed", "tried", "failed"].map(|name| done[name].as_i64().unwrap());
        assert_eq!((counts, &done["aborted"]), ([12; 4], &Value::from(false)), "{done}");
        assert_eq!(world.jobs().state("parked").and("jsonb_array_length(errors) = 2").count().await, 12);
        let seconds_taken = "(select max(run_at) - min(run_at) as took from job) t where took >= interval '2 \
             seconds'";
        assert_eq!(world.count(seconds_taken).await, 1, "three seconds' worth");
        // Few as they are, too many of them fail.
        fails(&world, &["jobs", "replay", "--rate", "100"], "of the replayed jobs failed").await;
    })
    .await;
}

#[tokio::test]
async fn a_paused_organization_waits_and_a_resumed_one_goes_on() {
    World::run(async |world| {
        let (_scheduler, _worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        let organization = OrganizationId::new();
        let name = organization.to_string();
        fails(&world, &["pause"], "--kind").await;
        let paused = json(&world, &["pause", "--organization", &name, "--reason", "an audit", "--json"]).await;
        let told = serde_json::json!({ "kind": null, "organization": name, "paused": true, "reason": "an audit" });
        assert_eq!(paused, told);
        succeeds(&world, &["pause", "--kind", "lease-expiry"]).await;
        let held = probes(&world, organization, JobOrder::Ordinary, 3).await;
        let of_kind = world.enqueue(&no_op()).await;
        let free = probes(&world, OrganizationId::new(), JobOrder::Ordinary, 1).await[0];

        world.until_state(free, "succeeded", seconds(20)).await;
        let queues = json(&world, &["queues", "--json"]).await;
        assert_eq!(
            (&queues["probe"]["jobs"]["pending"], &queues["probe"]["paused"]),
            (&Value::from(3), &Value::from(false))
        );
        assert_eq!(
            (&queues["lease-expiry"]["due"], &queues["lease-expiry"]["paused"]),
            (&Value::from(1), &Value::from(true))
        );
        assert!(queues["probe"]["oldest_seconds"].is_f64() && queues["probe"]["per_minute"] == 1, "{queues}");
        assert_eq!(queues["probe"]["seconds_to_drain"], 180.0, "three at one a minute: {queues}");
        assert_eq!(queues["lease-expiry"]["seconds_to_drain"], Value::Null, "nobody knows: {queues}");

        let resumed = json(&world, &["resume", "--organization", &name, "--json"]).await;
        assert_eq!((&resumed["organization"], &resumed["paused"]), (&Value::from(name.as_str()), &Value::from(false)));
        succeeds(&world, &["resume", "--kind", "lease-expiry"]).await;
        for id in held.into_iter().chain([of_kind]) {
            world.until_state(id, "succeeded", seconds(20)).await;
        }
        succeeds(&world, &["limit", "--kind", "probe", "--at-most", "2"]).await;
        assert_eq!(world.job_policies().kind("probe").is("at_most", 2).count().await, 1);
        succeeds(&world, &["limit", "--kind", "probe"]).await;
        assert_eq!(world.job_policies().has("at_most").count().await, 0);
        fails(&world, &["limit", "--at-most", "2"], "--organization").await;
        let limited = json(&world, &["limit", "--organization", &name, "--at-most", "5", "--json"]).await;
        assert_eq!(limited, serde_json::json!({ "kind": null, "organization": name, "at_most": 5 }));
        assert_eq!(world.job_policies().kind("*").is("at_most", 5).count().await, 1);
    })
    .await;
}

#[tokio::test]
async fn workers_says_who_runs_what() {
    World::with("job_lease_seconds", "60")
        .run(async |world| {
            let (scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
            tokio::join!(scheduler.ready(), worker.ready());
            let gate = world.close_gate().await;
            world.enqueue(&no_op()).await;
            world.jobs().state("running").at_least(1, seconds(20)).await;
            world.processes().at_least(2, seconds(20)).await;

            world
                .execute(&[
                    "insert into process (name, role, seen_at) values ('worker-9', 'worker', now() - interval '1 \
                     hour')",
                ])
                .await;
            let processes = json(&world, &["workers", "--json"]).await;
            let of = |name: &str| {
                processes.as_array().unwrap().iter().find(|process| process["name"] == name).unwrap().clone()
            };
            let (scheduler, worker) = (of("scheduler-1"), of("worker-1"));
            assert_eq!(
                (&worker["running"]["lease-expiry"], &worker["safe_to_stop"]),
                (&Value::from(1), &Value::from(false))
            );
            assert_eq!(
                (&scheduler["role"], &scheduler["safe_to_stop"]),
                (&Value::from("scheduler"), &Value::from(true))
            );
            let (seen, gone) = (|process: &Value| process["seen_seconds_ago"].as_f64().unwrap(), of("worker-9"));
            assert!(
                worker["alive"] == true && scheduler["alive"] == true && (0.0..15.0).contains(&seen(&worker)),
                "{processes}"
            );
            assert!(gone["alive"] == false && seen(&gone) >= 3_600.0, "{processes}");
            let queues = json(&world, &["queues", "--json"]).await;
            assert_eq!(queues["lease-expiry"]["jobs"]["running"], 1, "{queues}");
            gate.open().await;
            world.all_succeed(1, seconds(20)).await;
        })
        .await;
}

#[tokio::test]
async fn j1_no_row_of_a_job_can_be_deleted() {
    World::run(async |world| {
        world.enqueue(&no_op()).await;
        let delete = async || testing::execute(world.pool(), "delete from job").await;
        assert!(delete().await.is_err());
        assert_eq!(world.jobs().count().await, 1);
        // Nor can all be taken away at once, of the table or of a part of it, be it there already
        // or made later.
        let is_guarded = async || doctor::jobs(world.pool()).await.unwrap().unguarded == 0;
        world
            .execute(&[
                "do $$ begin execute 'drop table job_' || to_char((now() at time zone 'UTC') + interval '2 \
                 months', 'YYYY_MM'); end $$",
                "select ensure_partitions('job', 3)",
            ])
            .await;
        assert!(is_guarded().await);
        let parts: Vec<String> = world
            .row(
                "select json_agg(inhrelid::regclass::text order by inhrelid::regclass::text) from pg_inherits \
             where inhparent = 'job'::regclass",
            )
            .await;
        assert_eq!(parts.len(), 5, "{parts:?}");
        for table in parts.iter().map(String::as_str).chain(["job"]) {
            let refused = testing::execute(world.pool(), &format!("truncate {table}")).await.unwrap_err();
            assert!(refused.to_string().contains("are not deleted"), "{table}: {refused}");
        }
        world.execute(&[&format!("alter table {} disable trigger job_is_kept", parts[0])]).await;
        assert!(!is_guarded().await, "the doctor sees it");
        world.execute(&[&format!("alter table {} enable trigger job_is_kept", parts[0])]).await;

        world.execute(&["alter table job disable trigger job_stays"]).await;
        assert_eq!(delete().await.unwrap(), 1, "it was the trigger that refused it");
    })
    .await;
}

#[tokio::test]
async fn j11_a_schedule_is_looked_at_changed_and_switched_off_and_on() {
    World::run(async |world| {
        let listed = json(&world, &["schedule", "list", "--json"]).await;
        let of = |listed: &Value, name: &str| {
            listed.as_array().unwrap().iter().find(|one| one["name"] == name).cloned().unwrap()
        };
        assert_eq!(of(&listed, "partitions")["cron"], "7 * * * *");
        fails(&world, &["schedule", "edit", "no-such", "--cron", "* * * * *"], "there is no schedule").await;
        fails(&world, &["schedule", "edit", "partitions", "--cron", "61 * * * *"], "61").await;
        let edit = [
            "schedule",
            "edit",
            "partitions",
            "--cron",
            "* * * * *",
            "--zone",
            "America/Denver",
            "--catch-up",
            "all",
            "--overlap",
            "both",
        ];
        succeeds(&world, &edit).await;
        let edited = of(&json(&world, &["schedule", "list", "--json"]).await, "partitions");
        let words = ["cron", "zone", "catch_up", "overlap", "gap"].map(|key| edited[key].as_str().unwrap().to_owned());
        assert_eq!(words, ["* * * * *", "America/Denver", "all", "both", "after"]);
        // It is off in these tests, and has been for two hours.
        world
            .execute(&["update schedule set decided_until = date_trunc('minute', now()) - interval '2 hours' \
         where name = 'partitions'"])
            .await;
        succeeds(&world, &["schedule", "enable", "partitions"]).await;
        let ticks = json(&world, &["schedule", "ticks", "partitions", "--json"]).await;
        // Two rows of them if a minute turned while the schedule was changed.
        let ticks = ticks.as_array().unwrap();
        assert!(
            !ticks.is_empty() && ticks.iter().all(|tick| tick["fate"] == "skipped" && tick["why"] == "disabled"),
            "{ticks:?}"
        );
        let left_out: i64 = ticks.iter().map(|tick| tick["ticks"].as_i64().unwrap()).sum();
        assert!((120..=122).contains(&left_out), "{ticks:?}");
        succeeds(&world, &["schedule", "disable", "partitions"]).await;
        assert_eq!(of(&json(&world, &["schedule", "list", "--json"]).await, "partitions")["enabled"], false);
    })
    .await;
}

/// Rule A5: operators are principals of their own.
#[tokio::test]
async fn a5_operators_are_made_listed_and_ended_and_their_names_are_one_operators_at_a_time() {
    World::run(async |world| {
        let create = ["operators", "create", "--name", "Night shift", "--rights", "read", "--json"];
        let made = json(&world, &create).await;
        let (id, token) = (made["operator_id"].as_str().unwrap(), made["token"].as_str().unwrap());
        assert!(token.starts_with("muster_operator_"), "{token}");
        fails(&world, &create, "another operator has the name").await;
        fails(&world, &["operators", "create", "--name", "Day", "--rights", "all"], "unknown word").await;
        let listed = json(&world, &["operators", "list", "--json"]).await;
        assert_eq!((&listed["id"], &listed["rights"]), (&Value::from(id), &Value::from("read")));
        assert!(!listed.to_string().contains(token), "no secret is told");
        succeeds(&world, &["operators", "end", id]).await;
        fails(&world, &["operators", "end", id], "there is no operator").await;
        assert!(muster(&world, &["operators", "list", "--json"]).await.stdout.is_empty());
        let ended = json(&world, &["operators", "list", "--all", "--json"]).await;
        assert!(ended["ended_at"].is_string(), "{ended}");
        json(&world, &create).await;
    })
    .await;
}
