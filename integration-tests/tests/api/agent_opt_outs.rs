//! Opt-outs that agents record, and their short undo (rules R2, I3, I3a, S9, W8 and W9).

use muster_domain::ids::{ContactId, OrganizationId};
use muster_integration_tests::{Answer, Person, World, seconds, text};
use muster_storage::people::contacts;
use serde_json::{Value, json};

use crate::{
    conversations::listed,
    held_threads::{Desk, ids, reply},
    rates::send_all,
};

async fn opt_out(agent: &Person, thread: &str, body: Value) -> Answer {
    agent.client.post(&format!("/v1/agent/threads/{thread}/opt-out"), body).await
}

async fn undo(agent: &Person, thread: &str) -> Answer {
    agent.client.act(&format!("/v1/agent/threads/{thread}/opt-out/undo")).await
}

#[tokio::test]
async fn s9_an_agents_opt_out_holds_at_once_and_no_text_confirms_it() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let phones = desk.written_to_by(1).await;
            let thread = ids(&desk.claim(&desk.second).await).remove(0);
            let gate = desk.world.close_publish_gate().await;
            reply(&desk.second.client, &thread).await.ok();
            let told = opt_out(&desk.second, &thread, json!({})).await.ok();
            assert!(told["undo_until"].is_string());
            gate.open().await;
            desk.world.messages().kind("reply").state("cancelled").reason("opted_out").until(1).await;
            desk.world.settled().await;
            assert!(desk.world.carrier().accepted().is_empty());
            assert!(listed(&desk.second.client, "").await.is_empty(), "it is hidden");
            assert_eq!(desk.ours.contact(&phones[0]).await["opt_out_reason"], "recorded by an agent");
            reply(&desk.second.client, &thread).await.problem(409, "conflict");
            opt_out(&desk.second, &thread, json!({})).await.problem(409, "conflict");
            // The contact's own word has its one confirmation still.
            desk.world.text(&phones[0], &desk.number, "STOP").await;
            desk.world.messages().kind("opt_out_confirmation").state("delivered").until(1).await;
        })
        .await;
}

#[tokio::test]
async fn w9_an_undo_restores_the_conversation_as_it_was() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let phones = desk.ours.contacts(&desk.group, 1).await;
            let goal = desk.ours.open_goal(&desk.world, &desk.group, json!({})).await;
            send_all(&desk.first.client, &goal).await;
            desk.world.messages().state("delivered").until(1).await;
            desk.world.text(&phones[0], &desk.number, "Who is this?").await;
            desk.unread(1).await;
            let claimed = desk.claim(&desk.second).await;
            let thread = ids(&claimed).remove(0);
            let opted_out = desk.world.targets().has("opted_out_at");
            opt_out(&desk.second, &thread, json!({})).await.ok();
            assert_eq!(opted_out.count().await, 1, "a result of the goal");
            undo(&desk.first, &thread).await.problem(409, "conflict");
            undo(&desk.second, &thread).await.ok();
            assert_eq!(opted_out.count().await, 0);
            assert_eq!(desk.ours.contact(&phones[0]).await["opted_out_at"], Value::Null);
            let again = desk.claim(&desk.second).await;
            assert_eq!(again[0]["thread"], claimed[0]["thread"]);
            reply(&desk.second.client, &thread).await.ok();
            undo(&desk.second, &thread).await.problem(409, "conflict");
        })
        .await;
}

#[tokio::test]
async fn w9_an_opt_out_is_undone_within_seconds_and_no_later() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            desk.written_to_by(1).await;
            let thread = ids(&desk.claim(&desk.second).await).remove(0);
            opt_out(&desk.second, &thread, json!({})).await.ok();
            desk.world.rows("agent_opt_out").backdate("at", seconds(30)).await;
            undo(&desk.second, &thread).await.problem(409, "conflict");
            assert_eq!(desk.world.contacts().has("opted_out_at").count().await, 1);
        })
        .await;
}

