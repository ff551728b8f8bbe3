//! Goals and campaigns as admins write them (rules G2 to G11, M1 to M3).

use muster_integration_tests::{Call, Organization, World, goal_at, open_goal, set, text};
use std::collections::BTreeSet;

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

const DAY: (&str, &str) = ("2027-06-01T10:00:00", "2027-06-02T10:00:00");

fn goal(more: Value) -> Value {
    goal_at(DAY.0, DAY.1, more)
}

/// Tries to save a goal; returns the refusal.
async fn refused(organization: &Organization, group: &str, goal: Value) -> String {
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
                (json!({ "script": "  " }), "script: the script is empty"),
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

#[tokio::test]
async fn g6_after_launch_targeting_type_and_reminders_stay_and_the_rest_can_change() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let content = goal(json!({}));
            let id = ours.draft(&group, content.clone()).await;
            let path = ours.at(&format!("goals/{id}"));
            ours.goal_act(&id, "launch").await;
            let before = world.contents().await;
            let reminder = json!({ "script": "Reply STOP", "opens": DAY.0, "closes": DAY.1 });
            for more in [
                json!({ "targeting": { "tags_all": ["a"] } }),
                json!({ "goal_type": "turnout" }),
                json!({ "strategy": "assigned" }),
                json!({ "release_plan": { "pace": { "every": { "batches": 1, "minutes": 5 } } } }),
                json!({ "reminder": reminder }),
            ] {
                let mut edit = content.clone();
                set(&mut edit, more.clone());
                ours.admin.put(&path, edit).await.problem(409, "conflict");
                assert_eq!(world.contents().await, before, "{more}");
            }
            let mut edit = content.clone();
            set(
                &mut edit,
                json!({
                    "name": "March", "description": "For us", "instructions": "Be kind", "script": "Come! Reply STOP",
                    "date": "2027-06-05T09:00:00", "opens": "2027-06-01T11:00:00", "closes": "2027-06-03T10:00:00",
                }),
            );
            let answer = ours.admin.put(&path, edit).await.ok();
            for (name, value) in [
                ("name", "March"),
                ("description", "For us"),
                ("instructions", "Be kind"),
                ("script", "Come! Reply STOP"),
                ("opens_at", "2027-06-01T15:00:00Z"),
                ("closes_at", "2027-06-03T14:00:00Z"),
            ] {
                assert_eq!(answer[name], value, "{answer}");
            }
            let timers = "timer where fire_at in ('2027-06-01T15:00:00Z', '2027-06-03T14:00:00Z')";
            assert_eq!(world.count(timers).await, 2, "the timers have moved with it");

            // With reminders on, they cannot go off; their script can change.
            let with = goal(json!({ "reminder": reminder }));
            let id = ours.draft(&group, with.clone()).await;
            let path = ours.at(&format!("goals/{id}"));
            ours.goal_act(&id, "launch").await;
            ours.admin.put(&path, content).await.problem(409, "conflict");
            let mut edit = with;
            edit["reminder"]["script"] = "See you! Reply STOP".into();
            assert_eq!(ours.admin.put(&path, edit).await.ok()["reminder_script"], "See you! Reply STOP");
        })
        .await;
}

/// Rule G6 speaks of fields that cannot change after launch: a draft is still being written.
#[tokio::test]
async fn g6_everything_of_a_draft_can_change() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let id = ours.draft(&group, goal(json!({}))).await;
            let path = ours.at(&format!("goals/{id}"));
            let mut wrong = Vec::new();
            for more in [
                json!({ "targeting": { "tags_all": ["a"] } }),
                json!({ "reminder": { "script": "Reply STOP", "opens": DAY.0, "closes": DAY.1 } }),
                json!({ "goal_type": "turnout" }),
                json!({ "strategy": "assigned" }),
                json!({ "release_plan": { "pace": { "every": { "batches": 1, "minutes": 5 } } } }),
            ] {
                let answer = ours.admin.put(&path, goal(more)).await;
                if answer.status != 200 {
                    wrong.push(answer.text);
                }
            }
            assert!(wrong.is_empty(), "{wrong:#?}");
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

