//! Redaction as it is asked for, while much goes on beside it (rules R3, R4 and S9).

use muster_integration_tests::{CONFIRMATION, Organization, World, minutes, text};

use muster_storage::people::redactions;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::privacy::redact;

async fn ask(organization: &Organization, phone: &str) -> String {
    let body = json!({ "phone": phone, "confirmation": CONFIRMATION });
    text(&organization.admin.post("/v1/redactions", body).await.ok()["id"])
}

/// Erasing does not even begin, and nothing goes: neither queued texts, nor an agent's answer, nor
/// one to a contact that an import or the person brings back.
#[tokio::test]
async fn s9_from_the_answer_on_nothing_goes_to_a_number_whose_erasing_waits() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let sister = Organization::create(&ours.admin, "Sister").await;
            let (group, sisters) = (ours.group("One").await, sister.group("S").await);
            let (agent, number) = ours.agent(&group).await;
            ours.contacts(&group, 3).await;
            sister.contacts(&sisters, 1).await;
            world.pause_jobs("redaction").await;
            let claimed = async |goal: &str| agent.client.claim(goal, "initial").await;
            let send = async |batch: &Value| agent.client.send(batch).await.ok();
            // One writes, and an agent holds the conversation.
            world.text("+16465550000", &number, "Who is this?").await;
            world.messages().kind("inbound").until(1).await;
            world.settled().await;
            let threads = agent.client.act(&format!("/v1/agent/groups/{group}/replies/claim")).await.ok();
            let thread = text(&threads[0]["thread"]["id"]);

            // A text is queued when the redaction is asked for.
            let goal = ours.open_goal(&world, &group, json!({})).await;
            let batch = claimed(&goal).await;
            let gate = world.close_publish_gate().await;
            assert_eq!(send(&batch).await["queued"], 3);
            let id = ask(&ours, "+16465550000").await;
            gate.open().await;
            world.messages().kind("initial").state("delivered").until(2).await;
            world.messages().kind("initial").state("cancelled").reason("redacted").is("body", "").until(1).await;
            // An agent that held the conversation, and one that claims the next goal.
            let reply = agent.client.post(&format!("/v1/agent/threads/{thread}/reply"), json!({ "text": "Ann" })).await;
            assert_eq!(reply.status, 409, "{}", reply.text);
            let second = ours.open_goal(&world, &group, json!({})).await;
            assert_eq!(claimed(&second).await["contacts"].as_array().unwrap().len(), 2);
            // Imports in both organizations bring the number, and the person writes.
            let file = "first,last,phone\nZeb,Quag,6465550000\nGrace,Hopper,6465550009\n";
            for (organization, group) in [(&ours, &group), (&sister, &sisters)] {
                let report = organization.import(&format!("file_name=c.csv&group_id={group}"), file).await;
                assert_eq!(
                    (&report["created"], &report["reject_reasons"]),
                    (&json!(1), &json!({ "redacted": 1 })),
                    "{report}"
                );
            }
            world.text("+16465550000", &number, "STOP").await;
            assert_eq!(world.contacts().is("e164", "+16465550000").count().await, 0);
            assert_eq!(world.rows("import_reject").reason("redacted").not("raw", "").count().await, 0);
            // A number that the account does not know, and one that is brought while its erasing
            // waits.
            let unknown = ask(&ours, "+16465558888").await;
            let report =
                ours.import(&format!("file_name=u.csv&group_id={group}"), "first,last,phone\nA,B,6465558888\n").await;
            assert_eq!(report["reject_reasons"], json!({ "redacted": 1 }), "{report}");

            let waiting = redactions::waiting(world.pool()).await.unwrap();
            let waiting: Vec<_> = waiting.iter().map(|redaction| redaction.id.to_string()).collect();
            assert_eq!(waiting, [id.clone(), unknown]);
            world.job_policies().kind("redaction").delete().await;
            world.redactions().id(&id).has("finished_at").until(1).await;
            // Then the person's texts of the meantime are heard, as from a new contact.
            world.contacts().is("e164", "+16465550000").has("opted_out_at").until(1).await;
            world.settled().await;
            let to: Vec<String> = world.carrier().accepted().into_iter().map(|message| message.to).collect();
            assert_eq!(to.iter().filter(|to| *to == "+16465550000").count(), 1, "the confirmation alone: {to:?}");
            assert_eq!(world.messages().like("body", "%Ada0%").count().await, 0);
        })
        .await;
}

