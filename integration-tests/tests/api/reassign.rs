//! Contacts that are given to another agent while a text to them waits (rules S9, W4 and B7).

use chrono::TimeDelta;
use muster_integration_tests::{
    Client, Organization, Person, World, ahead, days, eventually, open_goal, seconds, set, text,
};
use serde_json::{Value, json};

use crate::rates::send_all;

/// A group with two agents, and contacts that are all the first one's.
struct Shift {
    world: World,
    ours: Organization,
    group: String,
    first: Person,
    second: Person,
    phones: Vec<String>,
    ids: Vec<String>,
}

impl Shift {
    async fn begin(world: World, contacts: usize) -> Self {
        let ours = world.organization("Ours").await;
        let group = ours.group("One").await;
        let ((first, _), (second, _)) = (ours.agent(&group).await, ours.agent(&group).await);
        let phones = ours.contacts(&group, contacts).await;
        let mut ids = Vec::new();
        for phone in &phones {
            ids.push(text(&ours.contact(phone).await["id"]));
        }
        let shift = Self { world, ours, group, first, second, phones, ids };
        for id in &shift.ids {
            shift.assign(id, json!(shift.first.id)).await;
        }
        shift
    }

    async fn assign(&self, contact: &str, agent: Value) {
        let path = self.ours.at(&format!("groups/{}/contacts/{contact}", self.group));
        self.ours.admin.patch(&path, json!({ "assigned_agent_id": agent })).await.ok();
    }

    async fn goal(&self, more: Value) -> String {
        let mut content = json!({ "strategy": "assigned" });
        set(&mut content, more);
        self.ours.open_goal(&self.world, &self.group, content).await
    }

    /// Waits until somebody can get a contact's initial from this agent.
    async fn is_with(&self, contact: &str, agent: &Person) {
        let free = format!(
            "target t join batch b on b.id = t.batch_id
             where t.contact_id = '{contact}' and t.initial_message_id is null and b.state = 'released' and b.assigned_agent_id = '{}'",
            agent.id
        );
        self.world.until(&free, 1).await;
        // A claim passes by a batch that a job has locked.
        self.world.settled().await;
    }

    /// Returns the numbers that the carrier has a text for, in order.
    fn texted(&self) -> Vec<String> {
        let mut numbers: Vec<_> = self.world.carrier().accepted().into_iter().map(|message| message.to).collect();
        numbers.sort();
        numbers
    }
}

async fn send(agent: &Client, batch: &Value) -> Value {
    agent.send(batch).await.ok()
}

fn contacts(batch: &Value) -> Vec<String> {
    batch["contacts"].as_array().unwrap().iter().map(|contact| text(&contact["id"])).collect()
}

#[tokio::test]
async fn w4_a_queued_text_is_cancelled_and_the_new_agent_texts_the_contact_once() {
    World::with_engine()
        .run(async |world| {
            let shift = Shift::begin(world, 2).await;
            let goal = shift.goal(json!({})).await;
            let gate = shift.world.close_publish_gate().await;
            send_all(&shift.first.client, &goal).await;
            assert_eq!(shift.world.messages().state("queued").count().await, 2);
            shift.assign(&shift.ids[0], json!(shift.second.id)).await;
            gate.open().await;
            shift.world.messages().state("cancelled").reason("reassigned").until(1).await;
            shift.is_with(&shift.ids[0], &shift.second).await;
            assert_eq!(shift.first.client.claim(&goal, "initial").await, Value::Null);
            let batch = shift.second.client.claim(&goal, "initial").await;
            assert_eq!(contacts(&batch), shift.ids[..1]);
            assert_eq!(send(&shift.second.client, &batch).await["queued"], 1);
            shift.world.messages().state("delivered").until(2).await;
            shift.world.settled().await;
            assert_eq!(shift.texted(), shift.phones);
            assert_eq!(shift.second.client.claim(&goal, "initial").await, Value::Null);
        })
        .await;
}

/// Rule G9a: nobody looks at a closed goal, and its contacts are with their agents once it is open
/// again.
#[tokio::test]
async fn w4_who_gets_another_agent_while_a_goal_is_closed_is_with_them_when_it_is_open_again() {
    World::with_engine()
        .run(async |world| {
            let shift = Shift::begin(world, 3).await;
            let goal = shift.goal(json!({})).await;
            shift.ours.goal_act(&goal, "close").await;
            shift.world.settled().await;
            shift.assign(&shift.ids[0], json!(shift.second.id)).await;
            shift.assign(&shift.ids[1], json!(null)).await;
            let name = shift.world.goals().id(&goal).the::<String>("name").await;
            let again = open_goal(&shift.world, json!({ "strategy": "assigned", "name": name })).await;
            shift.ours.admin.put(&shift.ours.at(&format!("goals/{goal}")), again).await.ok();
            shift.is_with(&shift.ids[0], &shift.second).await;
            assert_eq!(contacts(&shift.second.client.claim(&goal, "initial").await), shift.ids[..1]);
            assert_eq!(contacts(&shift.first.client.claim(&goal, "initial").await), shift.ids[2..]);
        })
        .await;
}