#[tokio::test]
async fn an_edit_of_an_old_version_answers_412() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let id = ours.draft(&group, goal(json!({}))).await;
            let path = ours.at(&format!("goals/{id}"));
            let read = ours.admin.get(&path).await;
            let etag = read.header("etag").to_owned();
            assert_eq!(etag, format!("\"{}\"", read.ok()["version"]));
            let put = async |etag: &str, name: &str| {
                let call = Call::json(&goal(json!({ "name": name }))).header("if-match", etag);
                ours.admin.call(Method::PUT, &path, call).await
            };
            let first = put(&etag, "First").await;
            first.ok();
            assert_ne!(first.header("etag"), etag);
            put(&etag, "Second").await.problem(412, "edited-meanwhile");
            put("\"garbage\"", "Third").await.problem(412, "edited-meanwhile");
            assert_eq!(ours.goal(&id).await["name"], "First");
            put(first.header("etag"), "Fourth").await.ok();

            // Two at once: one of them wins.
            let etag = ours.admin.get(&path).await.header("etag").to_owned();
            let (one, two) = tokio::join!(put(&etag, "One"), put(&etag, "Two"));
            let statuses = BTreeSet::from([one.status, two.status]);
            assert_eq!(statuses, BTreeSet::from([200, 412]));
        })
        .await;
}

/// RFC 9110, section 13.1.1: `If-Match: *` is any version, and a list is any of its versions.
#[tokio::test]
async fn if_match_takes_a_star_and_a_list() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let id = ours.draft(&group, goal(json!({}))).await;
            let path = ours.at(&format!("goals/{id}"));
            let mut wrong = Vec::new();
            for (etag, version) in [("*", 1), ("\"9\", \"2\"", 2)] {
                let call = Call::json(&goal(json!({}))).header("if-match", etag);
                let answer = ours.admin.call(Method::PUT, &path, call).await;
                if answer.status != 200 {
                    wrong.push(format!("{etag} at version {version}: {}", answer.text));
                    ours.admin.put(&path, goal(json!({}))).await.ok();
                }
            }
            assert!(wrong.is_empty(), "{wrong:#?}");
        })
        .await;
}

/// Rule G9.
#[tokio::test]
async fn g9_a_duplicate_is_a_draft_at_the_same_local_times_elsewhere() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (east, west) = (ours.group("East").await, ours.group_in("West", "America/Los_Angeles").await);
            let reminder = json!({ "script": "Reply STOP", "opens": "2027-06-01T18:00:00", "closes": DAY.1 });
            let id = ours.draft(&east, goal(json!({ "reminder": reminder, "targeting": { "tags_all": ["a"] } }))).await;
            ours.goal_act(&id, "launch").await;
            let path = ours.at(&format!("goals/{id}/duplicate"));
            let made = ours.admin.post(&path, json!({ "group_ids": [west, east], "name": "Again" })).await.ok();
            let west_copy = ours.goal(made["goals"][0]["id"].as_str().unwrap()).await;
            let wanted = json!({
                "status": "draft", "name": "Again", "zone": "America/Los_Angeles", "launched_at": null, "campaign_id": null,
                "opens": "2027-06-01T10:00:00", "opens_at": "2027-06-01T17:00:00Z", "closes_at": "2027-06-02T17:00:00Z",
                "reminder_opens_at": "2027-06-02T01:00:00Z", "reminder_closes_at": "2027-06-02T17:00:00Z",
            });
            for (name, value) in wanted.as_object().unwrap() {
                assert_eq!(&west_copy[name], value, "{name} of {west_copy}");
            }
            assert_eq!(made["goals"][1]["group_id"], east.as_str());
            let named = ours.admin.post(&path, json!({ "group_ids": [east] })).await.ok();
            assert_eq!(ours.goal(named["goals"][0]["id"].as_str().unwrap()).await["name"], "Rally");

            let earlier = json!({ "targeting": { "earlier_goal": { "goal_id": id, "result": "yes" } } });
            let second = ours.draft(&east, goal(earlier)).await;
            let path = ours.at(&format!("goals/{second}/duplicate"));
            ours.admin.post(&path, json!({ "group_ids": [west] })).await.problem(409, "conflict");
            ours.admin.act(&ours.at(&format!("groups/{west}/archive"))).await.ok();
            let path = ours.at(&format!("goals/{id}/duplicate"));
            let count = world.goals().count().await;
            ours.admin.post(&path, json!({ "group_ids": [east, west] })).await.problem(404, "not-found");
            assert_eq!(world.goals().count().await, count, "all or none");
        })
        .await;
}

