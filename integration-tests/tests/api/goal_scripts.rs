//! Scripts of goals, checked when they are saved and again before they go out (rules M1 to M3).

use muster_integration_tests::{World, text};
use serde_json::json;

use crate::goals::{DAY, goal, refused};

#[tokio::test]
async fn m1_m2_m3_a_script_that_cannot_be_sent_is_refused_when_it_is_saved() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let long = |length: usize| format!("Reply STOP to quit. {}", "x".repeat(length - 20));
            let reminder = |script: &str| json!({ "reminder": { "script": script, "opens": DAY.0, "closes": DAY.1 } });
            for (more, why) in [
                (json!({ "script": "{{first_nam}} STOP" }), "script: unknown merge field {{first_nam}}"),
                (json!({ "script": "{{FIRST_NAME}} STOP" }), "unknown merge field {{FIRST_NAME}}"),
                (json!({ "script": "{{precinct|yours}} STOP" }), "unknown merge field {{precinct}}"),
                (
                    json!({ "script": "STOP {{first_name" }),
                    "script: the merge field that begins at character 5 is not closed",
                ),
                (json!({ "reminder": { "script": "  " } }), "reminder.script: the script is empty"),
                (json!({ "script": "Vote!" }), "script: the script has no opt-out language"),
                (json!({ "script": "Meet at the bus stops" }), "opt-out language"),
                (json!({ "script": "Vote at the bus stop!" }), "opt-out language"),
                (json!({ "script": "Vote! STOP" }), "opt-out language"),
                (json!({ "script": "Vote! Reply HALT to quit" }), "opt-out language"),
                (json!({ "script": "Vote! {{first_name|Reply STOP to quit}}" }), "opt-out language"),
                (json!({ "script": "Hi {first_name}! Reply STOP" }), "script: {first_name} looks like a merge field"),
                (
                    json!({ "script": "Hi [first_name]! Reply STOP" }),
                    "[first_name] looks like a merge field and is none: write {{first_name}}",
                ),
                (json!({ "script": "Hi *|FNAME|*! Reply STOP" }), "*|FNAME|* looks like a merge field"),
                (reminder("Hi %first_name%! Reply STOP"), "reminder.script: %first_name% looks like a merge field"),
                (json!({ "script": long(1_601) }), "1600"),
                (reminder("Vote!"), "reminder.script: the script has no opt-out language"),
                (reminder("{{nope}} STOP"), "reminder.script: unknown merge field {{nope}}"),
                (reminder(&long(501)), "reminder.script: the script has 501 characters, at most 500"),
            ] {
                let said = refused(&ours, &group, goal(more.clone())).await;
                assert!(said.contains(why), "{}: {said}", more.to_string().chars().take(80).collect::<String>());
            }
            assert_eq!(world.goals().count().await, 0);
            ours.draft(&group, goal(json!({ "script": long(1_600) }))).await;
            ours.draft(&group, goal(reminder(&long(500)))).await;
            // M2 is a setting.
            ours.set(json!({ "require_opt_out_language": false })).await;
            ours.draft(&group, goal(json!({ "script": "Vote!" }))).await;
        })
        .await;
}

/// Rule M2: a script that was saved under other settings is checked again before it goes out, and
/// before it is copied or edited.
#[tokio::test]
async fn m2_scripts_are_checked_again_when_they_are_launched_copied_or_edited() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            ours.set(json!({ "opt_out_keywords": ["Halt!"] })).await;
            let own_word = json!({ "script": "Vote! Reply HALT to quit" });
            let initial = ours.draft(&group, goal(own_word.clone())).await;
            let reminder = json!({ "script": "Reply HALT to quit", "opens": DAY.0, "closes": DAY.1 });
            let reminds = ours.draft(&group, goal(json!({ "reminder": reminder }))).await;
            let launched = ours.draft(&group, goal(own_word.clone())).await;
            ours.goal_act(&launched, "launch").await;

            ours.set(json!({ "opt_out_keywords": [] })).await;
            for (id, name) in [(&initial, "script: "), (&reminds, "reminder.script: ")] {
                let path = ours.at(&format!("goals/{id}"));
                let answer = ours.admin.act(&format!("{path}/launch")).await.problem(409, "conflict");
                let said = text(&answer["detail"]);
                assert!(said.starts_with(name) && said.contains("opt-out language"), "{said}");
                assert!(ours.goal(id).await["launched_at"].is_null());
                let copy = json!({ "group_ids": [group] });
                ours.admin.post(&format!("{path}/duplicate"), copy).await.problem(422, "invalid-body");
            }
            let path = ours.at(&format!("goals/{launched}"));
            ours.admin.put(&path, goal(own_word.clone())).await.problem(422, "invalid-body");
            let campaign = json!({ "name": "All", "group_ids": [group], "goal": goal(own_word) });
            ours.admin.post(&ours.at("campaigns"), campaign).await.problem(422, "invalid-body");
            assert_eq!(world.goals().count().await, 3);

            ours.set(json!({ "opt_out_keywords": ["halt"] })).await;
            for id in [&initial, &reminds] {
                ours.goal_act(id, "launch").await;
            }
        })
        .await;
}

/// Rule M1: the fields that an import makes can be merged, by the organization that has them.
#[tokio::test]
async fn m1_an_imported_files_custom_fields_can_be_merged() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let script = json!({ "script": "Hi, precinct {{Precinct}}! Reply STOP" });
            refused(&ours, &group, goal(script.clone())).await;
            ours.import(
                &format!("file_name=c.csv&group_id={group}"),
                "first,last,phone,Precinct\nAda,L,6465550001,12\n",
            )
            .await;
            ours.draft(&group, goal(script.clone())).await;
            let other = world.organization("Other").await;
            let their_group = other.group("Theirs").await;
            refused(&other, &their_group, goal(script)).await;
        })
        .await;
}
