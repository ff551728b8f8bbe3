//! Review of conversations by admins (rules W7, W4 and A5).

use muster_integration_tests::{Client, World, now, text};
use serde_json::{Value, json};

use crate::{
    conversations::thread_of,
    group_knowledge::reach,
    held_threads::{Desk, ids, reply},
    rates::send_all,
};

async fn reviewed(admin: &Client, path: &str, query: &str) -> Vec<String> {
    let page = admin.get(&format!("{path}?limit=500{query}")).await.ok();
    page["items"].as_array().unwrap().iter().map(|thread| text(&thread["id"])).collect()
}

#[tokio::test]
async fn w7_review_filters_by_agent_goal_tag_phone_words_and_state() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let phones = desk.ours.contacts(&desk.group, 3).await;
            let goal = desk.ours.open_goal(&desk.world, &desk.group, json!({})).await;
            send_all(&desk.first.client, &goal).await;
            desk.world.messages().state("delivered").until(3).await;
            desk.world.text("+16465559000", &desk.number, "Good evening").await;
            desk.unread(1).await;
            desk.world.text(&phones[0], &desk.number, "Bring the LEAFLETS please").await;
            desk.unread(2).await;
            let mut threads = Vec::new();
            for phone in &phones {
                threads.push(thread_of(&desk.world, phone).await);
            }
            let stranger = thread_of(&desk.world, "+16465559000").await;
            let file = format!("first,last,phone,tags\nAda1,Lovelace,{},walker\n", phones[1]);
            desk.ours.import(&format!("file_name=t.csv&group_id={}", desk.group), file).await;
            desk.assign(&phones[2], json!(desk.second.id)).await;
            let path = desk.ours.at("conversations");
            let of = async |query: String| reviewed(&desk.ours.admin, &path, &query).await;

            assert_eq!(of(String::new()).await[..2], [threads[0].clone(), stranger.clone()]);
            assert_eq!(of("&state=unresponded".to_owned()).await, [threads[0].clone(), stranger.clone()]);
            assert_eq!(of("&unresponded=true".to_owned()).await, [threads[0].clone(), stranger.clone()]);
            assert_eq!(of(format!("&agent_id={}", desk.second.id)).await, threads[2..]);
            assert_eq!(of(format!("&agent_id={}", desk.first.id)).await.len(), 3);
            assert_eq!(of(format!("&goal_id={goal}")).await.len(), 3);
            assert_eq!(of("&tag=walker".to_owned()).await, threads[1..2]);
            assert_eq!(of(format!("&phone=%2B{}", &phones[1][1..])).await, threads[1..2]);
            assert_eq!(of("&search=the%20leaflets".to_owned()).await, threads[..1]);
            assert_eq!(of("&search=ada1%20love".to_owned()).await, threads[1..2]);
            assert_eq!(of("&search=9000".to_owned()).await, [stranger.clone()]);
            assert_eq!(of(format!("&search=leaflets&goal_id={goal}&state=done")).await, Vec::<String>::new());
            let held = ids(&desk.claim(&desk.first).await);
            assert_eq!(held.len(), 2);
            assert_eq!(of("&state=held".to_owned()).await, [threads[0].clone(), stranger.clone()]);
            desk.world.threads().has("held_by").set("held_until", now()).await;
            assert_eq!(of("&state=done".to_owned()).await.len(), 2);
        })
        .await;
}

#[tokio::test]
async fn w7_reading_in_review_marks_nothing_read_and_admins_write_nowhere() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let phones = desk.written_to_by(1).await;
            let thread = thread_of(&desk.world, &phones[0]).await;
            let (admin, _) = desk.ours.member_of("group_admin", &[&desk.group]).await;
            for reader in [&desk.ours.admin, &admin.client] {
                let read = reader.get(&desk.ours.at(&format!("conversations/{thread}"))).await.ok();
                assert_eq!(read["messages"][0]["body"], "Hello");
                reply(reader, &thread).await.problem(403, "forbidden");
            }
            desk.world.threads().has("unread_since").lacks("held_by").until(1).await;
            desk.world.settled().await;
            assert_eq!(ids(&desk.claim(&desk.second).await), [thread]);
        })
        .await;
}

