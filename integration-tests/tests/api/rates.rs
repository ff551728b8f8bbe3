//! Rates, carriers' own limits and holds, and the cap on initials across goals
//! (rules S3, S4, S7, S10 and S12).

use chrono::{DateTime, TimeDelta, Utc};
use muster_integration_tests::{Call, Client, Organization, World, ahead, days, now, open_goal, seconds, text};
use muster_simulator::{Behaviour, Millis, Receipts};
use reqwest::Method;
use serde_json::{Value, json};

/// An organization with a group, an agent in it, and contacts.
pub(crate) struct Shop {
    pub(crate) world: World,
    pub(crate) ours: Organization,
    pub(crate) group: String,
    pub(crate) agent: Client,
}

impl Shop {
    pub(crate) async fn open(world: World, contacts: usize) -> Self {
        let ours = world.organization("Ours").await;
        let group = ours.group("One").await;
        let (agent, _) = ours.agent(&group).await;
        ours.contacts(&group, contacts).await;
        Self { world, ours, group, agent: agent.client }
    }

    /// Returns a goal with everybody's texts queued; returns it.
    pub(crate) async fn goal(&self) -> String {
        let goal = self.ours.open_goal(&self.world, &self.group, json!({})).await;
        send_all(&self.agent, &goal).await;
        goal
    }

    /// Returns when a goal's messages took their time, in order.
    pub(crate) async fn slots(&self, goal: &str) -> Vec<DateTime<Utc>> {
        let query = format!("select json_agg(rate_slot order by rate_slot) from message where goal_id = '{goal}'");
        self.world.row(&query).await
    }
}

/// Claims a goal's batches and sends them.
pub(crate) async fn send_all(agent: &Client, goal: &str) {
    loop {
        let batch = agent.claim(goal, "initial").await;
        if batch.is_null() {
            return;
        }
        agent.send(&batch).await.ok();
    }
}

/// Every span of a lane's texts of one segment has the time that the pace asks for, less the bursts
/// that may go ahead of their time.
#[track_caller]
fn keep_the_pace(slots: &[DateTime<Utc>], per_minute: i32) {
    let each = TimeDelta::seconds(63) / per_minute;
    for (first, from) in slots.iter().enumerate() {
        for (last, until) in slots.iter().enumerate().skip(first) {
            let count = i32::try_from(last - first + 1).unwrap();
            let most = *until - *from + TimeDelta::seconds(3);
            assert!(each * count <= most + TimeDelta::milliseconds(1), "{count} texts from {from} to {until}");
        }
    }
}

#[tokio::test]
async fn s4_a_batch_trickles_from_its_number_and_keeps_few_jobs_busy() {
    World::with_engine()
        .run(async |world| {
            let shop = Shop::open(world, 30).await;
            shop.ours.set(json!({ "number_segments_per_minute": 240 })).await;
            let began = shop.world.now().await;
            // Waiting texts are let go when they have been seen.
            shop.world.pause_jobs("rate-release").await;
            let goal = shop.goal().await;
            let waits = shop.world.messages().state("held").reason("rate").has("lane").has("held_until");
            waits.at_least(1, seconds(20)).await;
            shop.world.job_policies().kind("rate-release").delete().await;
            shop.world.messages().state("delivered").until(30).await;
            keep_the_pace(&shop.slots(&goal).await, 240);
            shop.world.settled().await;
            assert_eq!(shop.world.rows("rate_lane").above("waiting_segments", 0).count().await, 0);
            // Waiting texts are looked at about once a second, and let go for good: no text goes
            // round and round.
            let ticks = (shop.world.now().await - began).num_seconds();
            let looks = shop.world.jobs().kind("rate-release").count().await;
            assert!(looks <= ticks + 5, "{looks} looks at what waits in {ticks} s");
            let sends = shop.world.jobs().kind("send").count().await;
            assert!(sends <= looks + 1, "{sends} send jobs after {looks} looks at what waits");
            let queued = "(select message_id from message_event where state = 'queued' group by message_id having count(*) > \
                 2) busy";
            assert_eq!(shop.world.count(queued).await, 0, "a text has two jobs at most");
        })
        .await;
}

