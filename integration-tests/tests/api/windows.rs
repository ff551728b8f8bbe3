//! A goal's times that are moved while texts of it wait, and the effects of closing and opening
//! again (rules G3 to G9a, S9 and T1).

use chrono::{DateTime, TimeDelta, Utc};
use muster_integration_tests::{Client, Organization, Rows, World, ahead, days, goal_at, open_goal, set, text};
use serde_json::{Value, json};

use crate::rates::send_all;

/// A group with an agent, contacts, and an open goal in batches of one.
struct Field {
    world: World,
    ours: Organization,
    group: String,
    agent: Client,
    phones: Vec<String>,
    goal: String,
    content: Value,
}

impl Field {
    async fn begin(world: World, contacts: usize, more: Value) -> Self {
        let ours = world.organization("Ours").await;
        ours.set(json!({ "batch_size": 1 })).await;
        let group = ours.group("One").await;
        let (agent, _) = ours.agent(&group).await;
        let phones = ours.contacts(&group, contacts).await;
        if more["strategy"] == "assigned" {
            let path = ours.at(&format!("groups/{group}/contacts"));
            for phone in &phones {
                let contact = text(&ours.contact(phone).await["id"]);
                ours.admin.patch(&format!("{path}/{contact}"), json!({ "assigned_agent_id": agent.id })).await.ok();
            }
        }
        let goal = ours.open_goal(&world, &group, more.clone()).await;
        let content = open_goal(&world, more).await;
        Self { world, ours, group, agent: agent.client, phones, goal, content }
    }

    /// Edits the goal.
    async fn edit(&self, more: Value) -> Value {
        let mut content = self.content.clone();
        set(&mut content, more);
        self.ours.admin.put(&self.ours.at(&format!("goals/{}", self.goal)), content).await.ok()
    }

    async fn in_minutes(&self, minutes: i64) -> DateTime<Utc> {
        self.world.now().await + TimeDelta::minutes(minutes)
    }

    async fn claim(&self) -> Value {
        self.agent.claim(&self.goal, "initial").await
    }

    async fn stats(&self) -> Value {
        self.ours.admin.get(&self.ours.at(&format!("goals/{}/stats", self.goal))).await.ok()
    }

    /// Returns how many contacts a goal would have by their result in this one.
    async fn with_result(&self, result: &str) -> Value {
        let targeting = json!({ "targeting": { "earlier_goals": [{ "goal_id": self.goal, "any_of": [result] }] } });
        let draft = self.ours.draft(&self.group, open_goal(&self.world, targeting).await).await;
        self.ours.admin.get(&self.ours.at(&format!("goals/{draft}/preview"))).await.ok()["contacts"].clone()
    }

    /// Returns the numbers that the carrier has a text for, in order.
    fn texted(&self) -> Vec<String> {
        let mut numbers: Vec<_> = self.world.carrier().accepted().into_iter().map(|message| message.to).collect();
        numbers.sort();
        numbers
    }
}

fn not_open(world: &World) -> Rows {
    world.messages().state("held").reason("not_open")
}

