//! Goals in lists, drafts that are not finished, and defaults of types (rules G1, G2, G4 and
//! G12).

use chrono::TimeDelta;
use muster_integration_tests::{Organization, World, goal_at, set, text};
use serde_json::{Value, json};

use crate::goals::{goal, refused};

async fn ids(ours: &Organization, query: &str) -> Vec<String> {
    let page = ours.admin.get(&ours.at(&format!("goals?{query}"))).await.ok();
    page["items"].as_array().unwrap().iter().map(|goal| text(&goal["id"])).collect()
}

#[tokio::test]
async fn g4_goals_are_listed_by_status() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let now = world.now().await;
            let at = |minutes| (now + TimeDelta::minutes(minutes)).to_rfc3339();
            let new = async |opens, closes| ours.draft(&group, goal_at(&at(opens), &at(closes), json!({}))).await;
            let draft = new(-60, 60).await;
            let [scheduled, active, paused, completed] =
                [new(60, 120).await, new(-60, 60).await, new(-60, 60).await, new(-60, 60).await];
            for id in [&scheduled, &active, &paused, &completed] {
                ours.goal_act(id, "launch").await;
            }
            ours.goal_act(&paused, "pause").await;
            ours.goal_act(&completed, "pause").await;
            ours.goal_act(&completed, "close").await;
            for (status, wanted) in [
                ("draft", &draft),
                ("scheduled", &scheduled),
                ("active", &active),
                ("paused", &paused),
                ("completed", &completed),
            ] {
                assert_eq!(ids(&ours, &format!("status={status}")).await, [wanted.clone()], "{status}");
            }
            assert_eq!(ids(&ours, "").await.len(), 5);
            ours.admin.get(&ours.at("goals?status=over")).await.problem(400, "invalid-parameter");
            let empty = ours.group("Two").await;
            assert_eq!(ids(&ours, &format!("status=active&group_id={empty}")).await, [""; 0]);
        })
        .await;
}

#[tokio::test]
async fn g12_a_list_tells_the_figures_of_each_goal_when_asked() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, _) = ours.agent(&group).await;
            ours.contacts(&group, 4).await;
            ours.set(json!({ "batch_size": 2 })).await;
            let id = ours.open_goal(&world, &group, json!({})).await;
            let draft = ours.draft(&group, goal(json!({}))).await;
            let batch = agent.client.claim(&id, "initial").await;
            agent.client.send(&batch).await.ok();
            world.messages().state("delivered").until(2).await;
            world.execute(&["update target set answer = 'yes', answered_at = now(), replied_at = now() where position = 1"]).await;
            let page = ours.admin.get(&ours.at("goals?figures=true")).await.ok();
            let figures = |of: &str| {
                let items = page["items"].as_array().unwrap();
                items.iter().find(|goal| goal["id"] == of).unwrap()["figures"].clone()
            };
            let wanted = json!({
                "targeted": 4, "messaged": 2, "waiting": 0, "skipped": 0, "replied": 1, "yes": 1, "no": 0, "maybe": 0, "opted_out": 0,
            });
            assert_eq!(figures(&id), wanted);
            assert_eq!(figures(&draft)["targeted"], 0);
            assert_eq!(ours.goal(&id).await["figures"], Value::Null);
            assert_eq!(ours.admin.get(&ours.at("goals")).await.ok()["items"][0]["figures"], Value::Null);
        })
        .await;
}

/// Members that a type has a default for may be left out, and so may a draft's script.
fn bare(goal_type: &str, date: &str) -> Value {
    json!({ "name": "Rally", "goal_type": goal_type, "date": date })
}

