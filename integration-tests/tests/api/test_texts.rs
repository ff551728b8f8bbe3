//! A goal's text on an admin's own phone (rules S1, S3 and S9).

use muster_integration_tests::{World, text};
use serde_json::json;

use crate::goals::goal;

#[tokio::test]
async fn s1_a_goals_text_is_tested_on_a_phone_that_has_proved_itself() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (group, other) = (ours.group("One").await, ours.group("Other").await);
            let (_, number) = ours.agent(&group).await;
            ours.contacts(&group, 1).await;
            let script = "Hi {{first_name}} of {{postal_code|your ward}}! {{agent.first_name}}. Reply STOP";
            let id = ours.draft(&group, goal(json!({ "script": script }))).await;
            let path = ours.at(&format!("goals/{id}/test-text"));
            let phone = "+16465559000";
            let body = json!({ "phone": phone });
            let words = text(&ours.admin.get(&ours.at("test-phone")).await.ok()["text"]);
            let refused = ours.admin.post(&path, body.clone()).await.problem(409, "conflict");
            assert!(text(&refused["detail"]).contains(&words), "{refused}");
            world.text_as("SMown", phone, &number, &format!(" {} ", words.to_lowercase())).await.ok();
            world.messages().kind("inbound").until(1).await;

            // It counts under the brand's caps, and is no text of the goal.
            ours.admin.put(&ours.at("caps"), json!({ "daily_segments": 100 })).await.ok();
            let sent = ours.admin.post(&path, body.clone()).await.ok();
            let wanted = "[Test] Hi First of your ward! First. Reply STOP";
            assert_eq!((&sent["text"], &sent["segments"]["segments"]), (&json!(wanted), &json!(1)), "{sent}");
            world.messages().kind("test").state("delivered").until(1).await;
            let accepted = world.carrier().accepted();
            assert_eq!((accepted.len(), accepted[0].to.as_str(), accepted[0].body.as_str()), (1, phone, wanted));
            world.ledgers().is("settled", 1).until(1).await;
            let stats = ours.admin.get(&ours.at(&format!("goals/{id}/stats"))).await.ok();
            assert_eq!((&stats["messaged"], &stats["messages"]), (&json!(0), &json!({})), "{stats}");

            // As a contact of the group.
            let ada = text(&ours.contact("+16465550000").await["id"]);
            let as_ada = ours.admin.post(&path, json!({ "phone": phone, "contact_id": ada })).await.ok();
            assert_eq!(as_ada["text"], "[Test] Hi Ada0 of your ward! First. Reply STOP");
            world.messages().kind("test").state("delivered").until(2).await;

            // The proof is the admin's and the group's own.
            let (mate, _) = ours.member_of("group_admin", &[&group]).await;
            mate.client.post(&path, body.clone()).await.problem(409, "conflict");
            let elsewhere = ours.draft(&other, goal(json!({}))).await;
            let there = ours.at(&format!("goals/{elsewhere}/test-text"));
            ours.admin.post(&there, body.clone()).await.problem(409, "conflict");
            ours.admin.post(&path, json!({ "phone": "+16465550000" })).await.problem(409, "conflict");
            ours.admin.post(&path, json!({ "phone": phone, "reminder": true })).await.problem(409, "conflict");
        })
        .await;
}

#[tokio::test]
async fn s9_no_test_goes_to_a_phone_that_has_opted_out_nor_more_than_ten_an_hour() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (_, number) = ours.agent(&group).await;
            let id = ours.draft(&group, goal(json!({}))).await;
            let path = ours.at(&format!("goals/{id}/test-text"));
            let phone = "+16465559000";
            let words = text(&ours.admin.get(&ours.at("test-phone")).await.ok()["text"]);
            world.text_as("SMown", phone, &number, &words).await.ok();
            world.messages().kind("inbound").until(1).await;
            for _ in 0..10 {
                ours.admin.post(&path, json!({ "phone": phone })).await.ok();
            }
            let full = ours.admin.post(&path, json!({ "phone": phone })).await;
            full.problem(429, "reply-limit");
            world.messages().kind("test").state("delivered").until(10).await;
            world
                .execute(&["update message set created_at = created_at - interval '61 minutes' where kind = 'test'"])
                .await;
            world.text_as("SMstop", phone, &number, "STOP").await.ok();
            world.contacts().has("opted_out_at").until(1).await;
            ours.admin.post(&path, json!({ "phone": phone })).await.ok();
            world.messages().kind("test").state("cancelled").reason("opted_out").until(1).await;
        })
        .await;
}
