//! Caps by default: tiers, and brands that organizations share (rules S3, S9 and S10).

use muster_integration_tests::{Client, Organization, World, ahead, days, text};
use serde_json::{Value, json};

use crate::rates::send_all;

async fn made(admin: &Client, name: &str, tax_number: Option<&str>) -> Organization {
    let mut body = json!({ "name": name });
    if let Some(number) = tax_number {
        body["tax_number"] = json!(number);
    }
    let id = text(&admin.post("/v1/organizations", body).await.ok()["id"]);
    let organization = Organization { path: format!("/v1/organizations/{id}"), id, admin: admin.clone() };
    let always = json!({
        "recipient_safe": false, "law_strictness": "off", "number_segments_per_minute": 60_000,
        "sending_hours": { "opens_minute": 0, "closes_minute": 1440 },
    });
    organization.set(always).await;
    organization
}

#[tokio::test]
async fn s3_a_new_brand_has_the_strictest_tier_until_an_admin_sets_its_own() {
    World::with_api()
        .run(async |world| {
            let ours = made(&world.account("Ours").await, "Ours", None).await;
            let read = async |path: &str| ours.admin.get(&ours.at(path)).await.ok();
            let tiers = read("cap-tiers").await;
            let capped = tiers.as_array().unwrap().iter().filter(|tier| tier["daily_segments"].is_i64());
            let strictest = capped.min_by_key(|tier| tier["daily_segments"].as_i64()).unwrap();
            assert_eq!(tiers.as_array().unwrap().len(), 9);
            assert!(tiers.as_array().unwrap().iter().all(|tier| !text(&tier["source"]).is_empty()));
            let caps = read("caps").await;
            assert_eq!(caps["tier"], strictest["tier"]);
            assert_eq!(caps["caps"], json!([{ "carrier": "t-mobile", "daily_segments": 1_000 }]));

            let put = async |tier: &str| ours.admin.put(&ours.at("cap-tier"), json!({ "tier": tier })).await;
            assert_eq!(put("trust_51").await.ok()["daily_segments"], 40_000);
            assert_eq!(read("caps").await["caps"][0]["daily_segments"], 40_000);
            put("campaign_verify").await.ok();
            assert_eq!(
                (&read("caps").await["caps"], &read("cap-tier").await["tier"]),
                (&json!([]), &json!("campaign_verify"))
            );
            put("no_such").await.problem(422, "invalid-body");
            // A cap of the brand's own is no tier's.
            ours.admin.put(&ours.at("caps"), json!({ "daily_segments": 5_000 })).await.ok();
            assert_eq!(read("cap-tier").await["tier"], Value::Null);

            let group = ours.group("One").await;
            let (admin, _) = ours.member_of("group_admin", &[&group]).await;
            admin.client.put(&ours.at("cap-tier"), json!({ "tier": "trust_1" })).await.problem(403, "forbidden");
        })
        .await;
}

#[tokio::test]
async fn s3_organizations_under_one_tax_number_share_a_ledger_to_the_last_segment() {
    World::with_engine()
        .run(async |world| {
            let account = world.account("Ours").await;
            let (one, two) =
                tokio::join!(made(&account, "One", Some("12-3456789")), made(&account, "Two", Some("12-3456789")));
            let apart = made(&account, "Apart", Some("98-7654321")).await;
            assert_eq!(account.get(&two.at("cap-tier")).await.ok()["organizations"], 2);
            assert_eq!(account.get(&apart.at("cap-tier")).await.ok()["organizations"], 1);
            // Another account's brand of the same number is its own.
            let foreign = made(&world.account("Foreign").await, "Foreign", Some("12-3456789")).await;
            assert_eq!(foreign.admin.get(&foreign.at("cap-tier")).await.ok()["organizations"], 1);

            account.put(&one.at("caps"), json!({ "daily_segments": 5 })).await.ok();
            assert_eq!(account.get(&two.at("caps")).await.ok()["caps"][0]["daily_segments"], 5);
            let boss = one.member("organization_admin").await;
            boss.client.put(&one.at("caps"), json!({ "daily_segments": 9 })).await.problem(403, "forbidden");

            let plan = json!({ "release_plan": { "pace": "all_at_open", "paced_to_caps": false } });
            for organization in [&one, &two] {
                let group = organization.group("One").await;
                let (agent, _) = organization.agent(&group).await;
                organization.contacts(&group, 4).await;
                let goal = organization.open_goal(&world, &group, plan.clone()).await;
                world.goals().id(&goal).set("closes_at", ahead(days(3))).await;
                send_all(&agent.client, &goal).await;
            }
            world.messages().state("delivered").until(5).await;
            world.messages().state("held").reason("cap").until(3).await;
            world.settled().await;
            assert_eq!(world.ledgers().above("settled", 0).the::<i64>("settled").await, 5);

            // A greater cap moves the waiting texts of both.
            account.put(&two.at("cap-tier"), json!({ "tier": "low_volume" })).await.ok();
            world.messages().state("delivered").until(8).await;
            world.settled().await;
            assert_eq!(world.ledgers().above("settled", 0).the::<i64>("settled").await, 8);
        })
        .await;
}

#[tokio::test]
async fn s3_a_tax_number_of_another_form_is_refused() {
    World::with_api()
        .run(async |world| {
            let account = world.account("Ours").await;
            for number in ["", "123456789", "123-45-6789", "12-345678", "1a-3456789"] {
                let body = json!({ "name": "One", "tax_number": number });
                account.post("/v1/organizations", body).await.problem(422, "invalid-body");
            }
        })
        .await;
}
