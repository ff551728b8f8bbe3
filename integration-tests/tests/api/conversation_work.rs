//! Work on a conversation, within a claim and outside of any (rules W2, W3, W4, W8, W9 and S5).

use chrono::{DateTime, TimeDelta, Utc};
use muster_integration_tests::{Answer, Call, Person, World, eventually, holds, minutes, now, seconds, text};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    conversations::{listed, thread_of},
    held_threads::{Desk, ids, reply, until},
    rates::send_all,
};

async fn act(agent: &Person, thread: &str, action: &str) -> Answer {
    agent.client.act(&format!("/v1/agent/threads/{thread}/{action}")).await
}

async fn hand_on(from: &Person, thread: &str, to: &str) -> Answer {
    from.client.post(&format!("/v1/agent/threads/{thread}/hand-on"), json!({ "agent_id": to })).await
}

#[tokio::test]
async fn w9_outside_a_claim_an_agent_writes_in_their_own_conversation_alone() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let phones = desk.written_to_by(1).await;
            let thread = thread_of(&desk.world, &phones[0]).await;
            // It came to the first agent's number.
            reply(&desk.second.client, &thread).await.problem(409, "conflict");
            reply(&desk.first.client, &thread).await.ok();
            desk.world.messages().kind("reply").state("delivered").until(1).await;
            desk.world.threads().lacks("unread_since").lacks("held_by").until(1).await;

            // Their contact goes to the second agent, and the conversation with it.
            desk.assign(&phones[0], json!(desk.second.id)).await;
            reply(&desk.first.client, &thread).await.problem(409, "conflict");
            reply(&desk.second.client, &thread).await.ok();
            // Nobody's contact has nobody's conversation, until an agent claims it.
            desk.assign(&phones[0], Value::Null).await;
            for agent in [&desk.first, &desk.second] {
                reply(&agent.client, &thread).await.problem(409, "conflict");
                assert!(listed(&agent.client, "").await.is_empty());
            }
        })
        .await;
}

#[tokio::test]
async fn w2_while_another_agent_holds_a_conversation_its_own_agent_is_refused_with_holder_and_end() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let phones = desk.written_to_by(1).await;
            let thread = thread_of(&desk.world, &phones[0]).await;
            let claimed = desk.claim(&desk.second).await;
            let profile = format!("/v1/agent/threads/{thread}/contact");
            let refused = [
                reply(&desk.first.client, &thread).await,
                act(&desk.first, &thread, "done").await,
                act(&desk.first, &thread, "release").await,
                act(&desk.first, &thread, "extend").await,
                act(&desk.first, &thread, "opt-out").await,
                hand_on(&desk.first, &thread, &desk.second.id).await,
                desk.first.client.patch(&profile, json!({ "first_name": "Ada" })).await,
            ];
            for answer in refused {
                let held = answer.problem(409, "thread-held");
                assert_eq!(held["held_by"], desk.second.id.as_str(), "{}", answer.request);
                let end: DateTime<Utc> = held["held_until"].as_str().unwrap().parse().unwrap();
                assert_eq!(end, until(&claimed[0]));
            }
            // They read it all the same, and write when the claim is over.
            assert_eq!(listed(&desk.first.client, "").await, [thread.clone()]);
            desk.world.threads().set("held_until", now()).await;
            reply(&desk.first.client, &thread).await.ok();
        })
        .await;
}

#[tokio::test]
async fn w9_done_clears_and_lets_go_and_release_lets_go_alone() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            desk.written_to_by(2).await;
            let threads = ids(&desk.claim(&desk.second).await);
            act(&desk.second, &threads[0], "done").await.ok();
            act(&desk.second, &threads[1], "release").await.ok();
            desk.world.threads().id(&threads[0]).lacks("unread_since").lacks("held_by").until(1).await;
            desk.world.threads().id(&threads[1]).has("unread_since").lacks("held_by").until(1).await;
            assert_eq!(desk.world.messages().kind("reply").count().await, 0);
            // Neither is the second agent's any more; the other one waits for any.
            for act_again in ["done", "release", "extend"] {
                act(&desk.second, &threads[0], act_again).await.problem(409, "conflict");
            }
            assert_eq!(ids(&desk.claim(&desk.first).await), threads[1..]);
        })
        .await;
}