#[tokio::test]
async fn g1_each_type_has_its_own_date_and_default_window() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            // Clocks go forward on 2027-03-14 in New York, and nowhere else of these.
            for (zone, event, turnout) in [
                ("America/New_York", "2027-03-09T15:00:00Z", "2027-03-16T00:00:00Z"),
                ("America/Phoenix", "2027-03-09T17:00:00Z", "2027-03-16T03:00:00Z"),
                ("Pacific/Honolulu", "2027-03-09T20:00:00Z", "2027-03-16T06:00:00Z"),
            ] {
                let group = ours.group_in(zone, zone).await;
                let id = ours.draft(&group, bare("event", "2027-03-16T19:30:00")).await;
                let read = ours.goal(&id).await;
                assert_eq!(
                    (&read["opens"], &read["closes"]),
                    (&json!("2027-03-09T10:00:00"), &json!("2027-03-16T19:30:00"))
                );
                assert_eq!(read["opens_at"], event, "{zone}");
                let id = ours.draft(&group, bare("turnout", "2027-03-15")).await;
                let read = ours.goal(&id).await;
                assert_eq!(
                    (&read["opens"], &read["closes"]),
                    (&json!("2027-03-01T10:00:00"), &json!("2027-03-15T20:00:00"))
                );
                assert_eq!(
                    (&read["closes_at"], &read["date"]),
                    (&json!(turnout), &json!("2027-03-15T00:00:00")),
                    "{zone}"
                );
            }
            let group = ours.group("One").await;
            let mut shift = bare("volunteer_shift", "2027-03-16T09:00:00");
            set(&mut shift, json!({ "reminder": { "script": "See you! Reply STOP" } }));
            let read = ours.goal(&ours.draft(&group, shift).await).await;
            assert_eq!(
                (&read["opens"], &read["closes"]),
                (&json!("2027-03-13T10:00:00"), &json!("2027-03-16T09:00:00"))
            );
            assert_eq!(read["reminder_opens"], "2027-03-15T10:00:00");
            assert_eq!(read["reminder_closes"], "2027-03-16T09:00:00");
            for (goal_type, date, why) in [
                ("event", "2027-03-16", "the start of a event has a time of day"),
                ("volunteer_shift", "2027-03-16", "has a time of day"),
                ("survey", "2027-02-30", "date is neither"),
                ("survey", "1999-02-03", "years 2000 to 2199"),
            ] {
                let said = refused(&ours, &group, bare(goal_type, date)).await;
                assert!(said.contains(why), "{goal_type} {date}: {said}");
            }
        })
        .await;
}

#[tokio::test]
async fn g1_the_date_fills_the_variables_that_its_type_has() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            ours.contacts(&group, 1).await;
            let words = "{{goal.day}}, {{goal.date}}";
            let with = |goal_type: &str, date: &str, script: &str| {
                let mut goal = bare(goal_type, date);
                set(&mut goal, json!({ "script": format!("{script}. Reply STOP") }));
                goal
            };
            let shown = async |goal: Value| {
                let id = ours.draft(&group, goal).await;
                text(&ours.admin.get(&ours.at(&format!("goals/{id}/preview/texts"))).await.ok()["texts"][0]["text"])
            };
            let event = with("event", "2027-03-16T19:30:00", &format!("{words} at {{{{goal.time}}}}"));
            assert_eq!(shown(event).await, "Tuesday, Tuesday, March 16 at 7:30 PM. Reply STOP");
            let shift = with("volunteer_shift", "2027-03-16T09:00:00", "{{goal.time}}");
            assert_eq!(shown(shift).await, "9 AM. Reply STOP");
            assert_eq!(shown(with("survey", "2027-03-16", words)).await, "Tuesday, Tuesday, March 16. Reply STOP");
            for goal_type in ["turnout", "fundraising", "advocacy", "survey", "custom"] {
                let said = refused(&ours, &group, with(goal_type, "2027-03-16", "{{goal.time|soon}}")).await;
                assert!(said.contains("{{goal.time}} is of events and shifts"), "{said}");
            }
        })
        .await;
}

#[tokio::test]
async fn g2_a_draft_may_be_without_a_script_and_is_not_launched_before() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let id = ours.draft(&group, bare("event", "2027-03-16T19:30:00")).await;
            let path = ours.at(&format!("goals/{id}"));
            assert_eq!(ours.goal(&id).await["script"], "");
            ours.admin.get(&format!("{path}/preview")).await.ok();
            let problem = ours.admin.act(&format!("{path}/launch")).await.problem(409, "conflict");
            assert!(text(&problem["detail"]).contains("no script"), "{problem}");
            let mut whole = bare("event", "2027-03-16T19:30:00");
            set(&mut whole, json!({ "script": "Come! Reply STOP" }));
            ours.admin.put(&path, whole).await.ok();
            ours.goal_act(&id, "launch").await;
            ours.admin.put(&path, bare("event", "2027-03-16T19:30:00")).await.problem(409, "conflict");
        })
        .await;
}