#[tokio::test]
async fn g5_a_goal_that_is_moved_back_sends_nothing_until_it_opens_again() {
    World::with_engine()
        .run(async |world| {
            let field = Field::begin(world, 4, json!({})).await;
            let (world, agent) = (&field.world, &field.agent);
            // One is held at the cap, one is queued, one is in hand, and one can be claimed.
            field.ours.admin.put(&field.ours.at("caps"), json!({ "daily_segments": 0 })).await.ok();
            world.goals().set("closes_at", ahead(days(3))).await;
            let send = async |batch: &Value| {
                let path = format!("/v1/agent/batches/{}/send", text(&batch["id"]));
                agent.post(&path, json!({ "lease_token": batch["lease_token"] })).await
            };
            send(&field.claim().await).await.ok();
            world.messages().state("held").reason("cap").until(1).await;
            let gate = world.close_publish_gate().await;
            send(&field.claim().await).await.ok();
            let in_hand = field.claim().await;

            let opens = field.in_minutes(60).await;
            let closes = field.in_minutes(7_200).await.to_rfc3339();
            let edited = field.edit(json!({ "opens": opens.to_rfc3339(), "closes": closes })).await;
            assert_eq!(edited["status"], "scheduled");
            gate.open().await;
            not_open(world).until(2).await;
            field.ours.admin.put(&field.ours.at("caps"), json!({ "daily_segments": null })).await.ok();
            let until: Vec<DateTime<Utc>> = world.messages().list("held_until", "held_until").await;
            for until in until {
                assert!((until - opens).abs() < TimeDelta::milliseconds(1), "{until} is not {opens}");
            }
            assert_eq!(send(&in_hand).await.problem(409, "conflict")["goal_status"], "scheduled");
            let claim = format!("/v1/agent/goals/{}/claim", field.goal);
            agent.post(&claim, json!({ "workflow": "initial" })).await.problem(409, "conflict");
            world.settled().await;
            assert!(world.carrier().accepted().is_empty());

            // An earlier time moves waiting texts; they go when it comes and not before.
            let opens = world.now().await + TimeDelta::seconds(3);
            field.edit(json!({ "opens": opens.to_rfc3339(), "closes": closes })).await;
            world.messages().state("delivered").until(2).await;
            let accepted = world.carrier().accepted();
            assert!(accepted.iter().all(|text| text.accepted_at >= opens), "{opens}: {accepted:?}");
            send_all(agent, &field.goal).await;
            world.messages().state("delivered").until(4).await;
            assert_eq!(field.texted(), field.phones);
        })
        .await;
}

/// A pause, and a window that ends before the hours open, are other reasons not to go.
#[tokio::test]
async fn g5_a_paused_goal_that_is_moved_back_waits_for_both() {
    World::with_engine()
        .run(async |world| {
            let field = Field::begin(world, 1, json!({})).await;
            let world = &field.world;
            let gate = world.close_publish_gate().await;
            send_all(&field.agent, &field.goal).await;
            field.ours.goal_act(&field.goal, "pause").await;
            let opens = field.in_minutes(60).await.to_rfc3339();
            assert_eq!(field.edit(json!({ "opens": opens })).await["status"], "paused");
            gate.open().await;
            world.messages().state("held").reason("paused").until(1).await;
            field.ours.goal_act(&field.goal, "resume").await;
            not_open(world).until(1).await;
            let opened = (world.now().await - TimeDelta::minutes(1)).to_rfc3339();
            assert_eq!(field.edit(json!({ "opens": opened })).await["status"], "active");
            world.messages().state("delivered").until(1).await;
        })
        .await;
}