#[tokio::test]
async fn w3_an_extended_claim_ends_two_windows_after_its_beginning_however_often_it_is_asked() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            desk.ours.set(json!({ "response_window_minutes": 60 })).await;
            desk.written_to_by(1).await;
            let claimed = desk.claim(&desk.second).await;
            let thread = ids(&claimed).remove(0);
            let asked = async || -> DateTime<Utc> {
                let answer = act(&desk.second, &thread, "extend").await.ok();
                answer["held_until"].as_str().unwrap().parse().unwrap()
            };
            let end: DateTime<Utc> = until(&claimed[0]);
            assert!(asked().await - end < TimeDelta::minutes(1), "a window from now on, and no more");
            // Fifty minutes later it lasts a window from then on; again fifty minutes later it is
            // over two windows after its beginning.
            let held = desk.world.threads().id(&thread);
            for column in ["held_since", "held_until"] {
                held.backdate(column, minutes(50)).await;
            }
            let since: DateTime<Utc> = held.the("held_since").await;
            let longer = asked().await;
            assert!(longer - since > TimeDelta::minutes(109) && longer - since <= TimeDelta::minutes(120));
            for column in ["held_since", "held_until"] {
                held.backdate(column, minutes(50)).await;
            }
            let since: DateTime<Utc> = held.the("held_since").await;
            for _ in 0..3 {
                assert_eq!(asked().await, since + TimeDelta::minutes(120));
            }
            held.set("held_until", now()).await;
            act(&desk.second, &thread, "extend").await.problem(409, "conflict");
            // A claim passes over a thread that another transaction has locked.
            eventually(seconds(20), async || holds(desk.claim(&desk.first).await.len() == 1, "no claim")).await;
        })
        .await;
}

#[tokio::test]
async fn w9_a_conversation_is_handed_to_another_agent_who_texts_in_the_group() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let (elsewhere, _) = desk.ours.agent(&desk.ours.group("Two").await).await;
            let (admin, _) = desk.ours.member_of("group_admin", &[&desk.group]).await;
            let phones = desk.written_to_by(1).await;
            let thread = thread_of(&desk.world, &phones[0]).await;
            for nobody in [&elsewhere.id, &admin.id] {
                hand_on(&desk.first, &thread, nobody).await.problem(404, "not-found");
            }
            hand_on(&desk.first, &thread, &desk.first.id).await.problem(409, "conflict");
            let others = desk.first.client.get(&format!("/v1/agent/groups/{}/agents", desk.group)).await.ok();
            assert_eq!(others.as_array().unwrap().len(), 1);
            assert_eq!(others[0]["id"], desk.second.id.as_str());

            hand_on(&desk.first, &thread, &desk.second.id).await.ok();
            reply(&desk.first.client, &thread).await.problem(409, "thread-held");
            assert_eq!(ids(&desk.claim(&desk.second).await), [thread.clone()]);
            assert_eq!(listed(&desk.second.client, "&state=held").await, [thread.clone()]);
            reply(&desk.second.client, &thread).await.ok();
            // Within a claim as well, for a whole window.
            hand_on(&desk.second, &thread, &desk.first.id).await.ok();
            reply(&desk.first.client, &thread).await.ok();

            let suspend = desk.ours.at(&format!("members/{}/suspend", desk.second.id));
            desk.ours.admin.act(&suspend).await.ok();
            hand_on(&desk.first, &thread, &desk.second.id).await.problem(404, "not-found");
        })
        .await;
}

#[tokio::test]
async fn w3_an_agent_with_ten_in_hand_is_handed_no_other() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            desk.written_to_by(12).await;
            assert_eq!(desk.claim(&desk.second).await.len(), 10);
            let rest = ids(&desk.claim(&desk.first).await);
            hand_on(&desk.first, &rest[0], &desk.second.id).await.problem(409, "conflict");
            // One that waits for no answer is in nobody's way.
            reply(&desk.first.client, &rest[1]).await.ok();
            hand_on(&desk.first, &rest[1], &desk.second.id).await.ok();
        })
        .await;
}

/// A goal that texts during a claim has the conversation from its end on, also from an early one.
#[tokio::test]
async fn w3_a_claim_that_ends_early_lets_the_goal_in_that_texted_meanwhile() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let phones = desk.ours.contacts(&desk.group, 1).await;
            let rally = desk.ours.open_goal(&desk.world, &desk.group, json!({})).await;
            send_all(&desk.first.client, &rally).await;
            desk.world.messages().state("delivered").until(1).await;
            desk.world.text(&phones[0], &desk.number, "Tell me more").await;
            desk.unread(1).await;
            let threads = ids(&desk.claim(&desk.first).await);
            let survey = desk.ours.open_goal(&desk.world, &desk.group, json!({ "name": "Survey" })).await;
            send_all(&desk.second.client, &survey).await;
            desk.world.messages().state("delivered").until(2).await;
            act(&desk.first, &threads[0], "release").await.ok();
            desk.world.threads().goal(&survey).is("agent_id", &desk.second.id).lacks("next_goal_id").until(1).await;
            reply(&desk.first.client, &threads[0]).await.problem(409, "conflict");
            reply(&desk.second.client, &threads[0]).await.ok();
        })
        .await;
}

