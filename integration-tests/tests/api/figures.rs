//! A launched goal's targets and figures, and acts of admins on its contacts and conversations
//! (rules T3, G12, R2 and W7).

use muster_integration_tests::{World, open_goal, text};
use serde_json::{Value, json};

use crate::workflow::{Field, contacts, field};

/// Returns a goal's figures.
async fn stats(field: &Field) -> Value {
    field.ours.admin.get(&field.ours.at(&format!("goals/{}/stats", field.goal))).await.ok()
}

/// Asserts some of a goal's figures.
fn holds(stats: &Value, wanted: &Value) {
    for (name, value) in wanted.as_object().unwrap() {
        assert_eq!(&stats[name], value, "{name} of {stats}");
    }
}

#[tokio::test]
async fn t3_a_preview_counts_the_targets_and_a_launch_freezes_them() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, _) = ours.agent(&group).await;
            let import = async |rows: &str| {
                let query = format!("file_name=a.csv&group_id={group}");
                ours.import(&query, format!("first,last,phone,tags\n{rows}")).await
            };
            import("Ada,L,+16465550001,walker\nBen,L,+16465550002,walker\nCyd,L,+16465550003,\n").await;
            let targeting = json!({ "targeting": { "tags_all": ["walker"] } });
            let goal = open_goal(&world, targeting).await;
            let id = ours.draft(&group, goal).await;
            let preview = ours.admin.get(&ours.at(&format!("goals/{id}/preview"))).await.ok();
            assert_eq!(preview["contacts"], json!(2), "{preview}");
            // Before the launch, contacts come and go with their tags.
            import("Dee,L,+16465550004,walker\n").await;
            let preview = ours.admin.get(&ours.at(&format!("goals/{id}/preview"))).await.ok();
            assert_eq!(preview["contacts"], json!(3), "{preview}");
            ours.goal_act(&id, "launch").await;
            world.goals().id(&id).has("partitioned_at").until(1).await;
            world.batches().goal(&id).state("held").until(0).await;
            // Afterwards neither a new contact nor a new tag makes a target.
            import("Eve,L,+16465550005,walker\nCyd,L,+16465550003,walker\n").await;
            world.settled().await;
            assert_eq!(world.rows("target").is("goal_id", &id).count().await, 3);
            let batch = agent.client.claim(&id, "initial").await;
            let mut names: Vec<_> =
                batch["contacts"].as_array().unwrap().iter().map(|contact| text(&contact["first_name"])).collect();
            names.sort_unstable();
            assert_eq!(names, ["Ada", "Ben", "Dee"]);
        })
        .await;
}

#[tokio::test]
async fn g12_figures_follow_each_step_of_a_goal() {
    World::with_engine()
        .run(async |world| {
            let field = field(&world, 1, 4, json!({})).await;
            let (agent, number) = &field.agents[0];
            let at_first =
                json!({ "targeted": 4, "batched": 4, "messaged": 0, "replied": 0, "segments": 0, "opted_out": 0 });
            holds(&stats(&field).await, &at_first);
            let batch = agent.claim(&field.goal, "initial").await;
            let leased = stats(&field).await;
            assert_eq!(leased["batches"], json!({ "initial.leased": 1, "initial.released": 1 }), "{leased}");
            // One contact is skipped, the other texted.
            let skipped = &contacts(&batch)[0];
            let body =
                json!({ "lease_token": batch["lease_token"], "contact_id": skipped, "reason": "asked not to be" });
            agent.post(&format!("/v1/agent/batches/{}/skip", text(&batch["id"])), body).await.ok();
            agent.send(&batch).await.ok();
            let second = agent.claim(&field.goal, "initial").await;
            agent.send(&second).await.ok();
            world.messages().state("delivered").until(3).await;
            let sent = stats(&field).await;
            holds(
                &sent,
                &json!({ "messaged": 3, "skipped": 1, "skip_reasons": { "asked not to be": 1 }, "segments": 3 }),
            );
            assert_eq!(sent["messages"], json!({ "initial.delivered": 3 }), "{sent}");
            // One answers, and one opts out.
            let phones: Vec<String> = contacts(&second);
            let phone = async |id: &String| {
                text(&field.ours.admin.get(&field.ours.at(&format!("contacts/{id}"))).await.ok()["phone"])
            };
            world.text(&phone(&phones[0]).await, number, "Yes").await;
            world.text(&phone(&phones[1]).await, number, "STOP").await;
            world.contacts().has("opted_out_at").until(1).await;
            world.settled().await;
            holds(&stats(&field).await, &json!({ "replied": 2, "opted_out": 1, "reminded": 0 }));
            // The same by the hour, and by the agent.
            let activity = field.ours.at(&format!("goals/{}/activity", field.goal));
            let activity = field.ours.admin.get(&activity).await.ok();
            let hours = activity["hours"].as_array().unwrap();
            let sum = |name: &str| hours.iter().map(|hour| hour[name].as_i64().unwrap()).sum::<i64>();
            assert_eq!(["sent", "delivered", "failed", "segments"].map(sum), [3, 3, 0, 3], "{activity}");
            let agents = activity["agents"].as_array().unwrap();
            assert_eq!(agents.len(), 1, "{activity}");
            holds(&agents[0], &json!({ "messaged": 3, "delivered": 3, "replied": 2, "opted_out": 1 }));
        })
        .await;
}

