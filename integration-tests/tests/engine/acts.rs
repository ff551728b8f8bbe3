//! Operators' acts on all jobs that match a filter: counted first, so many a second, until each job
//! has been tried, too many fail, or an operator stops it.

use muster_domain::ids::{GoalId, OrganizationId};
use muster_integration_tests::{World, eventually, holds, seconds};
use muster_jobs::kinds::GoalTransition;
use muster_storage::engine::enqueue::JobOrder;
use serde_json::Value;

use crate::operators::{json, muster, probes, succeeds};

/// Starts an act; returns its id and how many jobs match.
async fn start(world: &World, args: &[&str]) -> (String, i64) {
    let asked = json(world, &[&["acts", "start"], args, &["--json"]].concat()).await;
    (asked["id"].as_str().unwrap_or_default().to_owned(), asked["matching"].as_i64().unwrap())
}

/// Waits for an act's end; returns the exit code and the act.
async fn wait(world: &World, id: &str) -> (Option<i32>, Value) {
    let waited = muster(world, &["wait", "act", id, "--timeout-seconds", "60", "--every-seconds", "1"]).await;
    (waited.status.code(), json(world, &["acts", "show", id]).await)
}

#[tokio::test]
async fn an_act_lets_every_parked_job_that_matches_run_again_and_follows_them() {
    World::run(async |world| {
        let (_scheduler, _worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        let tenant = OrganizationId::new();
        let jobs = probes(&world, tenant, JobOrder::Ordinary, 20).await;
        probes(&world, OrganizationId::new(), JobOrder::Ordinary, 3).await;
        world.jobs().state("succeeded").at_least(23, seconds(20)).await;
        world.jobs().set("state", "parked").await;

        let tenant = tenant.to_string();
        let filter = ["retry", "--kind", "probe", "--organization", &tenant, "--rate", "15"];
        assert_eq!(start(&world, &[&filter[..], &["--dry-run"]].concat()).await, (String::new(), 20));
        assert_eq!(world.count("job_act").await, 0);
        let (id, matching) = start(&world, &filter).await;
        assert_eq!(matching, 20);
        let (code, act) = wait(&world, &id).await;
        assert_eq!((code, &act["state"]), (Some(0), &Value::from("succeeded")), "{act}");
        assert_eq!(["acted", "tried", "failed"].map(|name| act[name].as_i64().unwrap()), [20, 20, 0], "{act}");
        for job in jobs {
            world.until_state(job, "succeeded", seconds(5)).await;
        }
        assert_eq!(world.jobs().state("parked").count().await, 3, "another tenant's are left");
        assert_eq!(world.count("job_act_job").await, 0);
        assert_eq!(world.count("audit_entry where operation = 'acts_start'").await, 1);
    })
    .await;
}

#[tokio::test]
async fn an_act_ends_when_too_many_of_its_jobs_fail() {
    World::run(async |world| {
        let (_scheduler, _worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        for _ in 0..60 {
            world.enqueue(&GoalTransition { goal_id: GoalId::new() }).await;
        }
        world.jobs().state("parked").at_least(60, seconds(30)).await;
        let (id, _) = start(&world, &["retry", "--kind", "goal-transition", "--rate", "3"]).await;
        let (code, act) = wait(&world, &id).await;
        assert_eq!((code, &act["state"]), (Some(2), &Value::from("aborted")), "{act}");
        assert!(act["acted"].as_i64().unwrap() < 60 && act["failed"].as_i64().unwrap() >= 10, "{act}");
    })
    .await;
}

#[tokio::test]
async fn an_act_is_stopped_between_two_steps_and_goes_on_in_another_worker() {
    World::run(async |world| {
        let (_scheduler, worker) = (world.scheduler("scheduler-1"), world.worker("worker-1"));
        probes(&world, OrganizationId::new(), JobOrder::Ordinary, 100).await;
        world.jobs().kind("probe").state("succeeded").at_least(100, seconds(20)).await;
        world.pause_jobs("probe").await;
        world.jobs().kind("probe").set("state", "parked").await;
        let (id, _) = start(&world, &["retry", "--kind", "probe", "--rate", "1"]).await;
        let acted = async || json(&world, &["acts", "show", &id]).await["acted"].as_i64().unwrap();
        let at_least = async |wanted: i64| {
            eventually(seconds(30), async || {
                let acted = acted().await;
                holds(acted >= wanted, acted)
            })
            .await;
        };
        at_least(1).await;
        worker.stop().await;
        let before = acted().await;
        let _other = world.worker("worker-2");
        at_least(before + 1).await;

        succeeds(&world, &["acts", "stop", &id, "--reason", "it was the wrong kind"]).await;
        let (code, act) = wait(&world, &id).await;
        assert_eq!((code, &act["state"]), (Some(2), &Value::from("stopped")), "{act}");
        world.jobs().kind("job-act").not("state", "succeeded").until(0).await;
        let acted = acted().await;
        assert!(acted < 100);
        assert_eq!(world.jobs().kind("probe").state("pending").count().await, acted, "what was done stays");
        assert!(!muster(&world, &["acts", "stop", &id]).await.status.success(), "it is over");
    })
    .await;
}

#[tokio::test]
async fn an_act_cancels_the_jobs_that_were_there_and_no_later_ones() {
    World::run(async |world| {
        let _scheduler = world.scheduler("scheduler-1");
        world.pause_jobs("probe").await;
        let tenant = OrganizationId::new();
        probes(&world, tenant, JobOrder::Ordinary, 12).await;
        let (id, matching) = start(&world, &["cancel", "--kind", "probe", "--rate", "5"]).await;
        assert_eq!(matching, 12);
        let later = probes(&world, tenant, JobOrder::Ordinary, 1).await[0];
        let _worker = world.worker("worker-1");
        let (code, act) = wait(&world, &id).await;
        assert_eq!((code, &act["acted"]), (Some(0), &Value::from(12)), "{act}");
        assert_eq!(world.jobs().kind("probe").state("cancelled").count().await, 12);
        assert_eq!(world.job(later).await.state, "pending");
    })
    .await;
}