/// Reminders that wait follow their own window: later, over, and open again.
#[tokio::test]
async fn g5_reminders_that_wait_follow_their_window() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, number) = ours.agent(&group).await;
            let phone = ours.contacts(&group, 1).await.remove(0);
            let now = world.now().await;
            let content = |opens: i64, closes: i64| {
                let at = |minutes| (now + TimeDelta::minutes(minutes)).to_rfc3339();
                let reminder = json!({ "script": "See you! Reply STOP", "opens": at(opens), "closes": at(closes) });
                goal_at(&at(-30), &at(120), json!({ "reminder": reminder }))
            };
            let goal = ours.draft(&group, content(-20, 60)).await;
            ours.goal_act(&goal, "launch").await;
            world.batches().state("released").until(1).await;
            send_all(&agent.client, &goal).await;
            world.messages().state("delivered").until(1).await;
            world.text(&phone, &number, "Yes").await;
            world.threads().has("unread_since").until(1).await;
            world.settled().await;
            let claimed = agent.client.act(&format!("/v1/agent/groups/{group}/replies/claim")).await.ok();
            let answer = format!("/v1/agent/threads/{}/answer", text(&claimed[0]["thread"]["id"]));
            agent.client.put(&answer, json!({ "answer": "yes" })).await.ok();
            let released = async || {
                world.batches().kind("reminder").state("released").until(1).await;
                // A claim passes by a batch that a job has locked.
                world.settled().await;
            };
            let remind = async || {
                let batch = agent.client.claim(&goal, "reminder").await;
                agent.client.send(&batch).await.ok();
            };
            let edit = async |opens, closes| {
                ours.admin.put(&ours.at(&format!("goals/{goal}")), content(opens, closes)).await.ok();
            };
            released().await;
            let gate = world.close_publish_gate().await;
            remind().await;
            edit(30, 60).await;
            gate.open().await;
            let later = now + TimeDelta::minutes(30);
            not_open(&world).kind("reminder").is("held_until", later.to_rfc3339()).until(1).await;
            let claim = format!("/v1/agent/goals/{goal}/claim");
            agent.client.post(&claim, json!({ "workflow": "reminder" })).await.problem(409, "conflict");
            // Over, before the reminder could go.
            edit(-20, -10).await;
            world.messages().kind("reminder").state("cancelled").reason("window_closed").until(1).await;
            assert_eq!(world.carrier().accepted().len(), 1);
            // Open again: they have their one reminder.
            edit(-20, 60).await;
            released().await;
            remind().await;
            world.messages().kind("reminder").state("delivered").until(1).await;
            assert_eq!(world.carrier().accepted().len(), 2);
        })
        .await;
}

/// Rules T1, G12 and G9a: one contact is texted, one text waits for the cap and one has an outcome
/// that was unknown, when the goal is closed.
async fn closed_and_open_again(more: Value) {
    let mut plan = json!({ "release_plan": { "pace": "all_at_open", "paced_to_caps": false } });
    set(&mut plan, more);
    World::with_engine()
        .run(async |world| {
            let field = Field::begin(world, 3, plan).await;
            let world = &field.world;
            field.ours.admin.put(&field.ours.at("caps"), json!({ "daily_segments": 1 })).await.ok();
            world.goals().set("closes_at", ahead(days(3))).await;
            send_all(&field.agent, &field.goal).await;
            world.messages().state("delivered").until(1).await;
            world.messages().state("held").reason("cap").until(2).await;
            let messaged = async |wanted: i64| {
                assert_eq!(field.stats().await["messaged"], wanted);
                let results = (field.with_result("messaged").await, field.with_result("not_messaged").await);
                assert_eq!(results, (json!(wanted), json!(3 - wanted)));
                assert_eq!(field.with_result("not_replied").await, wanted);
            };
            messaged(1).await;
            // One of those that wait was handed over, and nobody knows whether the carrier has it.
            let lost = "(select id from message where state = 'held' order by id limit 1)";
            let unknown = format!(
                "update message set state = 'unknown', reason = null, held_until = null where id = \
         {lost}"
            );
            world.execute(&[&unknown]).await;
            messaged(2).await;
            let never_had = "update message set state = 'held', reason = 'carrier', held_until = clock_timestamp() + \
         interval '1 hour' where state = 'unknown'";
            world.execute(&[never_had]).await;

            field.ours.goal_act(&field.goal, "close").await;
            world.messages().state("cancelled").reason("window_closed").until(2).await;
            world.settled().await;
            messaged(1).await;
            let why = async |nth: usize| {
                let contact = text(&field.ours.contact(&field.phones[nth]).await["id"]);
                let path = field.ours.at(&format!("contacts/{contact}/why?goal_id={}", field.goal));
                field.ours.admin.get(&path).await.ok()["texted"] == true
            };
            let texted = field.texted();
            for (nth, phone) in field.phones.iter().enumerate() {
                assert_eq!(why(nth).await, texted.contains(phone), "{phone}");
            }

            // Open again: contacts that the close cancelled are in a new batch, and no contact that
            // may have a text gets another.
            field.ours.admin.put(&field.ours.at("caps"), json!({ "daily_segments": null })).await.ok();
            assert_eq!(field.edit(json!({})).await["status"], "active");
            world.targets().lacks("initial_message_id").until(1).await;
            world.batches().state("released").until(1).await;
            send_all(&field.agent, &field.goal).await;
            world.messages().state("delivered").until(2).await;
            world.settled().await;
            let texted = field.texted();
            assert_eq!(
                (texted.len(), texted.iter().collect::<std::collections::BTreeSet<_>>().len()),
                (2, 2),
                "{texted:?}"
            );
            assert_eq!(field.stats().await["messaged"], 2);
            // Once is enough: nobody is given back a second time.
            field.edit(json!({ "name": "Again" })).await;
            world.settled().await;
            assert_eq!(field.claim().await, Value::Null);
        })
        .await;
}

