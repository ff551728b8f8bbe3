//! Sending hours from the import to the carrier (rules S5, S6 and S9).

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use serde_json::{Value, json};

use crate::support::World;

/// Honolulu has no changes of clocks.
const HONOLULU: TimeDelta = TimeDelta::hours(-10);

/// An hour of the day in Honolulu in which this instant is not, and when it begins next.
fn closed_hour(now: DateTime<Utc>) -> (Value, DateTime<Utc>) {
    let local = (now + HONOLULU).naive_utc();
    let minute = local.time().num_seconds_from_midnight() / 60;
    let midnight = local.date().and_time(chrono::NaiveTime::MIN);
    let (opens, at) = match minute + 120 {
        later if later + 60 <= 1_440 => (later, midnight + TimeDelta::minutes(later.into())),
        _ => (0, midnight + TimeDelta::days(1)),
    };
    let hours = json!({ "opens_minute": opens, "closes_minute": opens + 60 });
    (hours, at.and_utc() - HONOLULU)
}

#[tokio::test]
async fn s5_a_contact_of_another_state_waits_for_its_law_and_knows_until_when() {
    let world = World::with_engine().await;
    let ours = world.organization("Ours").await;
    let group = ours.group("Queens").await;
    let (agent, _) = ours.agent(&group).await;
    let (hours, opens) = closed_hour(world.now().await);
    let all_day = json!({ "opens_minute": 0, "closes_minute": 1_440 });
    let hawaii = json!({ "state": "HI", "days": vec![hours; 7], "source": "a test" });
    let path = ours.at("laws");
    let set = json!({ "laws": { "federal": all_day, "states": [hawaii] } });
    assert_eq!(ours.admin.put(&path, set).await.ok()["built_in"], false);
    ours.set(json!({ "recipient_safe": true, "law_strictness": "commercial" })).await;

    // The numbers are New York's: the postal code says where the second lives.
    let file = "first,last,phone,zip\nAda,Lovelace,6465550001,10001\nGrace,Hopper,6465550002,96813\n";
    ours.import(&format!("file_name=c.csv&group_id={group}"), file).await;
    let goal = ours.open_goal(&world, &group, json!({})).await;
    let batch =
        agent.client.post(&format!("/v1/agent/goals/{goal}/claim"), json!({ "workflow": "initial" })).await.ok();
    let batch = &batch["batch"];
    let send = format!("/v1/agent/batches/{}/send", batch["id"].as_str().unwrap());
    // The goal has to be open when Honolulu is.
    let later = "update goal set closes_at = clock_timestamp() + interval '3 days'";
    world.harness.execute(&[later]).await;
    agent.client.post(&send, json!({ "lease_token": batch["lease_token"] })).await.ok();
    world.until("message where state = 'delivered'", 1).await;
    world.until("message where state = 'held' and reason = 'hours'", 1).await;
    let until: DateTime<Utc> = world.harness.row("select to_json(held_until) from message where state = 'held'").await;
    assert_eq!(until, opens);
    assert_eq!(world.carrier().accepted().len(), 1);

    // Rule S9: what is held already follows a change.
    ours.admin.put(&path, json!({ "laws": null })).await.ok();
    ours.set(json!({ "law_strictness": "off" })).await;
    world.until("message where state = 'delivered'", 2).await;
    world.finish().await;
}

#[tokio::test]
async fn s5_the_table_of_laws_is_checked() {
    let world = World::start().await;
    let ours = world.organization("Ours").await;
    let path = ours.at("laws");
    let before = ours.admin.get(&path).await.ok();
    assert_eq!(before["built_in"], true);
    assert!(before["laws"]["states"].as_array().unwrap().iter().any(|row| row["state"] == "TX"), "{before}");
    let hours = json!({ "opens_minute": 480, "closes_minute": 1_260 });
    let row = json!({ "state": "TX", "days": vec![hours.clone(); 7], "source": "a test" });
    for wrong in [
        json!({}),
        json!({ "laws": {} }),
        json!({ "laws": { "federal": { "opens_minute": 600, "closes_minute": 600 }, "states": [] } }),
        json!({ "laws": { "federal": hours, "states": [row, row] } }),
        json!({ "laws": { "federal": hours, "states": [{ "state": "Texas", "days": [], "source": "" }] } }),
    ] {
        ours.admin.put(&path, wrong).await.problem(422, "invalid-body");
    }
    ours.admin.patch(&ours.path, json!({ "law_strictness": "strict" })).await.problem(422, "invalid-body");
    assert_eq!(ours.admin.get(&path).await.ok(), before);
    world.finish().await;
}