/// An assignment that began while the goal was closed and ended when it was open has moved nobody:
/// the next agent that meets the contact has them moved.
#[tokio::test]
async fn w4_a_contact_that_no_assignment_moved_is_moved_once_a_batch_with_them_is_in_hand() {
    World::with_engine()
        .run(async |world| {
            let shift = Shift::begin(world, 2).await;
            let goal = shift.goal(json!({})).await;
            shift
                .world
                .execute(&[&format!(
                    "update membership set assigned_agent_id = '{}' where contact_id = '{}'",
                    shift.second.id, shift.ids[0]
                )])
                .await;
            send_all(&shift.first.client, &goal).await;
            shift.is_with(&shift.ids[0], &shift.second).await;
            send_all(&shift.second.client, &goal).await;
            shift.world.messages().state("delivered").until(2).await;
            assert_eq!(shift.texted(), shift.phones);
        })
        .await;
}

/// A text that waits for tomorrow is not looked at by any hand-over meanwhile.
#[tokio::test]
async fn w4_a_held_text_does_not_keep_the_contact_from_the_new_agent_nor_from_nobody() {
    World::with_engine()
        .run(async |world| {
            let shift = Shift::begin(world, 1).await;
            let caps = shift.ours.at("caps");
            shift.ours.admin.put(&caps, json!({ "daily_segments": 0 })).await.ok();
            let goal = shift.goal(json!({ "release_plan": { "pace": "all_at_open", "paced_to_caps": false } })).await;
            // The goal's end must not cancel texts that are held to the next day.
            shift.world.goals().set("closes_at", ahead(days(3))).await;
            let held = shift.world.messages().state("held").reason("cap");
            let cancelled = shift.world.messages().state("cancelled").reason("reassigned");
            send_all(&shift.first.client, &goal).await;
            held.until(1).await;

            shift.assign(&shift.ids[0], json!(shift.second.id)).await;
            cancelled.until(1).await;
            shift.is_with(&shift.ids[0], &shift.second).await;
            send_all(&shift.second.client, &goal).await;
            held.until(1).await;

            // Nobody's contact is in no batch, and is reported (rule W1) until somebody has them.
            shift.assign(&shift.ids[0], Value::Null).await;
            cancelled.until(2).await;
            shift.world.targets().lacks("initial_message_id").lacks("batch_id").until(1).await;
            let stats = shift.ours.admin.get(&shift.ours.at(&format!("goals/{goal}/stats"))).await.ok();
            assert_eq!(
                (&stats["targeted"], &stats["batched"], &stats["messaged"]),
                (&json!(1), &json!(0), &json!(0)),
                "{stats}"
            );
            shift.assign(&shift.ids[0], json!(shift.first.id)).await;
            shift.is_with(&shift.ids[0], &shift.first).await;

            shift.ours.admin.put(&caps, json!({ "daily_segments": null })).await.ok();
            send_all(&shift.first.client, &goal).await;
            shift.world.messages().state("delivered").until(1).await;
            shift.world.settled().await;
            assert_eq!(shift.texted(), shift.phones);
        })
        .await;
}

#[tokio::test]
async fn b7_whom_the_carrier_has_a_text_for_is_not_given_to_another_agent() {
    World::with_engine()
        .run(async |world| {
            let shift = Shift::begin(world, 1).await;
            let goal = shift.goal(json!({})).await;
            let gate = shift.world.close_message_gate("new.state = 'sent'").await;
            send_all(&shift.first.client, &goal).await;
            eventually(seconds(30), async || match shift.texted().len() {
                0 => Err("the carrier has nothing".to_owned()),
                _ => Ok(()),
            })
            .await;
            shift.assign(&shift.ids[0], json!(shift.second.id)).await;
            gate.open().await;
            shift.world.messages().state("delivered").until(1).await;
            shift.world.settled().await;
            assert_eq!(shift.second.client.claim(&goal, "initial").await, Value::Null);
            assert_eq!(shift.first.client.claim(&goal, "initial").await, Value::Null);
            assert_eq!(shift.texted(), shift.phones);
        })
        .await;
}

