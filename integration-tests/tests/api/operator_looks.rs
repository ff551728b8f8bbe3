//! Operators look at the installation by the API: at a cost that is bounded, and at nobody's data.

use muster_domain::ids::GoalId;
use muster_integration_tests::{Client, World, no_op, seconds, set};
use muster_jobs::{
    JobKind,
    kinds::{GoalTransition, Probe},
};
use muster_storage::figures;
use serde_json::{Value, json};

const JOBS: &str = "/v1/operator/jobs";

/// Returns the ids of a page of jobs.
async fn found(operator: &Client, query: &str) -> Vec<String> {
    let page = operator.get(&format!("{JOBS}?{query}")).await.ok();
    page["items"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect()
}

/// Parks a job, as if its only attempt had failed an hour ago.
pub(crate) async fn park(world: &World, id: impl std::fmt::Display, error: &str) {
    let failed = format!(
        "jsonb_build_array(jsonb_build_object('attempt', 1, 'at', clock_timestamp() - interval '1 hour', \
         'worker', 'worker-1', 'error', '{error}'))"
    );
    let park = format!("update job set state = 'parked', finished_at = now(), errors = {failed} where id = '{id}'");
    world.execute(&[&park]).await;
}

#[tokio::test]
async fn jobs_are_found_by_kind_state_tenant_goal_and_error() {
    World::with_api()
        .run(async |world| {
            let operator = world.operator("read").await;
            let goal_id = GoalId::new();
            let parked = world.enqueue(&GoalTransition { goal_id }).await.to_string();
            park(&world, &parked, "out of luck").await;
            let waits = world.enqueue(&no_op()).await.to_string();
            let tenant: String = world.jobs().id(&waits).the("organization_id").await;
            let ours = [&parked, &waits];
            let only = async |query: &str| {
                let mut ids = found(&operator, query).await;
                ids.retain(|id| ours.contains(&id));
                ids
            };
            for query in [
                "state=parked".to_owned(),
                "state=parked&kind=goal-transition".to_owned(),
                format!("goal_id={goal_id}"),
                "error=of%20luck".to_owned(),
                "failed_since=2020-01-01T00:00:00Z&kind=goal-transition".to_owned(),
            ] {
                assert_eq!(only(&query).await, [parked.clone()], "{query}");
            }
            assert_eq!(only(&format!("organization_id={tenant}")).await, [waits.clone()]);
            assert_eq!(only("state=pending&kind=lease-expiry").await, [waits.clone()]);
            for query in ["state=parked&kind=lease-expiry", "failed_since=2100-01-01T00:00:00Z", "error=no-such"] {
                assert_eq!(only(query).await, [] as [String; 0], "{query}");
            }
            // The newest first, page by page.
            let first = operator.get(&format!("{JOBS}?limit=1&organization_id={tenant}")).await.ok();
            assert_eq!((&first["items"][0]["id"], &first["next"]), (&json!(waits), &json!(waits)));
            let next = operator.get(&format!("{JOBS}?limit=1&state=pending&cursor={waits}")).await.ok();
            assert!(next["items"].as_array().unwrap().iter().all(|job| job["id"] != waits.as_str()), "{next}");
        })
        .await;
}

#[tokio::test]
async fn a_page_of_jobs_looks_through_a_bounded_number_of_rows_and_says_so() {
    World::with_api()
        .run(async |world| {
            let operator = world.operator("read").await;
            let parked = world.enqueue(&Probe {}).await.to_string();
            park(&world, &parked, "out of luck").await;
            world.enqueue_no_ops(10_000).await;

            let first = operator.get(&format!("{JOBS}?kind=probe")).await.ok();
            assert_eq!((&first["items"], &first["looked_at"]), (&json!([]), &json!(10_000)));
            let next = first["next"].as_str().unwrap();
            let second = operator.get(&format!("{JOBS}?kind=probe&cursor={next}")).await.ok();
            assert_eq!((&second["items"][0]["id"], &second["next"]), (&json!(parked), &Value::Null));
            // Parked jobs have an index of their own, and a full page looks no further.
            let few = operator.get(&format!("{JOBS}?state=parked&error=luck")).await.ok();
            assert_eq!((&few["items"][0]["id"], &few["looked_at"]), (&json!(parked), &json!(1)));
            let full = operator.get(&format!("{JOBS}?limit=2")).await.ok();
            assert_eq!(full["looked_at"], 2);
        })
        .await;
}

#[tokio::test]
async fn j11_one_jobs_life_is_told_in_order_with_every_error() {
    World::with_engine()
        .run(async |world| {
            let operator = world.operator("act").await;
            let goal_id = GoalId::new();
            let id = world.enqueue(&GoalTransition { goal_id }).await;
            world.until_state(id, "parked", seconds(20)).await;
            let path = format!("{JOBS}/{id}");
            let life = operator.get(&path).await.ok();
            assert_eq!((&life["job"]["state"], &life["job"]["worker"]), (&json!("parked"), &json!("worker")));
            assert!(life["payload"].as_str().unwrap().contains(&goal_id.to_string()), "{life}");
            let events = |life: &Value| -> Vec<String> {
                let events = life["timeline"].as_array().unwrap().iter();
                events.map(|event| event["event"].as_str().unwrap().to_owned()).collect()
            };
            assert_eq!(events(&life), ["created", "due", "published", "claimed", "failed", "parked"]);
            let failed = &life["timeline"][4];
            assert!(failed["detail"].as_str().unwrap().contains("organization"), "{failed}");
            assert_eq!((&failed["attempt"], &failed["worker"]), (&json!(1), &json!("worker")));

            let reason = json!({ "reason": "the organization is there now" });
            operator.post(&format!("{path}/retry"), json!({})).await.problem(422, "invalid-body");
            assert_eq!(operator.post(&format!("{path}/retry"), reason.clone()).await.ok()["state"], "pending");
            world.jobs().id(id).and("jsonb_array_length(errors) = 2").at_least(1, seconds(20)).await;
            world.until_state(id, "parked", seconds(20)).await;
            let life = operator.get(&path).await.ok();
            assert_eq!(events(&life).iter().filter(|event| *event == "failed").count(), 2, "{life}");
            assert_eq!(operator.post(&format!("{path}/cancel"), reason.clone()).await.ok()["state"], "cancelled");
            operator.post(&format!("{path}/cancel"), reason).await.problem(409, "conflict");
            operator.get(&format!("{JOBS}/{goal_id}")).await.problem(404, "not-found");
            // The audit has the act, the operator, the job and the reason (R9).
            let entry: Value = world
                .row(
                    "select json_build_object('principal', principal, 'via', via, 'kinds', record_kinds, 'ids', record_ids)
                     from audit_entry where operation = 'retry_operator_job'",
                )
                .await;
            assert_eq!(entry["principal"], "operator", "{entry}");
            assert_eq!((&entry["via"], &entry["ids"]), (&json!("api"), &json!([id.to_string()])), "{entry}");
        })
        .await;
}

#[tokio::test]
async fn the_backlog_has_a_row_a_minute_for_a_day_and_no_longer() {
    World::with_api()
        .run(async |world| {
            let operator = world.operator("read").await;
            let backlog = async || operator.get("/v1/operator/backlog").await.ok()["minutes"].clone();
            assert_eq!(backlog().await, json!([]));
            let rows = "insert into figure_minute (at, due, done)
                select now() - make_interval(mins => n), '{\"send\": 7}', '{}' from unnest(array[1500, 300, 20]) n";
            world.execute(&[rows]).await;
            for _ in 0..3 {
                world.enqueue(&Probe {}).await;
            }
            assert!(figures::take_if_due(world.pool()).await.unwrap());
            let minutes = backlog().await;
            let due: Vec<_> = minutes.as_array().unwrap().iter().map(|minute| minute["due"].clone()).collect();
            assert_eq!(due, [json!({ "send": 7 }), json!({ "probe": 3 })], "those of the last three hours");
            // The row of more than a day ago is gone. Another look in the same minute leaves none.
            assert_eq!(world.count("figure_minute").await, 3);
            world
                .execute(&[
                    "update figures set claimed_at = '-infinity'",
                    "delete from figure_minute where at < now() - interval '2 minutes'",
                ])
                .await;
            assert!(figures::take_if_due(world.pool()).await.unwrap());
            let kept = world.count("figure_minute").await;
            assert!((1..=2).contains(&kept), "{kept} rows of one minute, or of two where one ended meanwhile");
            for wrong in ["0", "1441", "x"] {
                operator.get(&format!("/v1/operator/backlog?minutes={wrong}")).await.problem(400, "invalid-parameter");
            }
        })
        .await;
}

#[tokio::test]
async fn queues_overview_and_holds_are_the_figures_of_the_last_look() {
    World::with_api()
        .run(async |world| {
            let operator = world.operator("act").await;
            let before = operator.get("/v1/operator/overview").await.ok();
            assert_eq!((&before["taken_at"], &before["figures"]), (&Value::Null, &json!([])));
            for _ in 0..3 {
                world.enqueue(&Probe {}).await;
            }
            assert!(figures::take_if_due(world.pool()).await.unwrap());
            let pause = json!({ "kind": "probe", "reason": "an audit" });
            operator.post("/v1/operator/policies/pause", pause).await.ok();
            let limit = json!({ "kind": "probe", "at_most": 2, "reason": "the disk" });
            operator.post("/v1/operator/policies/limit", limit).await.ok();

            let queues = operator.get("/v1/operator/queues").await.ok();
            let kinds = queues["kinds"].as_array().unwrap();
            let of = |name: &str| kinds.iter().find(|kind| kind["kind"] == name).unwrap();
            assert_eq!(kinds.len(), JobKind::ALL.len());
            let probe = of("probe");
            assert_eq!([&probe["pending"], &probe["due"], &probe["parked"]], [&json!(3.0), &json!(3.0), &json!(0.0)]);
            assert_eq!((&probe["workers"], &probe["seconds_to_drain"]), (&json!(0), &Value::Null));
            let policy = &probe["policy"];
            assert_eq!([&policy["paused"], &policy["at_most"]], [&json!(true), &json!(2)]);
            assert_eq!((&policy["reason"], policy["since"].is_string()), (&json!("an audit"), true));
            assert_eq!(of("send")["policy"], Value::Null);

            let overview = operator.get("/v1/operator/overview").await.ok();
            assert_eq!(overview["taken_at"], queues["taken_at"]);
            let due = json!({ "kind": "probe" });
            let due = overview["figures"]
                .as_array()
                .unwrap()
                .iter()
                .find(|figure| figure["name"] == "engine_jobs_due" && figure["labels"] == due);
            assert_eq!(due.unwrap()["value"], 3.0);
            assert_eq!(operator.get("/v1/operator/holds").await.ok()["brands"], json!([]));

            let policies = operator.get("/v1/operator/policies").await.ok();
            assert_eq!(policies.as_array().unwrap().len(), 1);
            let resume = json!({ "kind": "probe", "reason": "the audit is over" });
            operator.post("/v1/operator/policies/resume", resume).await.ok();
            let lift = json!({ "kind": "probe", "reason": "a new disk" });
            operator.post("/v1/operator/policies/limit", lift).await.ok();
            assert_eq!(operator.get("/v1/operator/policies").await.ok(), json!([]));
            let all = json!({ "reason": "everything" });
            operator.post("/v1/operator/policies/pause", all).await.problem(422, "invalid-body");
        })
        .await;
}

#[tokio::test]
async fn dead_letters_are_told_without_their_bodies() {
    World::with_api()
        .run(async |world| {
            let operator = world.operator("read").await;
            world
                .execute(&["insert into dead_letter (queue, body, error) values ('muster.send', 'Ada +12125550100', 'no envelope')"])
                .await;
            let answer = operator.get("/v1/operator/dead-letters").await;
            assert!(!answer.text.contains("Ada") && !answer.text.contains("2125550100"), "{}", answer.text);
            let page = answer.ok();
            let letter = &page["items"][0];
            assert_eq!((&letter["queue"], &letter["bytes"]), (&json!("muster.send"), &json!(16)));
        })
        .await;
}

#[tokio::test]
async fn j11_a_schedule_is_previewed_run_now_and_switched() {
    World::with_api()
        .run(async |world| {
            let operator = world.operator("act").await;
            let path = "/v1/operator/schedules/partitions";
            let listed = operator.get("/v1/operator/schedules?limit=2").await.ok();
            assert_eq!(listed["items"].as_array().unwrap().len(), 2);
            let next = listed["next"].as_str().unwrap();
            let more = operator.get(&format!("/v1/operator/schedules?cursor={next}")).await.ok();
            assert!(more["items"].as_array().unwrap().iter().all(|one| one["name"].as_str().unwrap() > next), "{more}");
            assert_eq!(operator.get(path).await.ok()["cron"], "7 * * * *");
            let preview = operator.get(&format!("{path}/preview?after=2027-06-01T10:00:00Z&limit=2")).await.ok();
            let planned = ["2027-06-01T10:07:00Z", "2027-06-01T11:07:00Z"];
            assert_eq!([&preview[0]["at"], &preview[1]["at"]], planned.map(|at| json!(at)).each_ref());
            assert_eq!(preview.as_array().unwrap().len(), 2);

            let reason = json!({ "reason": "the month is near" });
            let run = operator.post(&format!("{path}/run"), reason.clone()).await.ok();
            let job =
                world.jobs().id(run["id"].as_str().unwrap()).kind("upkeep").and("payload ->> 'task' = 'partitions'");
            assert_eq!(job.count().await, 1);
            for (act, enabled) in [("disable", false), ("enable", true)] {
                operator.post(&format!("{path}/{act}"), reason.clone()).await.ok();
                assert_eq!(operator.get(path).await.ok()["enabled"], enabled);
            }
            let edit = |more: Value| {
                let mut edit = reason.clone();
                set(&mut edit, more);
                operator.patch(path, edit)
            };
            edit(json!({ "cron": "*/20 * * * *", "zone": "America/Chicago", "jitter_seconds": 9 })).await.ok();
            let edited = operator.get(path).await.ok();
            assert_eq!(
                (&edited["cron"], &edited["zone"], &edited["jitter_seconds"]),
                (&json!("*/20 * * * *"), &json!("America/Chicago"), &json!(9))
            );
            edit(json!({ "cron": "61 * * * *" })).await.problem(422, "invalid-body");
            edit(json!({ "zone": "Middle/Earth" })).await.problem(422, "invalid-body");
            edit(json!({ "jitter_seconds": 86_401 })).await.problem(422, "invalid-body");
            assert_eq!(operator.get(path).await.ok(), edited, "a change that cannot be read changes nothing");
            assert!(operator.get(&format!("{path}/ticks")).await.ok().is_array());
            operator.post("/v1/operator/schedules/no-such/run", reason).await.problem(404, "not-found");
            operator.get("/v1/operator/schedules/no-such/ticks").await.problem(404, "not-found");
        })
        .await;
}
