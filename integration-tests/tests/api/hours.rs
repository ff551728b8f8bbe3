//! Sending hours from the import to the carrier (rules S5, S6 and S9).

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use muster_integration_tests::{Client, Organization, World, ahead, days, eventually, seconds};
use serde_json::{Value, json};

use crate::rates::send_all;

/// Honolulu has no changes of clocks.
const HONOLULU: TimeDelta = TimeDelta::hours(-10);

/// Returns an hour of the day in Honolulu in which this instant is not, and when it begins next: in
/// one to three hours.
pub(crate) fn closed_hour(now: DateTime<Utc>) -> (Value, DateTime<Utc>) {
    let local = (now + HONOLULU).naive_utc();
    let minute = local.time().num_seconds_from_midnight() / 60;
    let midnight = local.date().and_time(chrono::NaiveTime::MIN);
    let (opens, at) = match minute + 120 {
        later if later + 60 <= 1_440 => (later, midnight + TimeDelta::minutes(later.into())),
        late if late < 1_500 => (0, midnight + TimeDelta::days(1)),
        _ => (60, midnight + TimeDelta::days(1) + TimeDelta::hours(1)),
    };
    let hours = json!({ "opens_minute": opens, "closes_minute": opens + 60 });
    (hours, at.and_utc() - HONOLULU)
}

#[tokio::test]
async fn s5_a_contact_of_another_state_waits_for_its_law_and_knows_until_when() {
    World::with_engine()
        .run(async |world| {
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
            let batch = agent
                .client
                .post(&format!("/v1/agent/goals/{goal}/claim"), json!({ "workflow": "initial" }))
                .await
                .ok();
            let batch = &batch["batch"];
            let send = format!("/v1/agent/batches/{}/send", batch["id"].as_str().unwrap());
            // The goal has to be open when Honolulu is.
            let later = "update goal set closes_at = clock_timestamp() + interval '3 days'";
            world.execute(&[later]).await;
            agent.client.post(&send, json!({ "lease_token": batch["lease_token"] })).await.ok();
            world.messages().state("delivered").until(1).await;
            world.messages().state("held").reason("hours").until(1).await;
            let until: DateTime<Utc> = world.messages().state("held").the("held_until").await;
            assert_eq!(until, opens);
            assert_eq!(world.carrier().accepted().len(), 1);

            // Rule S9: held texts follow a change.
            ours.admin.put(&path, json!({ "laws": null })).await.ok();
            ours.set(json!({ "law_strictness": "off" })).await;
            world.messages().state("delivered").until(2).await;
        })
        .await;
}

/// However a spreadsheet has written the postal code, and however it came to be kept: nobody in
/// Honolulu is texted while it is closed there.
#[tokio::test]
async fn s5_a_postal_code_means_the_same_however_it_is_written() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("Queens").await;
            let (agent, _) = ours.agent(&group).await;
            let (hours, opens) = closed_hour(world.now().await);
            let all_day = json!({ "opens_minute": 0, "closes_minute": 1_440 });
            let closed = |state: &str| json!({ "state": state, "days": vec![hours.clone(); 7], "source": "a test" });
            let set = json!({ "laws": { "federal": all_day, "states": [closed("HI"), closed("MA")] } });
            ours.admin.put(&ours.at("laws"), set).await.ok();
            ours.set(json!({ "recipient_safe": true, "law_strictness": "commercial" })).await;
            let codes = [
                "\"=\"\"96813\"\"\"",
                "'96813",
                "9681\u{200b}3",
                "\u{ff19}\u{ff16}\u{ff18}\u{ff11}\u{ff13}",
                "96813 1000",
                "96813\u{2013}1000",
                "96813-",
                "HI 96813",
                "968131000",
            ];
            let rows: Vec<String> =
                codes.iter().enumerate().map(|(nth, code)| format!("Ada,L,646555{nth:04},{code}")).collect();
            let file = format!(
                "first,last,phone,zip\n{}\nBob,L,6465551000,10001\nCyd,L,6465551001,10001\nDan,L,6465551002,10001\n",
                rows.join("\n")
            );
            let report = ours.import(&format!("file_name=c.csv&group_id={group}"), file).await;
            assert_eq!(report["created"], codes.len() + 3, "{report}");
            // Kept as it came, by an earlier version; and with its zero lost, so that it may be
            // Massachusetts.
            let raw = ["=\"96813\"' where e164 = '+16465551000", "2134.0' where e164 = '+16465551001"];
            let raw = raw.map(|code| format!("update contact set postal_code = '{code}'"));
            world.execute(&raw.each_ref().map(String::as_str)).await;
            let goal = ours.open_goal(&world, &group, json!({})).await;
            world.goals().set("closes_at", ahead(days(3))).await;
            send_all(&agent.client, &goal).await;
            world.messages().state("delivered").until(1).await;
            let held = i64::try_from(codes.len() + 2).unwrap();
            world.messages().state("held").reason("hours").until(held).await;
            let untils: Vec<DateTime<Utc>> = world.messages().state("held").list("held_until", "held_until").await;
            assert!(untils.iter().all(|until| *until >= opens), "{untils:?}");
            let to: Vec<_> = world.carrier().accepted().into_iter().map(|message| message.to).collect();
            assert_eq!(to, ["+16465551002"]);
        })
        .await;
}