#[tokio::test]
async fn r2_an_opt_out_of_an_admin_is_undone_by_an_account_admin_alone() {
    World::with_engine()
        .run(async |world| {
            let field = field(&world, 1, 2, json!({})).await;
            let ours = &field.ours;
            let admin = ours.member("organization_admin").await.client;
            let batch = field.agents[0].0.claim(&field.goal, "initial").await;
            let contact = ours.at(&format!("contacts/{}", contacts(&batch)[0]));
            admin.post(&format!("{contact}/opt-out"), json!({ "reason": "called the office" })).await.ok();
            let read = ours.admin.get(&contact).await.ok();
            assert!(read["opted_out_at"].is_string(), "{read}");
            assert_eq!(read["opt_out_reason"], "called the office");
            field.agents[0].0.send(&batch).await.ok();
            world.messages().state("delivered").until(1).await;
            admin.act(&format!("{contact}/opt-in")).await.problem(403, "forbidden");
            assert!(ours.admin.get(&contact).await.ok()["opted_out_at"].is_string());
            ours.admin.act(&format!("{contact}/opt-in")).await.ok();
            assert!(ours.admin.get(&contact).await.ok()["opted_out_at"].is_null());
            assert_eq!(world.carrier().accepted().len(), 1);
        })
        .await;
}

#[tokio::test]
async fn w7_an_admin_reads_conversations_and_neither_marks_them_read_nor_answers() {
    World::with_engine()
        .run(async |world| {
            let field = field(&world, 1, 2, json!({})).await;
            let (agent, number) = &field.agents[0];
            let batch = agent.claim(&field.goal, "initial").await;
            agent.send(&batch).await.ok();
            world.messages().state("delivered").until(2).await;
            let contact = field.ours.admin.get(&field.ours.at(&format!("contacts/{}", contacts(&batch)[0]))).await.ok();
            world.text(&text(&contact["phone"]), number, "Which day is it?").await;
            world.threads().has("unread_since").until(1).await;
            let all = field.ours.admin.get(&field.ours.at("conversations")).await.ok();
            assert_eq!(all["items"].as_array().unwrap().len(), 2, "{all}");
            let unread = field.ours.admin.get(&field.ours.at("conversations?unresponded=true")).await.ok();
            let thread = text(&unread["items"][0]["id"]);
            assert_eq!(unread["items"].as_array().unwrap().len(), 1, "{unread}");
            field.ours.admin.get(&field.ours.at(&format!("conversations/{thread}"))).await.ok();
            assert_eq!(world.threads().has("unread_since").count().await, 1, "it is for an agent to read");
            let answer = json!({ "text": "On Tuesday" });
            let reply = field.ours.admin.post(&format!("/v1/agent/threads/{thread}/reply"), answer).await;
            assert!(matches!(reply.status, 403 | 404), "{}: {}", reply.status, reply.text);
            assert_eq!(world.messages().kind("reply").count().await, 0);
        })
        .await;
}