/// Another's word that the contact wants no texts is not undone.
#[tokio::test]
async fn i3_nothing_is_undone_after_another_word() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let phones = desk.written_to_by(4).await;
            let threads = ids(&desk.claim(&desk.second).await);
            for thread in &threads {
                opt_out(&desk.second, thread, json!({})).await.ok();
            }
            // A STOP that is recorded and not handled yet, another text, an admin's word, a file's.
            let gate = desk.world.close_publish_gate().await;
            desk.world.text(&phones[0], &desk.number, "STOP").await;
            undo(&desk.second, &threads[0]).await.problem(409, "conflict");
            gate.open().await;
            desk.world.text(&phones[1], &desk.number, "Wait").await;
            desk.world.messages().kind("inbound").until(6).await;
            let contact = text(&desk.ours.contact(&phones[2]).await["id"]);
            let by_admin = desk.ours.at(&format!("contacts/{contact}/opt-out"));
            desk.ours.admin.post(&by_admin, json!({ "reason": "by mail" })).await.ok();
            let file = format!("first,last,phone,opt_out\nAda,,{},yes\n", phones[3]);
            desk.ours.import(&format!("file_name=c.csv&group_id={}", desk.group), file).await;
            desk.world.settled().await;
            for thread in &threads {
                undo(&desk.second, thread).await.problem(409, "conflict");
            }
            assert_eq!(desk.world.contacts().has("opted_out_at").count().await, 4);
        })
        .await;
}

/// A STOP that was numbered before the agent's word and recorded after it changes nothing about the
/// contact, and yet it was said.
#[tokio::test]
async fn i3a_a_stop_that_the_agents_word_overtook_is_not_undone() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let phones = desk.written_to_by(1).await;
            let thread = ids(&desk.claim(&desk.second).await).remove(0);
            let order: i64 = desk.world.row("select to_jsonb(nextval('receive_order'))").await;
            opt_out(&desk.second, &thread, json!({})).await.ok();
            let contact = text(&desk.ours.contact(&phones[0]).await["id"]);
            let (ours, contact) = (OrganizationId(desk.ours.id.parse().unwrap()), ContactId(contact.parse().unwrap()));
            let mut tx = desk.world.pool().begin().await.unwrap();
            assert!(!contacts::opt_out_by(&mut tx, ours, contact, "by text", Some(order)).await.unwrap());
            tx.commit().await.unwrap();
            undo(&desk.second, &thread).await.problem(409, "conflict");
            assert_eq!(desk.world.contacts().has("opted_out_at").count().await, 1);
        })
        .await;
}

#[tokio::test]
async fn w8_a_reason_is_one_of_the_admins_tags_and_an_undo_takes_it_back() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let tags = "insert into tag (organization_id, name, reason, locked) values
                ('{}', 'wrong number', true, false), ('{}', 'moved', true, true), ('{}', 'walker', false, false)";
            desk.world.execute(&[&tags.replace("{}", &desk.ours.id)]).await;
            let tag = async |name: &str| -> Value {
                desk.world.row(&format!("select to_jsonb(id) from tag where name = '{name}'")).await
            };
            let phones = desk.written_to_by(1).await;
            let thread = ids(&desk.claim(&desk.second).await).remove(0);
            for none in ["moved", "walker"] {
                let refused = opt_out(&desk.second, &thread, json!({ "reason_id": tag(none).await })).await;
                refused.problem(422, "invalid-body");
            }
            let given = json!({ "reason_id": tag("wrong number").await });
            opt_out(&desk.second, &thread, given.clone()).await.ok();
            let contact = desk.ours.contact(&phones[0]).await;
            assert_eq!(contact["tags"], json!(["wrong number"]));
            assert_eq!(contact["opt_out_reason"], "recorded by an agent: wrong number");
            undo(&desk.second, &thread).await.ok();
            assert_eq!(desk.ours.contact(&phones[0]).await["tags"], json!([]));
            opt_out(&desk.second, &thread, given).await.ok();
        })
        .await;
}
