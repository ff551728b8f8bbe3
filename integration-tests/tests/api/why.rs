//! Why somebody was or was not texted.

use muster_integration_tests::{Organization, World, text};
use muster_local::programs::Binary;
use muster_storage::testing;
use serde_json::{Value, json};

async fn why(ours: &Organization, phone: &str, goal: &str) -> (bool, Vec<String>) {
    let contact = text(&ours.contact(phone).await["id"]);
    let answer = ours.admin.get(&ours.at(&format!("contacts/{contact}/why?goal_id={goal}"))).await.ok();
    (answer["texted"].as_bool().unwrap(), words(&answer))
}

fn words(answer: &Value) -> Vec<String> {
    let reasons = answer["reasons"].as_array().unwrap().iter();
    reasons.map(|reason| format!("{} {}", text(&reason["what"]), reason["detail"].as_str().unwrap_or("-"))).collect()
}

#[tokio::test]
async fn an_admin_learns_why_each_person_was_or_was_not_texted() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, _) = ours.agent(&group).await;
            let phones = ours.contacts(&group, 4).await;
            let out = text(&ours.contact(&phones[0]).await["id"]);
            ours.admin.post(&ours.at(&format!("contacts/{out}/opt-out")), json!({ "reason": "asked" })).await.ok();
            ours.set(json!({ "batch_size": 2 })).await;
            let goal = ours.open_goal(&world, &group, json!({})).await;
            let claimed = agent
                .client
                .post(&format!("/v1/agent/goals/{goal}/claim"), json!({ "workflow": "initial" }))
                .await
                .ok();
            let batch = &claimed["batch"];
            let path = format!("/v1/agent/batches/{}", text(&batch["id"]));
            let contacts = batch["contacts"].as_array().unwrap();
            let skip =
                json!({ "lease_token": batch["lease_token"], "contact_id": contacts[0]["id"], "reason": "moved" });
            agent.client.post(&format!("{path}/skip"), skip).await.ok();
            agent.client.post(&format!("{path}/send"), json!({ "lease_token": batch["lease_token"] })).await.ok();
            world.messages().state("delivered").until(1).await;

            let of = |nth: usize| text(&contacts[nth]["id"]);
            let ask = async |id: String| {
                let answer = ours.admin.get(&ours.at(&format!("contacts/{id}/why?goal_id={goal}"))).await.ok();
                (answer["texted"] == true, words(&answer))
            };
            let (texted, reasons) = ask(of(1)).await;
            let wanted =
                ["targeted -", "initial.queued -", "initial.sending -", "initial.sent -", "initial.delivered -"];
            // A receipt may be quicker than the worker's own word.
            let seen: Vec<&str> =
                reasons.iter().map(String::as_str).filter(|reason| *reason != "initial.sent -").collect();
            assert!(texted, "{reasons:?}");
            assert_eq!(seen, wanted.into_iter().filter(|reason| *reason != "initial.sent -").collect::<Vec<_>>());
            assert_eq!(ask(of(0)).await, (false, vec!["targeted -".to_owned(), "skipped moved".to_owned()]));
            let (texted, reasons) = why(&ours, &phones[0], &goal).await;
            assert!(!texted);
            assert_eq!(reasons, ["opted_out -", "not_targeted by targeting, or by what came before"]);
            let third = phones[1..].iter();
            let mut waiting = Vec::new();
            for phone in third {
                let (_, reasons) = why(&ours, phone, &goal).await;
                waiting.extend(reasons.into_iter().filter(|reason| reason.starts_with("batch_")));
            }
            assert_eq!(waiting, ["batch_not_claimed -"]);

            // The command line says the same.
            let file = world.folder().join("muster.toml");
            std::fs::write(&file, world.settings("muster").toml()).unwrap();
            let mut command = tokio::process::Command::new(Binary::Cli.path().unwrap());
            command.env_clear().env("MUSTER_CONFIG", file).args(["why", &of(1), "--goal", &goal, "--json"]);
            let output = command.output().await.unwrap();
            let said: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!((said["texted"] == true, words(&said)), ask(of(1)).await);
        })
        .await;
}