#[tokio::test]
async fn g9a_a_reopened_goal_gives_back_whom_its_close_cancelled_and_nobody_is_texted_twice() {
    closed_and_open_again(json!({})).await;
}

#[tokio::test]
async fn g9a_in_a_reopened_goal_with_assigned_agents_each_gets_their_own_back() {
    closed_and_open_again(json!({ "strategy": "assigned" })).await;
}

/// Rule T1: a contact with a text that has not gone has not replied to it.
#[tokio::test]
async fn t1_a_text_that_was_not_handed_over_has_no_reply() {
    World::with_engine()
        .run(async |world| {
            let field = Field::begin(world, 1, json!({})).await;
            field.ours.admin.put(&field.ours.at("caps"), json!({ "daily_segments": 0 })).await.ok();
            field.world.goals().set("closes_at", ahead(days(3))).await;
            send_all(&field.agent, &field.goal).await;
            field.world.messages().state("held").reason("cap").until(1).await;
            let number: String = field.world.threads().the("sender_e164").await;
            field.world.text(&field.phones[0], &number, "Who is this?").await;
            field.world.messages().kind("inbound").until(1).await;
            let stats = field.stats().await;
            assert_eq!((&stats["messaged"], &stats["replied"]), (&json!(0), &json!(0)), "{stats}");
        })
        .await;
}

/// Rules G4 to G6: closing wins over pausing, also for replies that the pause held.
#[tokio::test]
async fn g4_a_paused_goal_that_is_closed_is_completed_and_its_replies_go_on() {
    World::with_engine()
        .run(async |world| {
            let field = Field::begin(world, 2, json!({})).await;
            let world = &field.world;
            send_all(&field.agent, &field.goal).await;
            world.messages().state("delivered").until(2).await;
            let number: String = world.threads().the("sender_e164").await;
            for phone in &field.phones {
                world.text(phone, &number, "Hello?").await;
            }
            world.threads().has("unread_since").until(2).await;
            world.settled().await;
            let replies = format!("/v1/agent/groups/{}/replies/claim", field.group);
            let claimed = field.agent.act(&replies).await.ok();
            let reply = async |nth: usize| {
                let thread = text(&claimed[nth]["thread"]["id"]);
                field.agent.post(&format!("/v1/agent/threads/{thread}/reply"), json!({ "text": "Hi" })).await
            };
            let gate = world.close_publish_gate().await;
            reply(0).await.ok();
            assert_eq!(field.ours.goal_act(&field.goal, "pause").await["status"], "paused");
            gate.open().await;
            world.messages().kind("reply").state("held").reason("paused").until(1).await;
            reply(1).await.problem(409, "conflict");
            assert_eq!(field.ours.goal_act(&field.goal, "close").await["status"], "completed");
            world.messages().kind("reply").state("delivered").until(1).await;
            reply(1).await.ok();
            world.messages().kind("reply").state("delivered").until(2).await;
            assert_eq!(field.edit(json!({})).await["status"], "active", "a completed goal is active again");
        })
        .await;
}
