//! Operators act on the installation by the API: on many jobs, on dead letters, on workers, on
//! texts of unknown outcome, and by the doctor.

use muster_integration_tests::{World, eventually, holds, seconds};
use muster_jobs::{Envelope, JobKind, JobRef, kinds::Probe};
use muster_storage::figures;
use serde_json::{Value, json};

use crate::operator_looks::park;

#[tokio::test]
async fn an_act_on_many_jobs_is_counted_asked_for_looked_at_and_stopped() {
    World::with_api()
        .run(async |world| {
            let operator = world.operator("act").await;
            for _ in 0..3 {
                let id = world.enqueue(&Probe {}).await;
                park(&world, id, "out of luck").await;
            }
            let act = |dry_run: bool| {
                json!({
                    "verb": "retry", "filter": { "kind": "probe", "error": "luck" }, "rate": 2, "dry_run": dry_run,
                    "reason": "the cause is mended",
                })
            };
            let dry = operator.post("/v1/operator/job-acts", act(true)).await.ok();
            assert_eq!(dry, json!({ "id": null, "matching": 3 }));
            assert_eq!(world.count("audit_entry where operation = 'post_operator_job_acts'").await, 0);
            let asked = operator.post("/v1/operator/job-acts", act(false)).await.ok();
            let path = format!("/v1/operator/job-acts/{}", asked["id"].as_str().unwrap());
            assert_eq!(world.jobs().kind("job-act").count().await, 1);
            let told = operator.get(&path).await.ok();
            assert_eq!((&told["state"], &told["matching"], &told["rate"]), (&json!("running"), &json!(3), &json!(2)));
            assert_eq!((&told["filter"]["kind"], &told["filter"]["error"]), (&json!("probe"), &json!("luck")));
            assert_eq!(operator.get("/v1/operator/job-acts").await.ok()["items"][0], told);
            let stopped = operator.post(&format!("{path}/stop"), json!({ "reason": "a mistake" })).await.ok();
            assert_eq!(stopped["state"], "stopped");
            operator.post(&format!("{path}/stop"), json!({ "reason": "again" })).await.problem(409, "conflict");
            assert_eq!(world.count("audit_entry where operation = 'post_operator_job_acts'").await, 1);
        })
        .await;
}

#[tokio::test]
async fn the_doctor_checks_and_mends_by_the_api() {
    World::with_api()
        .run(async |world| {
            let operator = world.operator("act").await;
            let id = world.enqueue(&Probe {}).await;
            world
                .execute(&[&format!(
                    "update job set state = 'published', published_at = now() - interval '1 hour' where id = '{id}'"
                )])
                .await;
            let found = operator.get("/v1/operator/doctor").await.ok();
            let check = |found: &Value, name: &str| {
                found["checks"].as_array().unwrap().iter().find(|check| check["check"] == name).cloned()
            };
            assert_eq!(found["ok"], false);
            assert_eq!(check(&found, "unclaimed").unwrap()["ok"], false, "{found}");
            assert_eq!(check(&found, "migrations").unwrap()["ok"], true, "{found}");
            let mended = operator.post("/v1/operator/doctor/repair", json!({ "reason": "a new worker" })).await.ok();
            assert_eq!(mended, json!([{ "what": "unclaimed", "count": 1 }]));
            assert_eq!(check(&operator.get("/v1/operator/doctor").await.ok(), "unclaimed"), None);
            // A kind that no live worker takes is told once its jobs are due.
            assert!(figures::take_if_due(world.pool()).await.unwrap());
            let workers = check(&operator.get("/v1/operator/doctor").await.ok(), "workers").unwrap();
            assert!(workers["ok"] == false && workers["detail"].as_str().unwrap().contains("probe"), "{workers}");
        })
        .await;
}

#[tokio::test]
async fn a_dead_letter_that_can_be_read_by_now_publishes_its_jobs_anew() {
    World::with_api()
        .run(async |world| {
            let operator = world.operator("act").await;
            let id = world.enqueue(&Probe {}).await;
            world.jobs().id(id).set("state", "published").await;
            let envelope = Envelope::new(JobKind::Probe, vec![JobRef::new(id)]).encode().unwrap();
            let body = String::from_utf8(envelope).unwrap();
            world
                .execute(&[
                    &format!(
                        "insert into dead_letter (queue, body, error) values ('muster.probe', '{body}', 'too new')"
                    ),
                    "insert into dead_letter (queue, body, error) values ('muster.probe', '{', 'no envelope')",
                ])
                .await;
            let listed = operator.get("/v1/operator/dead-letters").await.ok();
            let reason = json!({ "reason": "after the upgrade" });
            let replay = |error: &str| {
                let letters = listed["items"].as_array().unwrap();
                let letter = letters.iter().find(|letter| letter["error"] == error).unwrap();
                format!("/v1/operator/dead-letters/{}/replay", letter["id"].as_str().unwrap())
            };
            operator.post(&replay("no envelope"), reason.clone()).await.problem(409, "conflict");
            operator.post(&replay("too new"), reason.clone()).await.ok();
            operator.post(&replay("too new"), reason).await.problem(404, "not-found");
            assert_eq!(world.job(id).await.state, "pending");
            assert_eq!(world.count("dead_letter").await, 1, "a foreign one stays");
        })
        .await;
}