/// A person's opting out, deactivation and so on have their place in time between the goal's, also
/// when they are over.
#[tokio::test]
async fn what_happened_to_a_person_is_told_in_its_order() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (group, other) = (ours.group("One").await, ours.group("Other").await);
            let phones = ours.contacts(&group, 2).await;
            let id = text(&ours.contact(&phones[0]).await["id"]);
            let path = |what: &str| ours.at(&format!("contacts/{id}/{what}"));
            ours.admin.post(&path("opt-out"), json!({ "reason": "asked" })).await.ok();
            let goal = ours.open_goal(&world, &group, json!({})).await;
            ours.admin.act(&path("opt-in")).await.ok();
            // Events in another group are nothing to this goal, and an unchanged value is no event.
            let execute = async |statement: String| world.execute(&[&statement]).await;
            execute(format!(
                "insert into membership (group_id, contact_id, deactivated_at) values ('{other}', '{id}', now())"
            ))
            .await;
            execute(format!(
                "update membership set deactivated_at = null where contact_id = '{id}' and group_id = '{other}'"
            ))
            .await;
            execute(format!(
                "update membership set deactivated_at = now() where contact_id = '{id}' and group_id = '{group}'"
            ))
            .await;
            execute(format!("update contact set line_type = 'landline', opted_out_at = null where id = '{id}'")).await;
            execute(format!("update contact set line_type = 'landline' where id = '{id}'")).await;
            execute(format!("update contact set line_type = 'mobile' where id = '{id}'")).await;
            let (texted, reasons) = why(&ours, &phones[0], &goal).await;
            let wanted = [
                "opted_out -",
                "not_targeted by targeting, or by what came before",
                "opted_in -",
                "deactivated -",
                "not_textable -",
                "textable -",
            ];
            assert_eq!((texted, reasons), (false, wanted.map(str::to_owned).to_vec()));
            // The history has no personal data, and stays.
            for change in
                ["update contact_event set what = 'textable'", "delete from contact_event", "truncate contact_event"]
            {
                let refused = testing::execute(world.pool(), change).await.unwrap_err().to_string();
                assert!(refused.contains("append-only"), "{change}: {refused}");
            }
        })
        .await;
}

/// History stays: neither it nor a month of it is changed, deleted or emptied, nor is a month that
/// is to come.
#[tokio::test]
async fn s1_the_history_of_a_message_is_append_only() {
    World::run(async |world| {
        let text = "insert into message (id, organization_id, group_id, contact_id, thread_id, kind, state, \
         body, encoding, segments)
        values (uuid_v7(), uuid_v7(), uuid_v7(), uuid_v7(), uuid_v7(), 'initial', 'queued', 'Hello', 'GSM-7', 1)";
        world.execute(&[text, "select ensure_partitions('message_event', 6)"]).await;
        let month: String = world.row("select to_json(tableoid::regclass::text) from message_event").await;
        let last = "select to_json(max(inhrelid::regclass::text)) from pg_inherits
        where inhparent = 'message_event'::regclass and inhrelid::regclass::text <> 'message_event_default'";
        let next: String = world.row(last).await;
        assert_ne!(month, next);
        let refused = async |statement: String| {
            let error = testing::execute(world.pool(), &statement).await.expect_err(&statement).to_string();
            assert!(error.contains("append-only"), "{statement}: {error}");
        };
        for table in ["message_event", month.as_str()] {
            refused(format!("update {table} set state = 'sent'")).await;
            refused(format!("delete from {table}")).await;
            refused(format!("truncate {table}")).await;
        }
        refused(format!("truncate {next}")).await;
        refused("truncate message_event_default".to_owned()).await;
        assert_eq!(world.rows("message_event").state("queued").count().await, 1);
    })
    .await;
}