/// Rules G6, G8 and G9: a goal that is closed early keeps the reminder window that it was to have,
/// and goes on being one to edit and to copy.
#[tokio::test]
async fn g9_a_goal_with_reminders_that_was_closed_early_can_be_renamed_and_duplicated() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (east, west) = (ours.group("East").await, ours.group_in("West", "America/Los_Angeles").await);
            let now = world.now().await;
            let at = |minutes| (now + TimeDelta::minutes(minutes)).to_rfc3339();
            let reminder = json!({ "script": "Reply STOP", "opens": at(60), "closes": at(110) });
            let content = open_goal(&world, json!({ "reminder": reminder })).await;
            let alone = ours.draft(&east, content.clone()).await;
            ours.goal_act(&alone, "launch").await;
            let campaign = json!({ "name": "Everywhere", "group_ids": [east], "goal": content });
            let campaign = ours.admin.post(&ours.at("campaigns"), campaign).await.ok();
            let of_campaign = text(&campaign["goals"][0]["id"]);
            ours.goal_act(&alone, "close").await;
            let path = ours.at(&format!("campaigns/{}", text(&campaign["id"])));
            assert_eq!(ours.admin.act(&format!("{path}/close")).await.status, 204);
            for id in [&alone, &of_campaign] {
                let path = ours.at(&format!("goals/{id}"));
                // As an admin's screen sends it back.
                let closed = ours.goal(id).await;
                assert_eq!(closed["status"], "completed");
                let mut edit = content.clone();
                let reminder = json!({
                    "script": "Reply STOP", "opens": closed["reminder_opens_at"], "closes": closed["reminder_closes_at"],
                });
                set(
                    &mut edit,
                    json!({ "name": "Over", "opens": closed["opens"], "closes": closed["closes"], "reminder": reminder }),
                );
                let renamed = ours.admin.put(&path, edit.clone()).await.ok();
                for name in ["opens_at", "closes_at", "reminder_opens_at", "reminder_closes_at", "status"] {
                    assert_eq!(renamed[name], closed[name], "{name}");
                }
                assert_eq!(renamed["name"], "Over");

                let copies = json!({ "group_ids": [east, west], "name": "Again" });
                let made = ours.admin.post(&format!("{path}/duplicate"), copies).await.ok();
                for copy in made["goals"].as_array().unwrap() {
                    let copy = text(&copy["id"]);
                    let launch = ours.admin.act(&ours.at(&format!("goals/{copy}/launch"))).await;
                    launch.problem(409, "conflict");
                    // With times of its own it is a goal like any other.
                    let next = ours.admin.put(&ours.at(&format!("goals/{copy}")), content.clone()).await.ok();
                    assert_eq!((&next["status"], &next["name"]), (&json!("draft"), &json!("Rally")));
                    ours.goal_act(&copy, "launch").await;
                }
                // Open again, a window has to fit.
                let mut again = edit;
                set(&mut again, json!({ "closes": at(90) }));
                ours.admin.put(&path, again.clone()).await.problem(422, "invalid-body");
                set(&mut again, json!({ "closes": at(120) }));
                assert_eq!(ours.admin.put(&path, again).await.ok()["status"], "active");
            }
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

