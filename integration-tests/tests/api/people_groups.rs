//! Contacts that join and leave groups, and an agent's work with them (rules A5, C16, I6, S9, T3,
//! W4).

use chrono::TimeDelta;
use muster_domain::ids::{GoalId, OrganizationId};
use muster_integration_tests::{Call, Organization, Person, World, text};
use muster_jobs::kinds::ReminderOpen;
use muster_storage::engine::enqueue::{Origin, enqueue};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    group_knowledge::{Two, reach, seen},
    people_save::save,
    rates::send_all,
};

async fn leave(ours: &Organization, group: &str, contact: &str) -> u16 {
    let path = ours.at(&format!("groups/{group}/contacts/{contact}"));
    ours.admin.call(Method::DELETE, &path, Call::empty()).await.status
}

async fn join(by: &Organization, group: &str, contact: &str) -> u16 {
    let path = by.at(&format!("groups/{group}/contacts/{contact}"));
    by.admin.call(Method::PUT, &path, Call::empty()).await.status
}

/// A group with an agent and three contacts.
struct Shift {
    world: World,
    ours: Organization,
    group: String,
    agent: Person,
    number: String,
    ids: Vec<String>,
}

impl Shift {
    async fn begin(world: World) -> Self {
        let ours = world.organization("Ours").await;
        let group = ours.group("One").await;
        let (agent, number) = ours.agent(&group).await;
        let mut ids = Vec::new();
        for phone in ours.contacts(&group, 3).await {
            ids.push(text(&ours.contact(&phone).await["id"]));
        }
        Self { world, ours, group, agent, number, ids }
    }

    fn texted(&self) -> Vec<String> {
        let mut numbers: Vec<_> = self.world.carrier().accepted().into_iter().map(|message| message.to).collect();
        numbers.sort();
        numbers
    }

    async fn why(&self, goal: &str, contact: &str) -> Vec<String> {
        let path = self.ours.at(&format!("contacts/{contact}/why?goal_id={goal}"));
        let why = self.ours.admin.get(&path).await.ok();
        why["reasons"].as_array().unwrap().iter().map(|reason| text(&reason["what"])).collect()
    }
}

#[tokio::test]
async fn w4_a_contact_that_leaves_a_group_leaves_the_batch_in_hand_and_no_batch_waits_for_them() {
    World::with_engine()
        .run(async |world| {
            let shift = Shift::begin(world).await;
            let goal = shift.ours.open_goal(&shift.world, &shift.group, json!({})).await;
            let batch = shift.agent.client.claim(&goal, "initial").await;
            assert_eq!(batch["contacts"].as_array().unwrap().len(), 3);
            assert_eq!(leave(&shift.ours, &shift.group, &shift.ids[0]).await, 204);
            assert_eq!(leave(&shift.ours, &shift.group, &shift.ids[0]).await, 404, "only once");
            let sent = shift.agent.client.send(&batch).await.ok();
            assert_eq!((&sent["queued"], &sent["batch_finished"]), (&json!(2), &json!(true)), "{sent}");
            shift.world.messages().state("delivered").until(2).await;
            assert_eq!(shift.texted(), ["+16465550001", "+16465550002"]);
            assert!(shift.why(&goal, &shift.ids[0]).await.ends_with(&["skipped".into(), "removed_from_group".into()]));

            // Back in the group they are a target of later goals alone (rule T3).
            assert_eq!(join(&shift.ours, &shift.group, &shift.ids[0]).await, 204);
            assert_eq!(shift.agent.client.claim(&goal, "initial").await, Value::Null);
            let later = shift.ours.open_goal(&shift.world, &shift.group, json!({})).await;
            let batch = shift.agent.client.claim(&later, "initial").await;
            assert_eq!(batch["contacts"].as_array().unwrap().len(), 3);
        })
        .await;
}