#[tokio::test]
async fn s4_goals_take_turns_in_the_lane_of_a_campaign() {
    World::with_engine()
        .run(async |world| {
            let shop = Shop::open(world, 40).await;
            let rates = shop.ours.at("rates");
            shop.ours.admin.put(&rates, json!({ "carrier": "att", "segments_per_minute": 30 })).await.ok();
            shop.world.contacts().set("carrier", "att").await;
            let group = shop.ours.group("Two").await;
            let (agent, _) = shop.ours.agent(&group).await;
            let file = "first,last,phone\nA,B,6465559001\nC,D,6465559002\nE,F,6465559003\n";
            shop.ours.import(&format!("file_name=c.csv&group_id={group}"), file).await;
            shop.world.contacts().set("carrier", "att").await;
            let small = shop.ours.open_goal(&shop.world, &group, json!({})).await;
            let large = shop.goal().await;
            let waiting = "message where state = 'held' and reason = 'rate'";
            shop.world.messages().state("held").reason("rate").at_least(11, seconds(20)).await;
            send_all(&agent.client, &small).await;
            shop.world.messages().goal(&small).state("delivered").until(3).await;
            let left = shop.world.count(&format!("{waiting} and goal_id = '{large}'")).await;
            assert!(left > 0, "the large goal went first");
            let read = shop.ours.admin.get(&rates).await.ok();
            assert_eq!(read["segments_per_minute"]["att"], 30);
            assert!(text(&read["lanes"][0]["lane"]).starts_with("carrier:"), "{read}");
            // Rule S9: waiting texts go on at the new pace.
            shop.ours.admin.put(&rates, json!({ "carrier": "att", "segments_per_minute": null })).await.ok();
            shop.world.messages().state("delivered").until(43).await;
        })
        .await;
}

#[tokio::test]
async fn g7_what_waits_for_its_number_keeps_a_pause_and_goes_on_when_it_ends() {
    World::with_engine()
        .run(async |world| {
            let shop = Shop::open(world, 12).await;
            shop.ours.set(json!({ "number_segments_per_minute": 1 })).await;
            let goal = shop.goal().await;
            shop.world.messages().state("held").reason("rate").until(11).await;
            shop.ours.goal_act(&goal, "pause").await;
            shop.ours.set(json!({ "number_segments_per_minute": 60_000 })).await;
            shop.world.settled().await;
            assert_eq!(shop.world.messages().state("held").count().await, 11);
            shop.ours.goal_act(&goal, "resume").await;
            shop.world.messages().state("delivered").until(12).await;
        })
        .await;
}

#[tokio::test]
async fn m5_look_alikes_are_replaced_where_the_organization_wants_it() {
    World::with_engine()
        .run(async |world| {
            let shop = Shop::open(world, 1).await;
            let script = json!({ "script": "Don\u{2019}t forget \u{2014} reply STOP to opt out" });
            let first = shop.ours.open_goal(&shop.world, &shop.group, script.clone()).await;
            send_all(&shop.agent, &first).await;
            shop.world.messages().state("delivered").and("body like 'Don\u{2019}t%'").until(1).await;
            shop.ours.set(json!({ "smart_encoding": true })).await;
            let second = shop.ours.open_goal(&shop.world, &shop.group, script).await;
            send_all(&shop.agent, &second).await;
            shop.world
                .messages()
                .state("delivered")
                .and("body like 'Don''t forget -%'")
                .is("segments", 1)
                .until(1)
                .await;
        })
        .await;
}

#[tokio::test]
async fn s12_a_second_initial_within_a_day_waits_until_the_contact_may_have_it() {
    World::with_engine()
        .run(async |world| {
            let shop = Shop::open(world, 1).await;
            shop.ours.set(json!({ "initials_per_day": 1 })).await;
            shop.goal().await;
            shop.world.messages().state("delivered").until(1).await;
            let second = shop.ours.open_goal(&shop.world, &shop.group, json!({})).await;
            shop.world.goals().set("closes_at", ahead(days(3))).await;
            send_all(&shop.agent, &second).await;
            let waits = shop.world.messages().state("held").reason("frequency").and(
                "held_until = ( select handed_over_at + interval '24 hours' from message where state = 'delivered')",
            );
            waits.until(1).await;
            shop.ours.set(json!({ "initials_per_day": 0 })).await;
            shop.world.messages().state("delivered").until(2).await;
        })
        .await;
}