/// Rule G10.
#[tokio::test]
async fn g10_a_campaign_opens_at_the_same_local_time_everywhere_and_obeys_as_a_whole() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let zones = ["America/New_York", "America/Chicago", "America/Phoenix", "Pacific/Honolulu"];
            let mut groups = Vec::new();
            for zone in zones {
                groups.push(ours.group_in(zone, zone).await);
            }
            let new = |goal: Value| json!({ "name": "Everywhere", "group_ids": groups, "goal": goal });
            let made = ours.admin.post(&ours.at("campaigns"), new(goal(json!({})))).await.ok();
            let opens: Vec<&str> =
                made["goals"].as_array().unwrap().iter().map(|goal| goal["opens_at"].as_str().unwrap()).collect();
            let wanted =
                ["2027-06-01T14:00:00Z", "2027-06-01T15:00:00Z", "2027-06-01T17:00:00Z", "2027-06-01T20:00:00Z"];
            assert_eq!(opens, wanted);
            let instant = goal_at("2027-06-01T16:00:00Z", "2027-06-01T23:00:00Z", json!({}));
            let at_once = ours.admin.post(&ours.at("campaigns"), new(instant)).await.ok();
            for goal in at_once["goals"].as_array().unwrap() {
                assert_eq!(goal["opens_at"], "2027-06-01T16:00:00Z");
            }

            let path = ours.at(&format!("campaigns/{}", text(&made["id"])));
            let statuses = async || -> BTreeSet<String> {
                let read = ours.admin.get(&path).await.ok();
                assert_eq!((&read["name"], read["goals"].as_array().unwrap().len()), (&json!("Everywhere"), 4));
                read["goals"].as_array().unwrap().iter().map(|goal| text(&goal["status"])).collect()
            };
            let one = |status: &str| BTreeSet::from([status.to_owned()]);
            assert_eq!(statuses().await, one("scheduled"));
            for (action, status) in
                [("pause", "paused"), ("pause", "paused"), ("resume", "scheduled"), ("resume", "scheduled")]
            {
                assert_eq!(ours.admin.act(&format!("{path}/{action}")).await.status, 204);
                assert_eq!(statuses().await, one(status), "{action}");
            }
            assert_eq!(ours.admin.act(&format!("{path}/close")).await.status, 204);
            assert_eq!(statuses().await, one("completed"));

            // All or none: one group of many is archived.
            ours.admin.act(&ours.at(&format!("groups/{}/archive", groups[3]))).await.ok();
            let before = world.contents().await;
            ours.admin.post(&ours.at("campaigns"), new(goal(json!({})))).await.problem(404, "not-found");
            ours.admin
                .post(&ours.at("campaigns"), new(goal(json!({ "script": "No" }))))
                .await
                .problem(422, "invalid-body");
            assert_eq!(world.contents().await, before);
        })
        .await;
}

/// Rule G10: a group that is named twice has one goal of the campaign, or the request is refused;
/// else its contacts are texted twice.
#[tokio::test]
async fn g10_a_group_that_is_named_twice_has_one_goal() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let twice = json!({ "name": "Twice", "group_ids": [group, group], "goal": goal(json!({})) });
            let answer = ours.admin.post(&ours.at("campaigns"), twice).await;
            let goals = world.goals().has("launched_at").count().await;
            assert!(matches!((answer.status, goals), (201, 1) | (422, 0)), "{goals} launched goals: {}", answer.text);
        })
        .await;
}

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

/// Rule A4.
#[tokio::test]
async fn a4_an_archived_group_takes_no_new_goals() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            for _ in 0..2 {
                assert_eq!(ours.admin.act(&ours.at(&format!("groups/{group}/archive"))).await.status, 204);
            }
            let body = json!({ "group_id": group, "goal": goal(json!({})) });
            ours.admin.post(&ours.at("goals"), body).await.problem(409, "conflict");
            let read = ours.admin.get(&ours.at(&format!("groups/{group}"))).await.ok();
            assert_eq!(read["archived"], true, "it is still there");
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
