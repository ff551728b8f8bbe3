//! Inputs of a forecast beside caps and hours (rules S7, S10 and S11).

use chrono::{DateTime, TimeDelta, Utc};
use muster_integration_tests::{Organization, World, ago, days, open_goal};
use serde_json::{Value, json};

/// Returns a draft for five contacts of a carrier that does not cap, and its forecast.
async fn draft(world: &World) -> (Organization, String) {
    let ours = world.organization("Ours").await;
    let group = ours.group("One").await;
    ours.agent(&group).await;
    ours.contacts(&group, 5).await;
    ours.admin.put(&ours.at("caps"), json!({ "daily_segments": 0 })).await.ok();
    ours.admin.put(&ours.at("caps"), json!({ "carrier": "us-cellular", "daily_segments": 1 })).await.ok();
    world.execute(&["update contact set carrier = 'verizon', looked_up_at = now()"]).await;
    let goal = ours.draft(&group, open_goal(world, json!({})).await).await;
    (ours, goal)
}

async fn forecast(ours: &Organization, goal: &str) -> Value {
    ours.admin.get(&ours.at(&format!("goals/{goal}/forecast"))).await.ok()
}

#[tokio::test]
async fn s11_a_carrier_that_was_looked_up_too_long_ago_counts_as_unknown() {
    World::with_engine()
        .run(async |world| {
            let (ours, goal) = draft(&world).await;
            let told = forecast(&ours, &goal).await;
            assert_eq!((&told["reached"], &told["unreached"]), (&json!(5), &json!(0)), "{told}");
            world.contacts().set("looked_up_at", ago(days(91))).await;
            let told = forecast(&ours, &goal).await;
            assert_eq!(
                (&told["reached"], &told["unreached"]),
                (&json!(0), &json!(5)),
                "under the strictest cap: {told}"
            );
        })
        .await;
}

#[tokio::test]
async fn s11_a_carriers_hold_puts_the_end_off_until_it_is_over() {
    World::with_engine()
        .run(async |world| {
            let (ours, goal) = draft(&world).await;
            let hold =
                "insert into brand_hold (brand_id, reason, until, code) select id, 'carrier', {until}, 30022 from brand
                on conflict (brand_id) do update set until = excluded.until";
            let held = async |until: &str| world.execute(&[&hold.replace("{until}", until)]).await;
            held("now() + interval '1 hour'").await;
            let told = forecast(&ours, &goal).await;
            let finishes: DateTime<Utc> = told["finishes_at"].as_str().unwrap().parse().unwrap();
            let until: DateTime<Utc> = world.brand_holds().the("until").await;
            assert!(finishes > until && finishes < until + TimeDelta::minutes(30), "{told}");
            // The goal closes in two hours.
            held("now() + interval '1 day'").await;
            let told = forecast(&ours, &goal).await;
            assert_eq!(
                (&told["unreached"], &told["unreached_contacts"][0]["why"]),
                (&json!(5), &json!("time")),
                "{told}"
            );
            held("null").await;
            assert_eq!(forecast(&ours, &goal).await["reached"], 5, "as if an admin had ended it");
        })
        .await;
}
