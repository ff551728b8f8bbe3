//! Caps of the carriers on a day, set, changed and taken away while texts wait (rules S3, S9, S10
//! and B6).

use muster_integration_tests::{World, ahead, days, now, open_goal};
use serde_json::json;

use crate::rates::{Shop, send_all};

#[tokio::test]
async fn s10_a_known_carrier_counts_under_its_own_cap_and_an_unknown_one_under_the_strictest() {
    World::with_moved_clock()
        .run(async |world| {
            world.at_the_carriers_noon().await;
            let shop = Shop::open(world, 3).await;
            let caps = shop.ours.at("caps");
            shop.ours.admin.put(&caps, json!({ "daily_segments": 0 })).await.ok();
            shop.ours.admin.put(&caps, json!({ "carrier": "us-cellular", "daily_segments": 1 })).await.ok();
            shop.world
                .execute(&[
                    "update contact set carrier = 'verizon' where e164 = '+16465550000'",
                    "update contact set carrier = 'us-cellular' where e164 = '+16465550001'",
                ])
                .await;
            // The plan is paced to the strictest cap, which lets nothing out.
            let plan = json!({ "release_plan": { "pace": "all_at_open", "paced_to_caps": false } });
            let goal = shop.ours.open_goal(&shop.world, &shop.group, plan).await;
            // The goal's end must not cancel texts that are held to the next day.
            shop.world.goals().set("closes_at", ahead(days(3))).await;
            send_all(&shop.agent, &goal).await;
            shop.world.messages().state("delivered").until(2).await;
            shop.world.messages().state("held").reason("cap").until(1).await;
            assert_eq!(shop.world.ledgers().is("carrier", "us-cellular").is("settled", 1).count().await, 1);
            shop.ours.set(json!({ "unknown_carriers": "unlimited" })).await;
            shop.world.messages().state("delivered").until(3).await;
            assert_eq!(shop.world.ledgers().is("carrier", "t-mobile").and("settled + reserved > 0").count().await, 0);
        })
        .await;
}

#[tokio::test]
async fn s3_a_cap_is_lowered_and_raised_while_texts_wait() {
    World::with_moved_clock()
        .run(async |world| {
            world.at_the_carriers_noon().await;
            let shop = Shop::open(world, 20).await;
            let caps = shop.ours.at("caps");
            let set =
                async |segments: i64| shop.ours.admin.put(&caps, json!({ "daily_segments": segments })).await.ok();
            set(10).await;
            let plan = json!({ "release_plan": { "pace": "all_at_open", "paced_to_caps": false } });
            let goal = shop.ours.open_goal(&shop.world, &shop.group, plan).await;
            shop.world.goals().set("closes_at", ahead(days(3))).await;
            send_all(&shop.agent, &goal).await;
            shop.world.messages().state("delivered").until(10).await;
            shop.world.messages().state("held").reason("cap").until(10).await;
            // Lowered below the used segments: nothing more goes, and the ledger still adds up.
            set(4).await;
            shop.world.settled().await;
            shop.world.messages().state("held").reason("cap").until(10).await;
            assert_eq!(shop.world.ledgers().is("settled", 10).is("daily_limit", 10).count().await, 1);
            set(13).await;
            shop.world.messages().state("delivered").until(13).await;
            shop.ours.admin.put(&caps, json!({ "daily_segments": null })).await.ok();
            shop.world.messages().state("delivered").until(20).await;
            assert_eq!(shop.world.carrier().accepted().len(), 20);
        })
        .await;
}

/// Rules S3, S6 and S9. When the carrier's day turns, the hours are closed for a minute: held texts
/// wait for both, and say so.
#[tokio::test]
async fn s9_a_cap_that_is_taken_away_holds_what_is_queued_until_the_next_day_and_its_hours() {
    World::with_moved_clock()
        .run(async |world| {
            world.at_the_carriers_noon().await;
            let shop = Shop::open(world, 2).await;
            shop.world.rows("contact_group").set("zone", "America/Los_Angeles").await;
            shop.ours.set(json!({ "sending_hours": { "opens_minute": 1, "closes_minute": 1_440 } })).await;
            let goal = shop.ours.open_goal(&shop.world, &shop.group, json!({})).await;
            shop.world.goals().set("closes_at", ahead(days(3))).await;
            let gate = shop.world.close_publish_gate().await;
            send_all(&shop.agent, &goal).await;
            assert_eq!(shop.world.messages().state("queued").count().await, 2);
            let caps = shop.ours.at("caps");
            shop.ours.admin.put(&caps, json!({ "daily_segments": 0 })).await.ok();
            gate.open().await;
            shop.world.messages().state("held").until(2).await;
            let tomorrow = shop.world.messages().reason("cap").and(
                "held_until = ((now() at time zone \
         'America/Los_Angeles')::date + interval '1 day 1 minute') at time zone 'America/Los_Angeles'",
            );
            assert_eq!(tomorrow.count().await, 2);
            assert!(shop.world.carrier().accepted().is_empty());
            shop.ours.admin.put(&caps, json!({ "daily_segments": null })).await.ok();
            shop.world.messages().state("delivered").until(2).await;
        })
        .await;
}

#[tokio::test]
async fn s3_a_cap_that_is_set_during_a_day_counts_what_has_gone_that_day() {
    World::with_moved_clock()
        .run(async |world| {
            world.at_the_carriers_noon().await;
            let shop = Shop::open(world, 5).await;
            let caps = shop.ours.at("caps");
            shop.ours.admin.put(&caps, json!({ "daily_segments": null })).await.ok();
            shop.goal().await;
            shop.world.messages().state("delivered").until(5).await;
            for _ in 0..2 {
                shop.ours.admin.put(&caps, json!({ "daily_segments": 7 })).await.ok();
                assert_eq!(
                    shop.world.ledgers().is("settled", 5).is("reserved", 0).is("daily_limit", 7).count().await,
                    1
                );
            }
            let plan = json!({ "release_plan": { "pace": "all_at_open", "paced_to_caps": false } });
            let second = shop.ours.open_goal(&shop.world, &shop.group, plan).await;
            shop.world.goals().set("closes_at", ahead(days(3))).await;
            send_all(&shop.agent, &second).await;
            shop.world.messages().state("held").reason("cap").until(3).await;
            shop.world.messages().state("delivered").until(7).await;
        })
        .await;
}

#[tokio::test]
async fn b6_batches_that_wait_for_the_cap_are_released_when_it_is_raised() {
    World::with_moved_clock()
        .run(async |world| {
            world.at_the_carriers_noon().await;
            let shop = Shop::open(world, 5).await;
            let caps = shop.ours.at("caps");
            shop.ours.admin.put(&caps, json!({ "daily_segments": 0 })).await.ok();
            let content = open_goal(&shop.world, json!({})).await;
            let goal = shop.ours.draft(&shop.group, content).await;
            shop.ours.goal_act(&goal, "launch").await;
            shop.world.timers().kind("batch-release").above("fire_at", now()).until(1).await;
            assert_eq!(shop.world.batches().state("held").count().await, 1);
            shop.ours.admin.put(&caps, json!({ "daily_segments": 100 })).await.ok();
            shop.world.batches().state("released").until(1).await;
        })
        .await;
}