#[tokio::test]
async fn s7_a_receipt_that_stops_the_account_holds_the_brand_until_an_admin_ends_it() {
    World::with_engine()
        .run(async |world| {
            let shop = Shop::open(world, 1).await;
            let receipts = || Receipts { delay_ms: Millis { min: 20, max: 80 }, ..Receipts::default() };
            let suspended = Behaviour {
                receipts: receipts(),
                undelivered: 1.0,
                undelivered_codes: vec![30002],
                ..Behaviour::default()
            };
            shop.world.carrier().set_behaviour(suspended).unwrap();
            shop.goal().await;
            shop.world.brand_holds().lacks("until").is("code", 30002).until(1).await;
            let fine = Behaviour { receipts: receipts(), ..Behaviour::default() };
            shop.world.carrier().set_behaviour(fine).unwrap();
            let second = shop.ours.open_goal(&shop.world, &shop.group, json!({})).await;
            send_all(&shop.agent, &second).await;
            shop.world.messages().state("held").reason("carrier").lacks("held_until").until(1).await;
            let hold = shop.ours.admin.get(&shop.ours.at("rates")).await.ok()["hold"].clone();
            assert_eq!((&hold["reason"], &hold["code"]), (&json!("carrier"), &json!(30_002)));
            shop.ours.admin.call(Method::DELETE, &shop.ours.at("hold"), Call::empty()).await.ok();
            shop.world.messages().state("delivered").until(1).await;
        })
        .await;
}

#[tokio::test]
async fn s7_a_receipt_that_says_the_cap_is_reached_holds_the_brand_until_the_day_turns() {
    World::with_engine()
        .run(async |world| {
            let shop = Shop::open(world, 1).await;
            let behaviour = Behaviour { undelivered: 1.0, undelivered_codes: vec![30023], ..Behaviour::default() };
            shop.world.carrier().set_behaviour(behaviour).unwrap();
            shop.goal().await;
            shop.world.brand_holds().reason("cap").above("until", now()).until(1).await;
            let second = shop.ours.open_goal(&shop.world, &shop.group, json!({})).await;
            shop.world.goals().set("closes_at", ahead(days(3))).await;
            send_all(&shop.agent, &second).await;
            let waits =
                shop.world.messages().state("held").reason("cap").and("held_until = (select until from brand_hold)");
            waits.until(1).await;
        })
        .await;
}

#[tokio::test]
async fn s11_a_goal_is_forecast_before_its_launch_and_while_it_runs() {
    World::with_engine()
        .run(async |world| {
            let shop = Shop::open(world, 10).await;
            let draft = shop.ours.draft(&shop.group, open_goal(&shop.world, json!({})).await).await;
            let forecast = async || shop.ours.admin.get(&shop.ours.at(&format!("goals/{draft}/forecast"))).await.ok();
            let told = forecast().await;
            assert_eq!((&told["reached"], &told["unreached"]), (&json!(10), &json!(0)), "{told}");
            assert!(told["finishes_at"].is_string(), "{told}");
            shop.ours.admin.put(&shop.ours.at("caps"), json!({ "daily_segments": 4 })).await.ok();
            let told = forecast().await;
            // Two days' caps, if the carrier's day turns while the goal is open.
            let reached = told["reached"].as_i64().unwrap();
            assert!(matches!(reached, 4 | 8), "{told}");
            assert_eq!((&told["unreached"], &told["finishes_at"]), (&json!(10 - reached), &Value::Null));
            let who = &told["unreached_contacts"];
            assert_eq!((&who[0]["contacts"], &who[0]["why"]), (&told["unreached"], &json!("cap")), "{told}");
            assert!(who[0]["zones"][0].is_string(), "{told}");
            shop.ours.admin.put(&shop.ours.at("caps"), json!({ "daily_segments": null })).await.ok();
            shop.ours.goal_act(&draft, "launch").await;
            shop.world.batches().goal(&draft).state("released").until(1).await;
            send_all(&shop.agent, &draft).await;
            shop.world.messages().state("delivered").until(10).await;
            let told = forecast().await;
            assert_eq!((&told["reached"], &told["unreached"]), (&json!(0), &json!(0)), "nobody is left: {told}");
        })
        .await;
}
