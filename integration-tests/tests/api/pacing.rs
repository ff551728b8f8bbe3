//! Batches that are released by the segments that the brand can still send (rule B6), with the
//! ledger and the carrier.

use muster_integration_tests::{Client, Organization, World, ahead, days, eventually, now, open_goal, seconds, text};
use serde_json::{Value, json};

use crate::rates::send_all;

/// Launches an open goal; its releases are for the test to see.
async fn launch(world: &World, ours: &Organization, group: &str, more: Value) -> String {
    let goal = ours.draft(group, open_goal(world, more).await).await;
    ours.goal_act(&goal, "launch").await;
    goal
}

/// Waits until releases have been decided that leave something held. A launch has a goal looked at
/// more than once; the last look is waited for, so that none comes while a test changes the ledger.
async fn decided(world: &World, goal: &str) {
    let timers = || world.timers().is("subject", goal);
    timers().kind("batch-release").above("fire_at", now()).until(1).await;
    timers().below("fire_at", now()).until(0).await;
    world.settled().await;
}

/// Lets the time of a goal's next release come.
async fn look_again(world: &World, goal: &str) {
    let fire =
        format!("update timer set fire_at = clock_timestamp() where kind = 'batch-release' and subject = '{goal}'");
    world.execute(&[&fire]).await;
    decided(world, goal).await;
}

/// Returns how many of a goal's batches agents have, can claim or have done.
async fn out(world: &World, goal: &str) -> i64 {
    world.batches().goal(goal).not("state", "held").count().await
}

/// Claims a batch of a goal and sends it.
async fn send_one(agent: &Client, goal: &str) {
    let batch = agent.claim(goal, "initial").await;
    agent.send(&batch).await.ok();
}

#[tokio::test]
async fn b6_no_more_is_released_in_all_goals_of_a_brand_than_it_can_still_send_that_day() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            ours.set(json!({ "batch_size": 1 })).await;
            let group = ours.group("One").await;
            let (agent, _) = ours.agent(&group).await;
            ours.contacts(&group, 6).await;
            ours.admin.put(&ours.at("caps"), json!({ "daily_segments": 3 })).await.ok();
            let first = launch(&world, &ours, &group, json!({})).await;
            decided(&world, &first).await;
            assert_eq!(out(&world, &first).await, 3);
            assert_eq!(world.batches().goal(&first).count().await, 6);

            send_one(&agent.client, &first).await;
            world.messages().state("delivered").until(1).await;
            world.ledgers().is("settled", 1).is("reserved", 0).until(1).await;
            look_again(&world, &first).await;
            assert_eq!(out(&world, &first).await, 3, "one has gone and two may still go");

            let second = launch(&world, &ours, &group, json!({})).await;
            decided(&world, &second).await;
            assert_eq!(out(&world, &second).await, 0, "what is left of the day is the first goal's");

            // The carrier's day turns: the texts that went were yesterday's.
            world.ledgers().backdate_day("day", 1).await;
            look_again(&world, &first).await;
            assert_eq!(out(&world, &first).await, 4, "a whole day's cap less the two that are out");
            look_again(&world, &second).await;
            assert_eq!(out(&world, &second).await, 0);
            send_all(&agent.client, &first).await;
            world.messages().state("delivered").until(4).await;
            world.ledgers().is("settled", 3).is("reserved", 0).is("daily_limit", 3).until(1).await;
        })
        .await;
}

#[tokio::test]
async fn b6_a_batch_larger_than_a_days_cap_is_released_and_the_cap_holds_the_rest() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            ours.set(json!({ "batch_size": 5 })).await;
            let group = ours.group("One").await;
            let (agent, _) = ours.agent(&group).await;
            ours.contacts(&group, 10).await;
            ours.admin.put(&ours.at("caps"), json!({ "daily_segments": 3 })).await.ok();
            let goal = launch(&world, &ours, &group, json!({})).await;
            decided(&world, &goal).await;
            assert_eq!(out(&world, &goal).await, 1, "alone");
            // The goal's end must not cancel texts that are held to the next day.
            world.goals().set("closes_at", ahead(days(3))).await;
            send_all(&agent.client, &goal).await;
            world.messages().state("delivered").until(3).await;
            world.messages().state("held").reason("cap").until(2).await;
            look_again(&world, &goal).await;
            assert_eq!(out(&world, &goal).await, 1, "two texts wait for tomorrow");
            assert_eq!(world.carrier().accepted().len(), 3);
        })
        .await;
}

#[tokio::test]
async fn w4_who_waits_for_the_release_plan_goes_on_waiting_with_another_agent() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            ours.set(json!({ "batch_size": 1 })).await;
            let group = ours.group("One").await;
            let ((first, _), (second, _)) = (ours.agent(&group).await, ours.agent(&group).await);
            let mut ids = Vec::new();
            for phone in ours.contacts(&group, 3).await {
                let id = text(&ours.contact(&phone).await["id"]);
                assign(&ours, &group, &id, &first.id).await;
                ids.push(id);
            }
            let plan =
                json!({ "strategy": "assigned", "release_plan": { "pace": { "every": { "batches": 1, "minutes": 60 } } } });
            let goal = launch(&world, &ours, &group, plan).await;
            decided(&world, &goal).await;
            assert_eq!(out(&world, &goal).await, 1);
            let released: Vec<String> = world
                .row(
                    "select json_agg(contact_id) from target t join batch b on b.id = t.batch_id where b.state = \
                 'released'",
                )
                .await;
            for id in ids.iter().filter(|id| !released.contains(id)) {
                assign(&ours, &group, id, &second.id).await;
            }
            let released_batches = world.batches().goal(&goal).state("released");
            assert_eq!(released_batches.count().await, 1, "nobody is released ahead of the plan");
            let claim = async |agent: &Client| {
                let path = format!("/v1/agent/goals/{goal}/claim");
                agent.post(&path, json!({ "workflow": "initial" })).await.ok()["batch"].clone()
            };
            assert_eq!(claim(&second.client).await, Value::Null);
            // Released contacts stay so.
            assign(&ours, &group, &released[0], &second.id).await;
            assert_eq!(claim(&second.client).await["contacts"].as_array().unwrap().len(), 1);
            eventually(seconds(30), async || {
                let fire = format!(
                    "update timer set fire_at = clock_timestamp() where kind = 'batch-release' and subject = \
                     '{goal}'"
                );
                world.execute(&[&fire]).await;
                match world.batches().goal(&goal).state("held").count().await {
                    0 => Ok(()),
                    held => Err(format!("{held} batches are held")),
                }
            })
            .await;
            send_all(&second.client, &goal).await;
            world.messages().state("delivered").until(3).await;
        })
        .await;
}

async fn assign(ours: &Organization, group: &str, contact: &str, agent: &str) {
    let path = ours.at(&format!("groups/{group}/contacts/{contact}"));
    ours.admin.patch(&path, json!({ "assigned_agent_id": agent })).await.ok();
}