#[tokio::test]
async fn a5_a_group_admin_reviews_the_conversations_of_their_groups_alone() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let other = desk.ours.group("Two").await;
            let (_, number) = desk.ours.agent(&other).await;
            let phones = desk.written_to_by(1).await;
            desk.world.text("+16465559000", &number, "Hello").await;
            desk.unread(2).await;
            let (mine, theirs) =
                (thread_of(&desk.world, &phones[0]).await, thread_of(&desk.world, "+16465559000").await);
            let admin = reach(&desk.ours, &[&desk.group]).await;
            let path = admin.at("conversations");
            assert_eq!(reviewed(&admin.admin, &path, "").await, [mine.clone()]);
            assert_eq!(reviewed(&admin.admin, &path, "&state=unresponded").await, [mine.clone()]);
            assert!(reviewed(&admin.admin, &path, "&search=9000").await.is_empty());
            assert!(reviewed(&admin.admin, &path, "&phone=%2B16465559000").await.is_empty());
            admin.admin.get(&format!("{path}?group_id={other}")).await.problem(404, "not-found");
            admin.admin.get(&format!("{path}/{theirs}")).await.problem(404, "not-found");
            let both = json!({ "thread_ids": [mine, theirs], "agent_id": desk.second.id });
            admin.admin.post(&format!("{path}/assign"), both).await.problem(404, "not-found");
            assert_eq!(desk.world.memberships().has("assigned_agent_id").count().await, 0);
        })
        .await;
}

#[tokio::test]
async fn w4_conversations_are_assigned_together_and_claims_in_hand_go_along() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let phones = desk.written_to_by(3).await;
            let mut threads = Vec::new();
            for phone in &phones {
                threads.push(thread_of(&desk.world, phone).await);
            }
            assert_eq!(desk.claim(&desk.first).await.len(), 3);
            let path = desk.ours.at("conversations/assign");
            let to = |agent: Value, threads: &[String]| json!({ "thread_ids": threads, "agent_id": agent });
            let moved = desk.ours.admin.post(&path, to(json!(desk.second.id), &threads[..2])).await.ok();
            assert_eq!(moved["moved"], 2);
            reply(&desk.first.client, &threads[0]).await.problem(409, "thread-held");
            reply(&desk.second.client, &threads[0]).await.ok();
            assert_eq!(ids(&desk.claim(&desk.first).await), threads[2..]);
            let again = desk.ours.admin.post(&path, to(json!(desk.second.id), &threads[..2])).await.ok();
            assert_eq!(again["moved"], 0);

            // All or none: over the agent's limit, of an agent elsewhere, of no such conversation.
            desk.ours.set(json!({ "agent_contact_limit": 2 })).await;
            desk.ours.admin.post(&path, to(json!(desk.second.id), &threads)).await.problem(409, "conflict");
            let (elsewhere, _) = desk.ours.agent(&desk.ours.group("Two").await).await;
            desk.ours.admin.post(&path, to(json!(elsewhere.id), &threads)).await.problem(404, "not-found");
            let unknown = [threads[0].clone(), elsewhere.id.clone()];
            desk.ours.admin.post(&path, to(Value::Null, &unknown)).await.problem(404, "not-found");
            let theirs = desk.world.memberships().is("assigned_agent_id", &desk.second.id);
            assert_eq!(theirs.count().await, 2);
            let none = desk.ours.admin.post(&path, to(Value::Null, &threads)).await.ok();
            assert_eq!((&none["moved"], theirs.count().await), (&json!(2), 0));
            reply(&desk.second.client, &threads[1]).await.problem(409, "conflict");
        })
        .await;
}