/// A text to a person that has never written is no answer, and keeps the hours.
#[tokio::test]
async fn s5_outside_hours_a_text_waits_where_the_contact_has_never_written() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let phones = desk.ours.contacts(&desk.group, 2).await;
            let goal = desk.ours.open_goal(&desk.world, &desk.group, json!({})).await;
            send_all(&desk.first.client, &goal).await;
            desk.world.messages().state("delivered").until(2).await;
            desk.world.text(&phones[0], &desk.number, "Hello").await;
            desk.unread(1).await;
            // Two hours from now by the group's clock are the hours.
            let clock: i64 =
                desk.world.row("select to_jsonb(extract(hour from now() at time zone 'America/New_York')::int)").await;
            let opens = (clock + 2) % 24 * 60;
            let hours = json!({ "opens_minute": opens, "closes_minute": opens + 60 });
            desk.ours.set(json!({ "sending_hours": hours })).await;
            for phone in &phones {
                reply(&desk.first.client, &thread_of(&desk.world, phone).await).await.ok();
            }
            desk.world.messages().kind("reply").state("delivered").until(1).await;
            desk.world.messages().kind("reply").state("held").reason("hours").until(1).await;
        })
        .await;
}

#[tokio::test]
async fn w9_an_agent_edits_the_profile_within_bounds_and_the_groups_knowledge() {
    crate::group_knowledge::Two::run(async |two| {
        two.import("first,last,phone\nEmmy,,6465550001\n").await;
        let (agent, number) = two.ours.agent(&two.group).await;
        two.world.text("+16465550001", &number, "I moved").await;
        two.world.threads().has("unread_since").until(1).await;
        let thread = thread_of(&two.world, "+16465550001").await;
        let path = format!("/v1/agent/threads/{thread}/contact");
        let edit = json!({ "last_name": "Noether", "email": "emmy@example.org", "fields": { "ward": "7" } });
        agent.client.patch(&path, edit).await.ok();
        let read = agent.client.get(&format!("/v1/agent/threads/{thread}")).await.ok();
        crate::group_knowledge::tells_nothing("the conversation", &read);
        assert_eq!(read["contact"]["last_name"], "Noether");
        assert_eq!(read["contact"]["fields"], json!({ "ward": "7" }));
        // The other group keeps its knowledge.
        let theirs = crate::group_knowledge::seen(&two.theirs, &two.their_group, "+16465550001").await;
        assert_eq!((&theirs["last_name"], &theirs["fields"]["ward"]), (&json!("Secretlast"), &json!("secret-ward")));

        agent.client.patch(&path, json!({ "email": null })).await.ok();
        let read = agent.client.get(&format!("/v1/agent/threads/{thread}")).await.ok();
        assert_eq!(read["contact"]["email"], Value::Null);
        for wrong in
            [json!({ "notes": "x" }), json!({ "phone": "+16465550009" }), json!({ "fields": { "no such": "1" } })]
        {
            agent.client.patch(&path, wrong).await.problem(422, "invalid-body");
        }
        two.world.execute(&["update custom_field set locked = true"]).await;
        agent.client.patch(&path, json!({ "fields": { "ward": "8" } })).await.problem(422, "invalid-body");
    })
    .await;
}

#[tokio::test]
async fn w8_an_agent_sets_tags_that_no_admin_has_locked() {
    World::with_engine()
        .run(async |world| {
            let desk = Desk::open(world).await;
            let file = "first,last,phone,tags\nAda,,6465550000,walker\nBob,,6465550001,\"runner,staff\"\n";
            desk.ours.import(&format!("file_name=c.csv&group_id={}", desk.group), file).await;
            desk.world.execute(&["update tag set locked = true where name = 'staff'"]).await;
            let phones = desk.written_to_by(1).await;
            let thread = thread_of(&desk.world, &phones[0]).await;
            let listed = desk.first.client.get("/v1/agent/tags").await.ok();
            let names: Vec<_> = listed.as_array().unwrap().iter().map(|tag| text(&tag["name"])).collect();
            assert_eq!(names, ["runner", "walker"]);
            let tag = |name: &str| {
                let one = listed.as_array().unwrap().iter().find(|tag| tag["name"] == name).unwrap();
                format!("/v1/agent/threads/{thread}/tags/{}", text(&one["id"]))
            };
            let tags = async || {
                let read = desk.first.client.get(&format!("/v1/agent/threads/{thread}")).await.ok();
                read["contact"]["tags"].clone()
            };
            let put = async |path: &str| desk.first.client.call(Method::PUT, path, Call::empty()).await;
            for _ in 0..2 {
                put(&tag("runner")).await.ok();
            }
            assert_eq!(tags().await, json!(["runner", "walker"]));
            desk.first.client.call(Method::DELETE, &tag("walker"), Call::empty()).await.ok();
            assert_eq!(tags().await, json!(["runner"]));
            let staff: String = desk.world.row("select to_jsonb(id) from tag where name = 'staff'").await;
            put(&format!("/v1/agent/threads/{thread}/tags/{staff}")).await.problem(404, "not-found");
            put(&tag("runner")).await.ok();
            // Not theirs to tag.
            let others = desk.second.client.call(Method::PUT, &tag("runner"), Call::empty()).await;
            others.problem(409, "conflict");
        })
        .await;
}