/// Rule S9: the hand-over has decided, and the contact is given away before it commits or the
/// carrier is called.
#[tokio::test]
async fn b7_a_contact_who_is_given_away_during_a_hand_over_is_texted_once() {
    World::with_engine()
        .run(async |world| {
            let shift = Shift::begin(world, 4).await;
            let goal = shift.goal(json!({})).await;
            let gate = shift.world.close_message_gate("new.state = 'sending'").await;
            send_all(&shift.first.client, &goal).await;
            let waits = "pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query \
         like 'update message%'";
            eventually(seconds(30), async || match shift.world.count(waits).await {
                0 => Err("no hand-over waits".to_owned()),
                _ => Ok(()),
            })
            .await;
            // These wait for the hand-over, which has the contacts.
            let assigned = async {
                for id in &shift.ids {
                    shift.assign(id, json!(shift.second.id)).await;
                }
            };
            let opened = async {
                shift
                    .world
                    .until(&waits.replace("update message", "select contact_id, assigned_agent_id from membership"), 1)
                    .await;
                gate.open().await;
            };
            tokio::join!(assigned, opened);
            shift.world.settled().await;
            // Contacts without a call to the carrier are the second agent's.
            eventually(seconds(30), async || {
                send_all(&shift.second.client, &goal).await;
                match shift.world.messages().state("delivered").count().await {
                    4 => Ok(()),
                    delivered => Err(format!("{delivered} of 4 are delivered; jobs {}", shift.world.census().await)),
                }
            })
            .await;
            shift.world.settled().await;
            assert_eq!(shift.texted(), shift.phones);
        })
        .await;
}

#[tokio::test]
async fn w4_a_queued_reminder_is_cancelled_and_the_new_agent_reminds_once() {
    World::with_engine()
        .run(async |world| {
            let shift = Shift::begin(world, 2).await;
            let now = shift.world.now().await;
            let at = |minutes| (now + TimeDelta::minutes(minutes)).to_rfc3339();
            let reminder =
                json!({ "script": "See you, {{first_name}}! Reply STOP", "opens": at(-1), "closes": at(60) });
            let goal = shift.goal(json!({ "reminder": reminder, "opens": at(-1), "closes": at(120) })).await;
            send_all(&shift.first.client, &goal).await;
            shift.world.messages().state("delivered").until(2).await;
            let yes = "update target set replied_at = now(), answer = 'yes', answered_at = now()";
            shift.world.execute(&[yes]).await;
            let of = |agent: &Person| {
                format!("batch where kind = 'reminder' and state = 'released' and assigned_agent_id = '{}'", agent.id)
            };
            // One is the second agent's now; each reminds their own.
            shift.assign(&shift.ids[1], json!(shift.second.id)).await;
            shift.world.until(&of(&shift.second), 1).await;
            shift.world.until(&of(&shift.first), 1).await;
            // A claim passes by a batch that a job has locked.
            shift.world.settled().await;
            let batch = shift.second.client.claim(&goal, "reminder").await;
            assert_eq!(contacts(&batch), shift.ids[1..]);
            let gate = shift.world.close_publish_gate().await;
            assert_eq!(send(&shift.second.client, &batch).await["queued"], 1);
            shift.assign(&shift.ids[1], json!(shift.first.id)).await;
            gate.open().await;
            shift.world.messages().kind("reminder").state("cancelled").reason("reassigned").until(1).await;
            // They join the first agent's batch, which is released still (rule W6).
            let joined = format!(
                "target t join ({}) b on b.id = t.reminder_batch_id",
                of(&shift.first).replacen("batch", "select id from batch", 1)
            );
            shift.world.until(&joined, 2).await;
            shift.world.settled().await;
            assert_eq!(shift.second.client.claim(&goal, "reminder").await, Value::Null);
            let batch = shift.first.client.claim(&goal, "reminder").await;
            assert_eq!(send(&shift.first.client, &batch).await["queued"], 2);
            shift.world.messages().kind("reminder").state("delivered").until(2).await;
            let twice: Vec<_> = shift.phones.iter().flat_map(|phone| [phone.clone(), phone.clone()]).collect();
            assert_eq!(shift.texted(), twice, "an initial and a reminder each");
        })
        .await;
}

/// A contact that was not texted and is taken out of a reminder batch gets into one of the new
/// agent's.
#[tokio::test]
async fn w4_who_waits_for_a_reminder_moves_to_the_new_agents_batch() {
    World::with_engine()
        .run(async |world| {
            let shift = Shift::begin(world, 1).await;
            let now = shift.world.now().await;
            let at = |minutes| (now + TimeDelta::minutes(minutes)).to_rfc3339();
            let reminder =
                json!({ "script": "See you, {{first_name}}! Reply STOP", "opens": at(-1), "closes": at(60) });
            let goal = shift.goal(json!({ "reminder": reminder, "opens": at(-1), "closes": at(120) })).await;
            send_all(&shift.first.client, &goal).await;
            shift.world.messages().state("delivered").until(1).await;
            shift.world.execute(&["update target set replied_at = now(), answer = 'yes', answered_at = now()"]).await;
            for agent in [&shift.second, &shift.first, &shift.second] {
                shift.assign(&shift.ids[0], json!(agent.id)).await;
                let with = format!(
                    "target t join batch b on b.id = t.reminder_batch_id where b.assigned_agent_id = '{}'",
                    agent.id
                );
                shift.world.until(&with, 1).await;
            }
            shift.world.settled().await;
            assert_eq!(shift.first.client.claim(&goal, "reminder").await, Value::Null);
            let batch = shift.second.client.claim(&goal, "reminder").await;
            assert_eq!(contacts(&batch), shift.ids);
        })
        .await;
}
