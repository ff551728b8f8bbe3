//! Goals and campaigns as admins write them (rules G2 to G11, M1 to M3).

use chrono::TimeDelta;
use muster_integration_tests::{Call, Organization, World, goal_at, open_goal, text};
use reqwest::Method;
use serde_json::{Value, json};

pub(crate) const DAY: (&str, &str) = ("2027-06-01T10:00:00", "2027-06-02T10:00:00");

pub(crate) fn goal(more: Value) -> Value {
    goal_at(DAY.0, DAY.1, more)
}

/// Tries to save a goal; returns the refusal.
pub(crate) async fn refused(organization: &Organization, group: &str, goal: Value) -> String {
    let body = json!({ "group_id": group, "goal": goal });
    let problem = organization.admin.post(&organization.at("goals"), body).await.problem(422, "invalid-body");
    text(&problem["detail"])
}

#[tokio::test]
async fn g3_a_window_opens_before_it_closes_and_is_at_most_31_days() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            for (opens, closes, why) in [
                ("2027-06-02T10:00:00", "2027-06-01T10:00:00", "before"),
                ("2027-06-01T10:00:00", "2027-06-01T10:00:00", "before"),
                ("2027-06-01T10:00:00", "2027-07-02T10:00:01", "31 days"),
                // The same instant in two notations.
                ("2027-06-01T10:00:00", "2027-06-01T14:00:00Z", "before"),
                ("tomorrow", "2027-06-01T14:00:00Z", "opens is neither"),
                ("2027-06-01T10:00:00", "2027-06-01", "closes is neither"),
                ("2027-06-01T10:00:00", "2027-06-01T25:00:00", "closes is neither"),
            ] {
                let said = refused(&ours, &group, goal_at(opens, closes, json!({}))).await;
                assert!(said.contains(why), "{opens} to {closes}: {said}");
            }
            // 31 days to the second, years ahead, and 31 calendar days across a change of clocks,
            // which are an hour more or less.
            ours.draft(&group, goal_at("2027-06-01T10:00:00", "2027-07-02T10:00:00", json!({}))).await;
            ours.draft(&group, goal_at("2031-06-01T10:00:00", "2031-06-02T10:00:00", json!({}))).await;
            let berlin = ours.group_in("Berlin", "Europe/Berlin").await;
            for (group, opens, closes, later) in [
                (&group, "2027-10-20T10:00:00", "2027-11-20T10:00:00", "2027-11-20T10:00:01"),
                (&group, "2027-02-20T10:00:00", "2027-03-23T10:00:00", "2027-03-23T10:00:01"),
                // 31 days of 24 hours are too long where the clocks go forward in between.
                (&group, "2027-02-20T15:00:00Z", "2027-03-23T14:00:00Z", "2027-03-23T15:00:00Z"),
                (&berlin, "2027-10-05T09:30:00", "2027-11-05T09:30:00", "2027-11-05T09:31:00"),
                (&berlin, "2027-03-05T09:30:00", "2027-04-05T09:30:00", "2027-04-05T09:31:00"),
            ] {
                ours.draft(group, goal_at(opens, closes, json!({}))).await;
                let said = refused(&ours, group, goal_at(opens, later, json!({}))).await;
                assert!(said.contains("31 days"), "{opens} to {later}: {said}");
            }
            for (opens, closes) in [
                ("2027-06-01T09:59:59", "2027-06-02T09:00:00"),
                ("2027-06-01T12:00:00", "2027-06-02T10:00:01"),
                ("2027-06-01T12:00:00", "2027-06-01T12:00:00"),
            ] {
                let reminder = json!({ "reminder": { "script": "Reply STOP", "opens": opens, "closes": closes } });
                let said = refused(&ours, &group, goal(reminder)).await;
                assert!(said.contains("reminder window"), "{said}");
            }
            assert_eq!(world.goals().count().await, 7);
        })
        .await;
}

#[tokio::test]
async fn g4_status_follows_the_record_and_the_clock() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let status = async |id: &str| text(&ours.goal(id).await["status"]);
            let act = async |id: &str, action: &str| ours.admin.act(&ours.at(&format!("goals/{id}/{action}"))).await;

            let id = ours.draft(&group, open_goal(&world, json!({})).await).await;
            assert_eq!(status(&id).await, "draft");
            for action in ["pause", "resume", "close"] {
                act(&id, action).await.problem(409, "conflict");
            }
            assert_eq!(act(&id, "launch").await.ok()["status"], "active");
            act(&id, "launch").await.problem(409, "conflict");
            act(&id, "resume").await.problem(409, "conflict");
            assert_eq!(act(&id, "pause").await.ok()["status"], "paused");
            assert_eq!(act(&id, "resume").await.ok()["status"], "active");
            // Closing wins over pausing.
            assert_eq!(act(&id, "pause").await.ok()["status"], "paused");
            assert_eq!(act(&id, "close").await.ok()["status"], "completed");
            // G6: moving the end into the future makes it active again.
            let later = open_goal(&world, json!({})).await;
            let answer = ours.admin.put(&ours.at(&format!("goals/{id}")), later).await.ok();
            assert_eq!(answer["status"], "active");

            let now = world.now().await;
            let at = |minutes| (now + TimeDelta::minutes(minutes)).to_rfc3339();
            let ahead = ours.draft(&group, goal_at(&at(60), &at(120), json!({}))).await;
            assert_eq!(act(&ahead, "launch").await.ok()["status"], "scheduled");
            let over = ours.draft(&group, goal_at(&at(-120), &at(-60), json!({}))).await;
            act(&over, "launch").await.problem(409, "conflict");
            assert_eq!(status(&over).await, "draft");

            // G8: closing before it has opened keeps the record sound.
            let closed = act(&ahead, "close").await.ok();
            assert_eq!(closed["status"], "completed", "{closed}");
            // G8: there is no way to delete.
            let answer = ours.admin.call(Method::DELETE, &ours.at(&format!("goals/{id}")), Call::empty()).await;
            answer.problem(405, "method-not-allowed");
        })
        .await;
}