/// A batch that all have left is in nobody's way.
#[tokio::test]
async fn w4_a_released_batch_that_all_have_left_is_finished() {
    World::with_engine()
        .run(async |world| {
            let shift = Shift::begin(world).await;
            let goal = shift.ours.open_goal(&shift.world, &shift.group, json!({})).await;
            for id in &shift.ids {
                assert_eq!(leave(&shift.ours, &shift.group, id).await, 204);
            }
            shift.world.batches().goal(&goal).state("finished").until(1).await;
            assert_eq!(shift.agent.client.claim(&goal, "initial").await, Value::Null);
            let group = shift.ours.admin.get(&shift.ours.at(&format!("groups/{}", shift.group))).await.ok();
            assert_eq!(group["contacts"], 0);
            let stats = shift.ours.admin.get(&shift.ours.at(&format!("goals/{goal}/stats"))).await.ok();
            assert_eq!(stats["targeted"], 3, "history stays: {stats}");
        })
        .await;
}

/// Rule S9: a text that waits is not handed over, and the answer to the request is the end of it.
#[tokio::test]
async fn s9_a_queued_text_to_a_contact_that_left_the_group_is_cancelled() {
    World::with_engine()
        .run(async |world| {
            let shift = Shift::begin(world).await;
            let goal = shift.ours.open_goal(&shift.world, &shift.group, json!({})).await;
            let gate = shift.world.close_publish_gate().await;
            send_all(&shift.agent.client, &goal).await;
            assert_eq!(leave(&shift.ours, &shift.group, &shift.ids[1]).await, 204);
            gate.open().await;
            shift.world.messages().state("cancelled").reason("not_in_group").until(1).await;
            shift.world.messages().state("delivered").until(2).await;
            shift.world.settled().await;
            assert_eq!(shift.texted(), ["+16465550000", "+16465550002"]);
        })
        .await;
}

/// A worker that has marked a text for the carrier hears of it as well.
#[tokio::test]
async fn s9_workers_are_told_of_a_contact_that_leaves_where_texts_may_be_on_their_way() {
    World::with_engine()
        .run(async |world| {
            let shift = Shift::begin(world).await;
            let goal = shift.ours.open_goal(&shift.world, &shift.group, json!({})).await;
            let gate = shift.world.close_message_gate("new.state = 'sending'").await;
            send_all(&shift.agent.client, &goal).await;
            shift.world.until_locked("update message").await;
            let (left, ()) = tokio::join!(leave(&shift.ours, &shift.group, &shift.ids[0]), async {
                // It waits for the hand-over, which has the contact.
                shift.world.until_locked("from contact").await;
                gate.open().await;
            });
            assert_eq!(left, 204);
            shift.world.settled().await;
            let cancelled = shift.world.messages().is("contact_id", &shift.ids[0]).state("cancelled").count().await;
            let texted = shift.texted().iter().filter(|to| *to == "+16465550000").count();
            assert_eq!(texted + usize::try_from(cancelled).unwrap(), 1, "texted before the answer, or not at all");
        })
        .await;
}

/// A conversation in hand is the agent's no more; the person's next text brings them back, unnamed
/// (rule I6).
#[tokio::test]
async fn w4_a_conversation_of_a_contact_that_left_is_in_no_agents_hands() {
    World::with_engine()
        .run(async |world| {
            let shift = Shift::begin(world).await;
            let goal = shift.ours.open_goal(&shift.world, &shift.group, json!({})).await;
            send_all(&shift.agent.client, &goal).await;
            shift.world.messages().state("delivered").until(3).await;
            shift.world.text("+16465550000", &shift.number, "Which rally?").await;
            shift.world.threads().has("unread_since").until(1).await;
            shift.world.settled().await;
            let claim = format!("/v1/agent/groups/{}/replies/claim", shift.group);
            let claimed = shift.agent.client.act(&claim).await.ok();
            let thread = text(&claimed[0]["thread"]["id"]);
            assert_eq!(leave(&shift.ours, &shift.group, &shift.ids[0]).await, 204);
            let reply =
                shift.agent.client.post(&format!("/v1/agent/threads/{thread}/reply"), json!({ "text": "Hi" })).await;
            assert!(reply.status >= 400, "{}", reply.text);
            assert_eq!(shift.agent.client.act(&claim).await.ok(), json!([]));
            shift.world.text("+16465550000", &shift.number, "Hello?").await;
            shift.world.threads().has("unread_since").until(1).await;
            shift.world.settled().await;
            let back = shift.ours.admin.get(&shift.ours.at(&format!("contacts/{}", shift.ids[0]))).await.ok();
            assert_eq!(back["groups"], json!([shift.group]), "{back}");
            assert_eq!(shift.agent.client.act(&claim).await.ok().as_array().unwrap().len(), 1);
        })
        .await;
}