/// Hours in Honolulu that are closed and open at a full minute, soon but not at once, and when that
/// is.
fn opens_soon(now: DateTime<Utc>) -> (Value, DateTime<Utc>) {
    let local = (now + HONOLULU).naive_utc() + TimeDelta::seconds(109);
    let minute = local.time().num_seconds_from_midnight() / 60;
    let opens = local.date().and_time(chrono::NaiveTime::MIN) + TimeDelta::minutes(minute.into());
    // Shortly after midnight: it must not be open before midnight.
    let closes = if minute < 60 { 1_380 } else { 1_440 };
    (json!({ "opens_minute": minute, "closes_minute": closes }), opens.and_utc() - HONOLULU)
}

/// Returns an organization with an agent and two contacts in Honolulu, and an open goal that lasts
/// for days.
async fn in_honolulu(world: &World) -> (Organization, Client, String) {
    let ours = world.organization("Ours").await;
    let group = ours.group_in("Oahu", "Pacific/Honolulu").await;
    let (agent, _) = ours.agent(&group).await;
    ours.contacts(&group, 2).await;
    let goal = ours.open_goal(world, &group, json!({})).await;
    // The goal has to be open when Honolulu is.
    world.goals().set("closes_at", ahead(days(3))).await;
    (ours, agent.client, goal)
}

/// Returns how many texts are held for their hours until then.
async fn held_until(world: &World, opens: DateTime<Utc>) -> i64 {
    let held = world.messages().state("held").reason("hours");
    held.until(2).await;
    held.is("held_until", opens.to_rfc3339()).count().await
}

#[tokio::test]
async fn s9_hours_that_close_hold_what_is_queued_until_they_open() {
    World::with_engine()
        .run(async |world| {
            let (ours, agent, goal) = in_honolulu(&world).await;
            let gate = world.close_publish_gate().await;
            send_all(&agent, &goal).await;
            assert_eq!(world.messages().state("queued").count().await, 2);
            let (hours, opens) = closed_hour(world.now().await);
            ours.set(json!({ "sending_hours": hours })).await;
            gate.open().await;
            assert_eq!(held_until(&world, opens).await, 2);
            assert!(world.carrier().accepted().is_empty());
            ours.set(json!({ "sending_hours": { "opens_minute": 0, "closes_minute": 1_440 } })).await;
            world.messages().state("delivered").until(2).await;
        })
        .await;
}

/// The only test that waits for the clock, for more than a minute: nothing but the time moves these
/// texts.
#[tokio::test]
async fn s6_what_is_held_for_its_hours_goes_when_they_open_and_not_before() {
    World::with_engine()
        .run(async |world| {
            let (ours, agent, goal) = in_honolulu(&world).await;
            let (hours, opens) = opens_soon(world.now().await);
            ours.set(json!({ "sending_hours": hours })).await;
            send_all(&agent, &goal).await;
            assert_eq!(held_until(&world, opens).await, 2);
            assert!(world.carrier().accepted().is_empty());
            eventually(seconds(120), async || match world.messages().state("delivered").count().await {
                2 => Ok(()),
                delivered => Err(format!("{delivered} of 2 are delivered; {}", world.census().await)),
            })
            .await;
            let accepted = world.carrier().accepted();
            assert!(
                accepted.len() == 2 && accepted.iter().all(|text| text.accepted_at >= opens),
                "{opens}: {accepted:?}"
            );
            let early = world.messages().below("handed_over_at", opens.to_rfc3339());
            assert_eq!(early.count().await, 0);
        })
        .await;
}

#[tokio::test]
async fn s5_the_table_of_laws_is_checked() {
    World::with_api()
        .run(async |world| {
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
        })
        .await;
}
