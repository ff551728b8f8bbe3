//! Conversations under races of many agents (rules W2, W3, W4, A6, G7 and I3): one agent at a time
//! writes, and no reply is left without an agent.

use futures::future::join_all;
use muster_integration_tests::{Answer, Call, Person, World, ahead, all_are, eventually, seconds};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::{
    conversations::thread_of,
    held_threads::{Desk, ids, reply},
};

/// So many agents of the group, beside the desk's two.
async fn agents(desk: &Desk, count: usize) -> Vec<Person> {
    let mut agents = Vec::with_capacity(count);
    for _ in 0..count {
        agents.push(desk.ours.agent(&desk.group).await.0);
    }
    agents
}

/// Asks again as long as more of the organization's requests wait than may.
async fn in_turn(ask: impl AsyncFn() -> Answer) -> Answer {
    eventually(seconds(60), async || {
        let answer = ask().await;
        if answer.status == 429 { Err(answer.text) } else { Ok(answer) }
    })
    .await
}

#[tokio::test]
async fn w2_of_fifty_agents_who_claim_and_reply_one_texts_each_contact_and_no_reply_is_left() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let agents = agents(&desk, 48).await;
            desk.written_to_by(60).await;
            let work = agents.iter().chain([&desk.first, &desk.second]).map(async |agent| {
                let mut answered = 0;
                let path = format!("/v1/agent/groups/{}/replies/claim", desk.group);
                let claimed = in_turn(async || agent.client.act(&path).await).await.ok();
                for thread in ids(claimed.as_array().unwrap()) {
                    in_turn(async || reply(&agent.client, &thread).await).await.ok();
                    answered += 1;
                }
                answered
            });
            let answered: usize = join_all(work).await.into_iter().sum();
            assert_eq!(answered, 60);
            desk.world.threads().has("unread_since").until(0).await;
            let twice = "(select thread_id from message where kind = 'reply' group by 1 having count(*) > 1) twice";
            assert_eq!(desk.world.count(twice).await, 0);
        })
        .await;
}

/// Each conversation is claimed, handed on, released, extended and replied to by all at once.
/// Each request is followed or refused, and the conversation is claimed afterwards.
#[tokio::test]
async fn w2_at_any_moment_one_agent_works_on_a_conversation() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let agents = agents(&desk, 18).await;
            let phones = desk.written_to_by(1).await;
            let thread = thread_of(&desk.world, &phones[0]).await;
            let everybody: Vec<&Person> = agents.iter().chain([&desk.first, &desk.second]).collect();
            let at = |action: &str| format!("/v1/agent/threads/{thread}/{action}");
            for round in 0..4 {
                // A claim passes by a conversation that a job has locked.
                desk.world.settled().await;
                desk.world
                    .execute(&["update thread set unread_since = now(), held_by = null, held_until = null"])
                    .await;
                let answers = join_all(everybody.iter().enumerate().map(async |(nth, agent)| {
                    let claimed = desk.claim(agent).await;
                    let next = everybody[(nth + 1) % everybody.len()];
                    let answer = match (nth + round) % 4 {
                        0 => reply(&agent.client, &thread).await,
                        1 => agent.client.post(&at("hand-on"), json!({ "agent_id": next.id })).await,
                        2 => agent.client.act(&at("extend")).await,
                        _ => agent.client.act(&at("release")).await,
                    };
                    (claimed.len(), answer)
                }))
                .await;
                assert!(answers.iter().any(|(claimed, _)| *claimed == 1), "an agent has claimed it");
                for (_, answer) in &answers {
                    assert!(answer.is_success() || answer.status == 409, "{}", answer.text);
                }
            }
            desk.world.settled().await;
            // However it went, the next claim after the last one's end has it.
            desk.world
                .execute(&[
                    "update thread set unread_since = now(), held_until = clock_timestamp() where held_by is not null",
                ])
                .await;
            desk.world.execute(&["update thread set unread_since = now()"]).await;
            assert_eq!(desk.claim(&desk.first).await.len(), 1);
        })
        .await;
}

/// A claim that ends in the middle of a reply, which waits for the conversation.
#[tokio::test]
async fn w3_a_reply_that_waited_beyond_the_claims_end_is_refused() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            desk.written_to_by(1).await;
            let thread = ids(&desk.claim(&desk.second).await).remove(0);
            let held = desk.world.threads().id(&thread);
            held.set("held_until", ahead(seconds(2))).await;
            let gate = desk.world.hold(&format!("select from thread where id = '{thread}' for update")).await;
            let (answer, ()) = tokio::join!(reply(&desk.second.client, &thread), async {
                desk.world.until_locked("from thread").await;
                held.clone().and("held_until <= clock_timestamp()").until(1).await;
                gate.open().await;
            });
            answer.problem(409, "conflict");
            assert_eq!(desk.world.messages().kind("reply").count().await, 0);
            assert_eq!(ids(&desk.claim(&desk.first).await), [thread]);
        })
        .await;
}