#[tokio::test]
async fn daemons_say_what_they_run_and_a_worker_drains() {
    World::with_engine()
        .run(async |world| {
            let operator = world.operator("act").await;
            let daemon = async |name: &str| {
                let all = operator.get("/v1/operator/daemons").await.ok();
                all.as_array().unwrap().iter().find(|one| one["name"] == name).cloned().unwrap_or_default()
            };
            eventually(seconds(20), async || {
                let all = [daemon("worker").await, daemon("scheduler").await, daemon("api").await];
                holds(all.iter().all(|one| one["alive"] == true), all)
            })
            .await;
            let worker = daemon("worker").await;
            assert_eq!((&worker["role"], &worker["kinds"]), (&json!("worker"), &Value::Null));
            assert_eq!(worker["draining_since"], Value::Null);
            let reason = json!({ "reason": "a new kernel" });
            let at = |name: &str, act: &str| format!("/v1/operator/daemons/{name}/{act}");
            operator.post(&at("worker", "drain"), reason.clone()).await.ok();
            assert!(daemon("worker").await["draining_since"].is_string());
            operator.post(&at("worker", "undrain"), reason.clone()).await.ok();
            assert_eq!(daemon("worker").await["draining_since"], Value::Null);
            operator.post(&at("scheduler", "drain"), reason.clone()).await.problem(409, "conflict");
            operator.post(&at("no-such", "drain"), reason).await.problem(404, "not-found");
        })
        .await;
}

/// Rule S2: a text of unknown outcome is never sent again; the carrier's word settles it.
#[tokio::test]
async fn s2_a_text_of_unknown_outcome_is_settled_by_the_carriers_word_in_an_operators_hand() {
    World::with_engine()
        .run(async |world| {
            let operator = world.operator("act").await;
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, _) = ours.agent(&group).await;
            ours.contacts(&group, 2).await;
            let goal = ours.open_goal(&world, &group, json!({})).await;
            world.pause_jobs("send").await;
            let batch = agent.client.claim(&goal, "initial").await;
            agent.client.send(&batch).await.ok();
            world.execute(&["update message set state = 'unknown', handed_over_at = now() - interval '25 hours', cap_state = null, \
                 cap_carrier = null, cap_day = null where kind = 'initial'"]).await;

            let answer = operator.get(&format!("/v1/operator/unknown-texts?organization_id={}", ours.id)).await;
            assert!(!answer.text.contains("+1"), "no number: {}", answer.text);
            let page = answer.ok();
            let texts: Vec<_> = page["items"].as_array().unwrap().iter().map(|text| text["id"].as_str().unwrap().to_owned()).collect();
            assert_eq!(texts.len(), 2, "{page}");
            assert_eq!((&page["items"][0]["asked"], &page["items"][0]["goal_id"]), (&json!(false), &json!(goal)));
            let settle = |text: &str| format!("/v1/operator/unknown-texts/{text}/settle");
            let reason = "the carrier's console";
            for wrong in [json!({ "reason": reason }), json!({ "carrier_sid": "SM1", "error_code": 30008, "reason": reason })] {
                operator.post(&settle(&texts[0]), wrong).await.problem(422, "invalid-body");
            }
            operator.post(&settle(&texts[0]), json!({ "carrier_sid": "SM1", "reason": reason })).await.ok();
            operator.post(&settle(&texts[1]), json!({ "error_code": 30008, "reason": reason })).await.ok();
            let state = async |id: &str| world.messages().id(id).the::<String>("state").await;
            assert_eq!([state(&texts[0]).await, state(&texts[1]).await], ["sent", "failed"]);
            assert_eq!(world.messages().is("carrier_sid", "SM1").count().await, 1);
            assert_eq!(world.messages().is("error_code", 30008).count().await, 1);
            operator.post(&settle(&texts[0]), json!({ "error_code": 30008, "reason": reason })).await.problem(404, "not-found");
            assert_eq!(operator.get("/v1/operator/unknown-texts").await.ok()["items"], json!([]));
            // The tenant's own chain has it (R9).
            let entries = format!("audit_entry where operation = 'settle_operator_unknown_text' and organization_id = '{}'", ours.id);
            assert_eq!(world.count(&entries).await, 2);
        })
        .await;
}
