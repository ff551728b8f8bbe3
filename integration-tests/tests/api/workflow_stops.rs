//! Pauses, closes, opt-outs and deactivations reach texts that are queued (rules G5, G7, G8, S6,
//! S9, R1 and R2).

use muster_integration_tests::World;
use serde_json::{Value, json};

use crate::workflow::{Field, contacts, field};

/// Rules G5, G7 and S6.
#[tokio::test]
async fn g7_a_pause_holds_what_is_queued_and_a_resume_sends_it() {
    World::with_engine()
        .run(async |world| {
            let Field { ours, agents, goal, .. } = field(&world, 1, 4, json!({})).await;
            let agent = &agents[0].0;
            let batch = agent.claim(&goal, "initial").await;
            // The pause comes between the agent's send and the hand-over.
            let gate = world.close_publish_gate().await;
            agent.send(&batch).await.ok();
            assert_eq!(ours.goal_act(&goal, "pause").await["status"], "paused");
            gate.open().await;
            world.messages().state("held").reason("paused").until(2).await;
            assert!(world.carrier().accepted().is_empty());
            let refused = agent.post(&format!("/v1/agent/goals/{goal}/claim"), json!({ "workflow": "initial" })).await;
            assert_eq!(refused.status, 409, "{}", refused.text);
            let goals = agent.get("/v1/agent/goals").await.ok();
            assert_eq!((&goals[0]["status"], &goals[0]["initials"]), (&json!("paused"), &json!(false)));

            assert_eq!(ours.goal_act(&goal, "resume").await["status"], "active");
            world.messages().state("delivered").until(2).await;
            assert_eq!(world.carrier().accepted().len(), 2);
            let batch = agent.claim(&goal, "initial").await;
            agent.send(&batch).await.ok();
            world.messages().state("delivered").until(4).await;
        })
        .await;
}

/// Rules G8 and S6.
#[tokio::test]
async fn s6_a_close_cancels_what_has_not_gone_out() {
    World::with_engine()
        .run(async |world| {
            let Field { ours, agents, goal, .. } = field(&world, 1, 2, json!({})).await;
            let agent = &agents[0].0;
            let batch = agent.claim(&goal, "initial").await;
            ours.goal_act(&goal, "pause").await;
            ours.goal_act(&goal, "resume").await;
            let gate = world.close_publish_gate().await;
            agent.send(&batch).await.ok();
            ours.goal_act(&goal, "pause").await;
            gate.open().await;
            world.messages().state("held").until(2).await;
            let closed = ours.goal_act(&goal, "close").await;
            assert!(closed["closes_at"].as_str().is_some());
            if closed["status"] == "paused" {
                ours.goal_act(&goal, "resume").await;
            }
            world.messages().state("cancelled").reason("window_closed").until(2).await;
            assert!(world.carrier().accepted().is_empty());
            let refused = agent.post(&format!("/v1/agent/goals/{goal}/claim"), json!({ "workflow": "initial" })).await;
            assert_eq!(refused.status, 409, "{}", refused.text);
            let stats = ours.admin.get(&ours.at(&format!("goals/{goal}/stats"))).await.ok();
            assert_eq!(stats["reasons"], json!({ "window_closed": 2 }), "{stats}");
        })
        .await;
}

/// Rules S6 and S9: texts that are queued when the goal closes are cancelled, also without a pause
/// before.
#[tokio::test]
async fn s9_a_close_takes_effect_on_what_is_queued() {
    World::with_engine()
        .run(async |world| {
            let Field { ours, agents, goal, .. } = field(&world, 1, 2, json!({})).await;
            let batch = agents[0].0.claim(&goal, "initial").await;
            let gate = world.close_publish_gate().await;
            agents[0].0.send(&batch).await.ok();
            assert_eq!(ours.goal_act(&goal, "close").await["status"], "completed");
            gate.open().await;
            world.messages().state("cancelled").reason("window_closed").until(2).await;
            assert!(world.carrier().accepted().is_empty());
        })
        .await;
}

/// Rules G8 and S6: a reminder window ends with its goal, also before the goal's transition has
/// cancelled the waiting texts.
#[tokio::test]
async fn g8_a_close_ends_reminders_too() {
    World::with_engine()
        .run(async |world| {
            let Field { ours, agents, goal, .. } = field(&world, 1, 2, json!({})).await;
            let batch = agents[0].0.claim(&goal, "initial").await;
            let gate = world.close_publish_gate().await;
            agents[0].0.send(&batch).await.ok();
            world
        .execute(&[
            "update message set kind = 'reminder'",
            "update goal set reminder_script = 'x', reminder_opens_at = opens_at, reminder_closes_at = closes_at,
                 reminder_opens_local = opens_local, reminder_closes_local = closes_local",
            "insert into job_policy (kind, paused) values ('goal-transition', true)",
        ])
        .await;
            ours.goal_act(&goal, "close").await;
            gate.open().await;
            world.messages().state("cancelled").reason("window_closed").until(2).await;
            assert!(world.carrier().accepted().is_empty());
        })
        .await;
}

/// Rules R1, R2 and S9: an opt-out and a deactivation reach queued texts.
#[tokio::test]
async fn s9_an_opt_out_or_a_deactivation_takes_effect_on_what_is_queued() {
    World::with_engine()
        .run(async |world| {
            let Field { ours, group, agents, goal, .. } = field(&world, 1, 2, json!({})).await;
            let batch = agents[0].0.claim(&goal, "initial").await;
            let ids = contacts(&batch);
            let gate = world.close_publish_gate().await;
            agents[0].0.send(&batch).await.ok();
            let path = ours.at(&format!("contacts/{}/opt-out", ids[0]));
            ours.admin.post(&path, json!({ "reason": "by phone" })).await.ok();
            let path = ours.at(&format!("groups/{group}/contacts/{}", ids[1]));
            ours.admin.patch(&path, json!({ "active": false })).await.ok();
            gate.open().await;
            world.messages().state("cancelled").until(2).await;
            let reasons: Value = world.messages().list("reason", "reason").await;
            assert_eq!(reasons, json!(["deactivated", "opted_out"]));
            assert!(world.carrier().accepted().is_empty());
        })
        .await;
}

/// Rule G8: closing a paused goal closes it: held texts go out no more, and the goal is over.
#[tokio::test]
async fn g8_closing_a_paused_goal_cancels_what_is_held() {
    World::with_engine()
        .run(async |world| {
            let Field { ours, agents, goal, .. } = field(&world, 1, 2, json!({})).await;
            let batch = agents[0].0.claim(&goal, "initial").await;
            let gate = world.close_publish_gate().await;
            agents[0].0.send(&batch).await.ok();
            ours.goal_act(&goal, "pause").await;
            gate.open().await;
            world.messages().state("held").until(2).await;
            ours.goal_act(&goal, "close").await;
            world.messages().state("cancelled").reason("window_closed").until(2).await;
        })
        .await;
}
