//! Bounds of settings, caps and hours (rules S3, S5, B1, B3, W3 and M3).

use muster_integration_tests::World;
use serde_json::json;

/// Rules S3, S5, B1, B3, W3 and M3: settings have bounds.
#[tokio::test]
async fn settings_caps_and_hours_are_validated() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let before = world.contents().await;
            let mut wrong = Vec::new();
            for settings in [
                json!({ "batch_size": 0 }),
                json!({ "batch_size": 1_001 }),
                json!({ "lease_minutes": 0 }),
                json!({ "lease_minutes": 1_441 }),
                json!({ "response_window_minutes": 0 }),
                json!({ "group_contact_limit": 0 }),
                json!({ "agent_contact_limit": -1 }),
                json!({ "max_segments": 0 }),
                json!({ "max_segments": 58 }),
                json!({ "law_strictness": "strict" }),
                json!({ "number_segments_per_minute": 0 }),
                json!({ "number_segments_per_minute": 60_001 }),
                json!({ "unknown_carriers": "some" }),
                json!({ "initials_per_day": -1 }),
                json!({ "initials_per_day": 101 }),
                json!({ "sending_hours": { "opens_minute": 600, "closes_minute": 600 } }),
                json!({ "sending_hours": { "opens_minute": 1_200, "closes_minute": 480 } }),
                json!({ "sending_hours": { "opens_minute": 0, "closes_minute": 1_441 } }),
                json!({ "sending_hours": { "opens_minute": -1, "closes_minute": 600 } }),
                json!({ "sending_hours": { "opens_minute": 0 } }),
                json!({ "sending_hours": { "opens_minute": 0, "closes_minute": 600, "days": 7 } }),
                json!({ "opt_out_text": "" }),
                json!({ "opt_out_text": "x".repeat(321) }),
                json!({ "help_text": " " }),
                json!({ "opt_out_keywords": ["x".repeat(41)] }),
                // One bad setting takes the good one along.
                json!({ "batch_size": 7, "max_segments": 58 }),
            ] {
                let answer = ours.admin.patch(&ours.path, settings.clone()).await;
                wrong.extend(answer.wrong_problem(&[(422, "invalid-body")]));
            }
            for cap in
                [json!({ "daily_segments": -1 }), json!({ "daily_segments": "many" }), json!({ "daily_segments": 1.5 })]
            {
                let answer = ours.admin.put(&ours.at("caps"), cap).await;
                wrong.extend(answer.wrong_problem(&[(422, "invalid-body")]));
            }
            for rate in [
                json!({ "carrier": "att" }),
                json!({ "carrier": "att", "segments_per_minute": 0 }),
                json!({ "carrier": "AT&T", "segments_per_minute": 60 }),
            ] {
                let answer = ours.admin.put(&ours.at("rates"), rate).await;
                wrong.extend(answer.wrong_problem(&[(422, "invalid-body")]));
            }
            assert!(wrong.is_empty(), "{wrong:#?}");
            assert_eq!(world.contents().await, before);

            let settings = json!({
                "batch_size": 1_000, "lease_minutes": 1_440, "max_segments": 3, "opt_out_keywords": ["Basta"],
                "sending_hours": { "opens_minute": 540, "closes_minute": 1_260 },
            });
            let answer = ours.admin.patch(&ours.path, settings.clone()).await.ok();
            for (name, value) in settings.as_object().unwrap() {
                assert_eq!(&answer["settings"][name], value);
            }
            assert_eq!(answer["settings"]["response_window_minutes"], 60, "what is absent stays");
            let caps = ours.at("caps");
            ours.admin.put(&caps, json!({ "daily_segments": 2_000 })).await.ok();
            let read = ours.admin.get(&caps).await.ok();
            assert_eq!(read["caps"][0]["daily_segments"], 2_000, "{read}");
            ours.admin.put(&caps, json!({ "daily_segments": null })).await.ok();
            assert_eq!(ours.admin.get(&caps).await.ok()["caps"], json!([]));
        })
        .await;
}