/// Rule W6: a contact that has left is not reminded, and the batch goes on without them.
#[tokio::test]
async fn w6_a_contact_that_left_the_group_is_not_reminded() {
    World::with_engine()
        .run(async |world| {
            let shift = Shift::begin(world).await;
            let now = shift.world.now().await;
            let at = |minutes| (now + TimeDelta::minutes(minutes)).to_rfc3339();
            let reminder =
                json!({ "script": "See you, {{first_name}}! Reply STOP", "opens": at(-1), "closes": at(60) });
            let goal = json!({ "reminder": reminder, "opens": at(-1), "closes": at(120) });
            let goal = shift.ours.open_goal(&shift.world, &shift.group, goal).await;
            send_all(&shift.agent.client, &goal).await;
            shift.world.messages().state("delivered").until(3).await;
            shift.world.execute(&["update target set replied_at = now(), answer = 'yes', answered_at = now()"]).await;
            let mut tx = shift.world.pool().begin().await.unwrap();
            let organization_id = Some(OrganizationId(shift.ours.id.parse().unwrap()));
            let origin = Origin { organization_id, traceparent: None };
            enqueue(&mut tx, &ReminderOpen { goal_id: GoalId(goal.parse().unwrap()) }, &origin).await.unwrap();
            tx.commit().await.unwrap();
            shift.world.batches().is("kind", "reminder").state("released").until(1).await;
            // A claim passes by a batch that a job has locked.
            shift.world.settled().await;
            assert_eq!(leave(&shift.ours, &shift.group, &shift.ids[0]).await, 204);
            let batch = shift.agent.client.claim(&goal, "reminder").await;
            assert_eq!(batch["contacts"].as_array().unwrap().len(), 2);
            let sent = shift.agent.client.send(&batch).await.ok();
            assert_eq!(sent["batch_finished"], true, "{sent}");
        })
        .await;
}

/// Rule A5: a group learns all by an admin of the organization, and by a group admin as much
/// as the admin's other groups.
#[tokio::test]
async fn a5_a_group_learns_what_the_admin_who_adds_a_contact_knows() {
    Two::run(async |two| {
        let Two { ours, group, their_group, .. } = &two;
        two.import("first,last,phone,tags\nMymy,,6465550001,mine\n").await;
        let id = text(&two.seen("+16465550001").await["id"]);
        let (third, fourth) = (ours.group("Third").await, ours.group("Fourth").await);
        let both = reach(ours, &[group, &third]).await;
        assert_eq!(join(&both, &third, &id).await, 204);
        assert_eq!(join(&both, &third, &id).await, 204, "again it is no fault");
        let third_admin = reach(ours, &[&third]).await;
        let contact = seen(&third_admin, &third, "+16465550001").await;
        assert_eq!((&contact["first_name"], &contact["last_name"]), (&json!("Mymy"), &json!("")));
        assert_eq!((&contact["tags"], &contact["email"]), (&json!(["mine"]), &json!(null)));
        // Neither group's admin reaches a contact or a group of others.
        assert_eq!(join(&third_admin, &fourth, &id).await, 404);
        let theirs = text(&save(ours, their_group, "+16465550077", json!({})).await.ok()["id"]);
        assert_eq!(join(&third_admin, &third, &theirs).await, 404);
        assert_eq!(leave(&third_admin, their_group, &id).await, 404);
        assert_eq!(join(ours, &fourth, &id).await, 204);
        let contact = seen(&reach(ours, &[&fourth]).await, &fourth, "+16465550001").await;
        assert_eq!((&contact["first_name"], &contact["last_name"]), (&json!("Mymy"), &json!("Secretlast")));
    })
    .await;
}