/// Everything that is written can be read: an admin that edits a goal must have its type, date,
/// targeting and the rest.
#[tokio::test]
async fn a_goal_reads_back_as_it_was_written() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            world.plant_tags(&ours.id, &["a"]).await;
            let id = ours.draft(&group, goal(json!({ "targeting": { "tags_all": ["a"] } }))).await;
            let read = ours.goal(&id).await;
            let missing: Vec<&str> = ["goal_type", "date", "strategy", "targeting", "release_plan"]
                .into_iter()
                .filter(|name| read.get(name).is_none())
                .collect();
            assert!(missing.is_empty(), "{missing:?} of {read}");
        })
        .await;
}

/// Rule G11.
#[tokio::test]
async fn g11_a_local_time_in_a_gap_moves_after_it_and_one_that_happens_twice_is_the_first() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let new_york = ours.group("New York").await;
            let others = [
                // Clocks go forward at 02:00 UTC+10:30 by half an hour, and back from UTC+11.
                (
                    ours.group_in("Lord Howe", "Australia/Lord_Howe").await,
                    "2027-10-03T02:15:00",
                    "2027-10-02T15:30:00Z",
                ),
                (ours.group_in("Phoenix", "America/Phoenix").await, "2027-03-14T02:30:00", "2027-03-14T09:30:00Z"),
                (
                    ours.group_in("Los Angeles", "America/Los_Angeles").await,
                    "2027-03-14T02:30:00",
                    "2027-03-14T10:00:00Z",
                ),
                (new_york.clone(), "2027-03-14T02:30:00", "2027-03-14T07:00:00Z"),
                (new_york.clone(), "2027-03-14T02:00:00", "2027-03-14T07:00:00Z"),
                (new_york.clone(), "2027-03-14T01:59:59", "2027-03-14T06:59:59Z"),
                (new_york.clone(), "2027-03-14T03:00:00", "2027-03-14T07:00:00Z"),
                (new_york.clone(), "2027-11-07T01:30:00", "2027-11-07T05:30:00Z"),
                (new_york.clone(), "2027-11-07T02:00:00", "2027-11-07T07:00:00Z"),
                // An instant is an instant: the second half past one.
                (new_york, "2027-11-07T06:30:00Z", "2027-11-07T06:30:00Z"),
            ];
            for (group, opens, instant) in others {
                let closes = format!("{}T23:00:00", &opens[..10]);
                let id = ours.draft(&group, goal_at(opens, &closes, json!({}))).await;
                let read = ours.goal(&id).await;
                assert_eq!(read["opens_at"], instant, "{opens} in {}", read["zone"]);
                if !opens.ends_with('Z') {
                    assert_eq!(read["opens"], opens, "the local intent is kept");
                }
            }
            // A window that is empty only because of the gap is empty.
            let said = refused(
                &ours,
                &ours.group("Gap").await,
                goal_at("2027-03-14T02:10:00", "2027-03-14T02:50:00", json!({})),
            )
            .await;
            assert!(said.contains("before"), "{said}");
        })
        .await;
}

/// A cursor is a place in the list's order, and no item that must be there.
#[tokio::test]
async fn a_cursor_holds_good_when_its_item_is_gone() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let mut made = Vec::new();
            for name in ["one", "two", "three"] {
                let source = json!({ "group_id": group, "name": name });
                made.push(text(&ours.admin.post(&ours.at("import-sources"), source).await.ok()["id"]));
            }
            let first = ours.admin.get(&ours.at("import-sources?limit=2")).await.ok();
            assert_eq!(text(&first["next"]), made[1]);
            let gone = ours.at(&format!("import-sources/{}", made[1]));
            ours.admin.call(Method::DELETE, &gone, Call::empty()).await.ok();
            let next = ours.admin.get(&ours.at(&format!("import-sources?limit=2&cursor={}", made[1]))).await.ok();
            let items: Vec<_> = next["items"].as_array().unwrap().iter().map(|source| text(&source["id"])).collect();
            assert_eq!((items, &next["next"]), (vec![made[2].clone()], &json!(null)));
        })
        .await;
}

/// Lists have cursors, and every page but the last is full.
#[tokio::test]
async fn lists_come_in_pages_that_neither_repeat_nor_lose() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let mut made = Vec::new();
            for _ in 0..5 {
                made.push(ours.draft(&group, goal(json!({}))).await);
            }
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            for _ in 0..5 {
                let page = ours.admin.get(&ours.at(&format!("goals?limit=2{cursor}"))).await.ok();
                seen.extend(page["items"].as_array().unwrap().iter().map(|goal| text(&goal["id"])));
                let Some(next) = page["next"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(seen, made);
        })
        .await;
}