/// A person that is being imported when the redaction is asked for is no contact yet: the hand-over
/// looks into the ledger.
#[tokio::test]
async fn s9_a_contact_who_is_committed_behind_the_request_is_not_texted() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, _) = ours.agent(&group).await;
            world.pause_jobs("redaction").await;
            ask(&ours, "+16465550000").await;
            world.plant_contact_in(&ours.id, &group, "+16465550000").await;
            let goal = ours.open_goal(&world, &group, json!({})).await;
            let batch = agent.client.claim(&goal, "initial").await;
            agent.client.send(&batch).await.ok();
            world.messages().state("cancelled").reason("redacted").until(1).await;
            world.job_policies().kind("redaction").delete().await;
            world.redactions().has("finished_at").is("contacts", 1).until(1).await;
            assert!(world.carrier().accepted().is_empty());
        })
        .await;
}

/// A redaction waits for the imports that were there when it looked, and for no other, and not for
/// ever.
#[tokio::test]
async fn r3_imports_that_begin_later_put_a_redaction_off_by_nothing() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            ours.contacts(&group, 2).await;
            let plant = async || -> String {
                let id = Uuid::now_v7().to_string();
                let insert = format!(
                    "insert into import (id, organization_id, group_id, created_by, file_name, object_key, \
                 size_bytes, state)
             select '{id}', '{}', '{group}', m.id, 'a.csv', 'imports/{}/{id}', 1, 'running' from member m limit 1",
                    ours.id, ours.id
                );
                world.execute(&[&insert]).await;
                id
            };
            let end = async |id: &str| {
                let update = format!("update import set state = 'failed', finished_at = now() where id = '{id}'");
                world.execute(&[&update]).await;
            };
            let first = plant().await;
            let id = ask(&ours, "+16465550000").await;
            world.redactions().id(&id).and(&format!("waits_for = array['{first}'::uuid]")).until(1).await;
            let waiting = redactions::waiting(world.pool()).await.unwrap();
            assert_eq!(
                waiting[0].imports.iter().map(ToString::to_string).collect::<Vec<_>>(),
                std::slice::from_ref(&first)
            );
            assert_eq!(world.contacts().has("redacted_at").count().await, 1, "the person's rows do not wait");
            // They begin without end.
            let later = [plant().await, plant().await];
            end(&first).await;
            let others = plant().await;
            world.redactions().id(&id).has("finished_at").until(1).await;
            assert_eq!(world.imports().state("running").count().await, 3);

            // One that never ends is ended after a day.
            let id = ask(&ours, "+16465550001").await;
            world.redactions().id(&id).and("cardinality(waits_for) = 3").until(1).await;
            for over in &later {
                end(over).await;
            }
            world.redactions().lacks("finished_at").backdate("looked_at", minutes(1500)).await;
            world.redactions().id(&id).has("finished_at").until(1).await;
            let failed = world.imports().id(&others).state("failed").like("failure", "%upload the file again%");
            assert_eq!(failed.count().await, 1);
        })
        .await;
}

/// Texts of other accounts' numbers are theirs.
#[tokio::test]
async fn r3_a_text_to_another_account_is_not_touched() {
    World::with_engine()
        .run(async |world| {
            let (ours, theirs) = (world.organization("Ours").await, world.organization("Theirs").await);
            let (_, number) = theirs.agent(&theirs.group("T").await).await;
            world.pause_jobs("inbound-message").await;
            world.text("+16465550001", &number, "Hello there").await;
            redact(&world, &ours, "+16465550001").await;
            assert_eq!(
                world.webhooks().and("payload ->> 'Body' = 'Hello there'").lacks("processed_at").count().await,
                1
            );
        })
        .await;
}