/// Rule A6: an agent leaves while they and others work; nothing of theirs stays in hand.
#[tokio::test]
async fn a6_an_agent_that_is_removed_while_they_work_leaves_no_conversation_stranded() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            desk.written_to_by(20).await;
            let threads = ids(&desk.claim(&desk.second).await);
            let leave = desk.ours.at(&format!("members/{}", desk.second.id));
            let at = |thread: &str, action: &str| format!("/v1/agent/threads/{thread}/{action}");
            let work = join_all(threads.iter().enumerate().map(async |(nth, thread)| match nth % 3 {
                0 => reply(&desk.second.client, thread).await,
                1 => desk.second.client.act(&at(thread, "extend")).await,
                _ => desk.second.client.post(&at(thread, "hand-on"), json!({ "agent_id": desk.first.id })).await,
            }));
            let handed = join_all(threads.iter().map(async |thread| {
                desk.first.client.post(&at(thread, "hand-on"), json!({ "agent_id": desk.second.id })).await
            }));
            let remove = desk.ours.admin.call(Method::DELETE, &leave, Call::empty());
            let (answers, handed, removed) = tokio::join!(work, handed, remove);
            removed.ok();
            for answer in answers.iter().chain(&handed) {
                let expected = [200, 202, 204, 401, 404, 409].contains(&answer.status);
                assert!(expected, "{}: {}", answer.request, answer.text);
            }
            let theirs = desk.world.threads().is("held_by", &desk.second.id);
            assert_eq!(theirs.count().await, 0);
            reply(&desk.second.client, &threads[0]).await.problem(401, "unauthenticated");
            // Every one that waits still is claimed by the rest.
            let waiting = desk.world.threads().has("unread_since").count().await;
            let mut claimed = 0;
            while claimed < waiting {
                let more = ids(&desk.claim(&desk.first).await);
                assert!(!more.is_empty(), "{claimed} of {waiting} are claimed");
                for thread in more {
                    desk.first.client.act(&at(&thread, "done")).await.ok();
                    claimed += 1;
                }
            }
        })
        .await;
}

/// Rules I3 and W9: agents undo while the contact says STOP. Whichever comes first, the contact is
/// out in the end, and nothing more goes to them.
#[tokio::test]
async fn i3_a_stop_beside_an_undo_wins() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let phones = desk.written_to_by(10).await;
            let threads = ids(&desk.claim(&desk.second).await);
            all_are(
                &join_all(
                    threads.iter().map(async |thread| {
                        desk.second.client.act(&format!("/v1/agent/threads/{thread}/opt-out")).await
                    }),
                )
                .await,
                StatusCode::OK,
            );
            let undone =
                join_all(threads.iter().map(async |thread| {
                    desk.second.client.act(&format!("/v1/agent/threads/{thread}/opt-out/undo")).await
                }));
            let stopped = join_all(phones.iter().map(|phone| desk.world.text(phone, &desk.number, "STOP")));
            let (undone, _) = tokio::join!(undone, stopped);
            for answer in undone {
                assert!(answer.is_success() || answer.status == 409, "{}", answer.text);
            }
            desk.world.settled().await;
            assert_eq!(desk.world.contacts().lacks("opted_out_at").count().await, 0);
            desk.world.threads().has("unread_since").until(0).await;
        })
        .await;
}

/// Rules W4 and W2: the contact goes from agent to agent while all of them write.
#[tokio::test]
async fn w4_a_contact_that_goes_from_agent_to_agent_is_written_to_by_theirs_alone() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let phones = desk.written_to_by(1).await;
            let thread = thread_of(&desk.world, &phones[0]).await;
            desk.ours.set(json!({ "replies_per_hour": 100 })).await;
            let both = [&desk.first, &desk.second];
            for round in 0..6 {
                let (to, other) = (both[round % 2], both[(round + 1) % 2]);
                let assign = json!({ "thread_ids": [thread], "agent_id": to.id });
                let path = desk.ours.at("conversations/assign");
                let writes = join_all((0..4).map(|_| reply(&other.client, &thread)));
                let (moved, _) = tokio::join!(desk.ours.admin.post(&path, assign), writes);
                moved.ok();
                // From the answer on the other one is refused, and the contact's own is not.
                reply(&other.client, &thread).await.problem(409, "conflict");
                reply(&to.client, &thread).await.ok();
            }
        })
        .await;
}

/// Rule G7: a pause beside replies. Each reply before it is there, and each after it is refused.
#[tokio::test]
async fn g7_from_a_pause_on_no_reply_is_taken() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let phones = desk.ours.contacts(&desk.group, 4).await;
            let goal = desk.ours.open_goal(&desk.world, &desk.group, json!({})).await;
            crate::rates::send_all(&desk.first.client, &goal).await;
            desk.world.messages().state("delivered").until(4).await;
            for phone in &phones {
                desk.world.text(phone, &desk.number, "Hello").await;
            }
            desk.unread(4).await;
            let threads = ids(&desk.claim(&desk.first).await);
            let replies = join_all(threads.iter().map(|thread| reply(&desk.first.client, thread)));
            let (answers, _) = tokio::join!(replies, desk.ours.goal_act(&goal, "pause"));
            let taken = answers.iter().filter(|answer| answer.is_success()).count();
            assert_eq!(desk.world.messages().kind("reply").count().await, i64::try_from(taken).unwrap());
            for thread in &threads {
                reply(&desk.first.client, thread).await.problem(409, "conflict");
                let hand = format!("/v1/agent/threads/{thread}/hand-on");
                let handed = desk.first.client.post(&hand, json!({ "agent_id": desk.second.id })).await;
                handed.problem(409, "conflict");
            }
            desk.ours.goal_act(&goal, "close").await;
            for thread in &threads {
                reply(&desk.first.client, thread).await.ok();
            }
        })
        .await;
}
