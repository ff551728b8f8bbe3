//! Replies, their holders, and the recorded answers; then reminders (rules W2, W3, W5 and W6).

use chrono::TimeDelta;
use muster_integration_tests::{Client, Organization, World, eventually, holds, seconds, text};
use serde_json::{Value, json};

/// Rules W2, W3 and W5: replies, their holders, and the recorded answers; then W6.
#[tokio::test]
async fn w2_a_thread_is_one_agents_at_a_time_and_who_said_yes_is_reminded_once() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let ((agent, number), (second, _)) = (ours.agent(&group).await, ours.agent(&group).await);
            let phones = ours.contacts(&group, 3).await;
            let now = world.now().await;
            let at = |minutes| (now + TimeDelta::minutes(minutes)).to_rfc3339();
            let reminder =
                json!({ "script": "See you, {{first_name}}! Reply STOP", "opens": at(-1), "closes": at(60) });
            let window = json!({ "reminder": reminder, "opens": at(-1), "closes": at(120) });
            let goal = ours.open_goal(&world, &group, window).await;
            let batch = agent.client.claim(&goal, "initial").await;
            agent.client.send(&batch).await.ok();
            world.messages().state("delivered").until(3).await;
            world.text(&phones[0], &number, "Yes, I come").await;
            world.threads().has("unread_since").until(1).await;
            world.settled().await;

            let replies = format!("/v1/agent/groups/{group}/replies/claim");
            let claimed = agent.client.act(&replies).await.ok();
            assert_eq!(claimed.as_array().unwrap().len(), 1, "{claimed}");
            let thread = text(&claimed[0]["thread"]["id"]);
            let said: Vec<&str> =
                claimed[0]["messages"].as_array().unwrap().iter().map(|m| m["body"].as_str().unwrap()).collect();
            assert_eq!(said, ["Hi Ada0! Reply STOP to opt out", "Yes, I come"]);
            assert_eq!(claimed[0]["thread"]["held_by"], agent.id.as_str());
            assert_eq!(
                agent.client.act(&replies).await.ok()[0]["thread"]["id"],
                thread.as_str(),
                "asking again is harmless"
            );
            assert_eq!(second.client.act(&replies).await.ok(), json!([]));

            let (reply, answer) =
                (format!("/v1/agent/threads/{thread}/reply"), format!("/v1/agent/threads/{thread}/answer"));
            world.settled().await;
            let before = world.contents().await;
            let held = second.client.post(&reply, json!({ "text": "Mine" })).await.problem(409, "thread-held");
            assert_eq!(held["held_by"], agent.id.as_str());
            let until: chrono::DateTime<chrono::Utc> = held["held_until"].as_str().unwrap().parse().unwrap();
            assert!(until > world.now().await);
            second.client.put(&answer, json!({ "answer": "no" })).await.problem(409, "thread-held");
            assert_eq!(world.contents().await, before);

            agent.client.put(&answer, json!({ "answer": "yes" })).await.ok();
            agent.client.post(&reply, json!({ "text": "  " })).await.problem(422, "invalid-body");
            agent.client.post(&reply, json!({ "text": "x".repeat(1_601) })).await.problem(422, "invalid-body");
            agent.client.post(&reply, json!({ "text": "Great" })).await.ok();
            world.messages().kind("reply").state("delivered").until(1).await;
            assert_eq!(agent.client.act(&replies).await.ok(), json!([]), "nothing is unread");

            // W6: only contacts with a yes, once.
            world.batches().kind("reminder").state("released").until(1).await;
            // A claim passes by a batch that a job has locked.
            world.settled().await;
            remind(&second.client, &goal).await;
            agent.client.put(&answer, json!({ "answer": "yes" })).await.ok();
            world.settled().await;
            assert_eq!(second.client.claim(&goal, "reminder").await, Value::Null);
            world.messages().kind("reminder").state("delivered").until(1).await;

            // The claim ends: the next agent that asks has it, with its history.
            world.text(&phones[0], &number, "When?").await;
            world.threads().has("unread_since").until(1).await;
            world.settled().await;
            agent.client.act(&replies).await.ok();
            world
                .execute(&[
                    "update thread set held_until = clock_timestamp() - interval '1 ms' where held_by is not null",
                ])
                .await;
            agent.client.post(&reply, json!({ "text": "Late" })).await.problem(409, "conflict");
            taken_over(&second.client, &replies).await;
            let held = agent.client.post(&reply, json!({ "text": "Mine" })).await.problem(409, "thread-held");
            assert_eq!(held["held_by"], second.id.as_str());
            reviewed(&world, &ours, &goal, &thread).await;
        })
        .await;
}

/// Sends the reminders of a goal's one batch, to the one contact that said yes.
async fn remind(agent: &Client, goal: &str) {
    let batch = agent.claim(goal, "reminder").await;
    assert_eq!(batch["contacts"].as_array().unwrap().len(), 1);
    assert_eq!(batch["contacts"][0]["text"], "See you, Ada0! Reply STOP");
    assert_eq!(agent.send(&batch).await.ok()["queued"], 1);
}

/// Claims a conversation after its holder's claim has ended. A claim passes by locked rows, and the
/// transaction of an answer that was refused may end a moment after the answer.
async fn taken_over(agent: &Client, replies: &str) {
    let taken = eventually(seconds(10), async || {
        let taken = agent.act(replies).await.ok();
        holds(taken[0].is_object(), &taken).map(|()| taken)
    })
    .await;
    assert_eq!(taken[0]["messages"].as_array().unwrap().len(), 5, "{taken}");
}

/// The goal's figures, and its one conversation as an admin sees it, which marks nothing read (rule
/// W7).
async fn reviewed(world: &World, ours: &Organization, goal: &str, thread: &str) {
    let stats = ours.admin.get(&ours.at(&format!("goals/{goal}/stats"))).await.ok();
    let wanted = json!({ "targeted": 3, "messaged": 3, "replied": 1, "reminded": 1 });
    for (name, value) in wanted.as_object().unwrap() {
        assert_eq!(&stats[name], value, "{name} of {stats}");
    }
    assert_eq!(stats["answers"]["yes"], 1, "{stats}");
    let review = ours.admin.get(&ours.at("conversations?unresponded=true")).await.ok();
    assert_eq!(review["items"].as_array().unwrap().len(), 1);
    ours.admin.get(&ours.at(&format!("conversations/{thread}"))).await.ok();
    assert_eq!(world.threads().has("unread_since").count().await, 1);
}
