//! Keyword automations (rule I4).

use muster_integration_tests::{Call, Organization, World, goal_at, text};
use reqwest::Method;
use serde_json::{Value, json};

use crate::inbound::texted;

const WRITER: &str = "+16465550001";

/// Makes an automation of a keyword that is the whole text; returns its id.
async fn made(ours: &Organization, name: &str, keyword: &str, actions: Value) -> String {
    let body = json!({ "name": name, "keywords": [keyword], "matching": "exact", "actions": actions });
    text(&ours.admin.post(&ours.at("automations"), body).await.ok()["id"])
}

#[tokio::test]
async fn i4_a_keyword_tags_joins_sets_a_field_and_answers_once_a_day() {
    World::with_engine()
        .run(async |world| {
            let (ours, group, _, number) = texted(&world, 2).await;
            let other = ours.group("Runners").await;
            let field = text(&ours.admin.post(&ours.at("fields"), json!({ "name": "shirt" })).await.ok()["id"]);
            let actions = json!([
                { "kind": "add_tag", "tag": "runner" },
                { "kind": "set_field", "field": "shirt", "value": "M" },
                { "kind": "add_to_group", "group_id": other },
                { "kind": "answer", "text": "Welcome, runner!" },
            ]);
            made(&ours, "Join", "run", actions).await;
            world.text(WRITER, &number, "RUN!").await;
            let answers = || world.messages().kind("reply").is("body", "Welcome, runner!");
            answers().state("delivered").until(1).await;
            let contact = ours.contact(WRITER).await;
            assert_eq!((&contact["tags"], &contact["fields"]["shirt"]), (&json!(["runner"]), &json!("M")));
            let groups = contact["groups"].as_array().unwrap();
            assert!(groups.contains(&json!(group)) && groups.contains(&json!(other)), "{groups:?}");

            // The same word again, and a machine that sends our answer back.
            world.text(WRITER, &number, "run").await;
            world.text(WRITER, &number, "Welcome, runner!").await;
            world.messages().kind("inbound").until(3).await;
            world.settled().await;
            assert_eq!(answers().count().await, 1);
            let goal = text(&ours.admin.get(&ours.at("goals")).await.ok()["items"][0]["id"]);
            let why = ours.at(&format!("contacts/{}/why?goal_id={goal}", text(&contact["id"])));
            let runs = ours.admin.get(&why).await.ok()["automations"].clone();
            let outcomes: Vec<_> =
                runs.as_array().unwrap().iter().map(|run| run["actions"][3]["outcome"].clone()).collect();
            assert_eq!(outcomes, [json!("queued"), json!("answered_lately")], "{runs}");
            assert_eq!(runs[0]["name"], "Join");

            // The field has another name now.
            ours.admin.post(&ours.at(&format!("fields/{field}/rename")), json!({ "name": "size" })).await.ok();
            world.text("+16465550000", &number, "Run").await;
            answers().until(2).await;
            assert_eq!(ours.contact("+16465550000").await["fields"]["size"], "M");
        })
        .await;
}

#[tokio::test]
async fn i4_a_leave_word_deactivates_in_a_group_and_an_own_word_opts_out_like_stop() {
    World::with_engine()
        .run(async |world| {
            let (ours, group, _, number) = texted(&world, 2).await;
            made(&ours, "Leave", "not here", json!([{ "kind": "leave_group", "group_id": group }])).await;
            let out = json!([{ "kind": "opt_out" }, { "kind": "add_tag", "tag": "gone" }, { "kind": "answer", "text": "Bye" }]);
            made(&ours, "Out", "genug", out).await;
            world.text(WRITER, &number, "Not here").await;
            world.rows("membership").has("deactivated_at").until(1).await;
            world.text("+16465550002", &number, "Genug.").await;
            world.contacts().is("e164", "+16465550002").has("opted_out_at").until(1).await;
            world.messages().kind("opt_out_confirmation").state("delivered").until(1).await;
            world.settled().await;
            assert_eq!(world.messages().kind("reply").count().await, 0, "the confirmation alone");
            assert_eq!(ours.contact("+16465550002").await["tags"], json!(["gone"]));
            let unread = world.threads().has("unread_since").count().await;
            assert_eq!(unread, 1, "the thread of the contact that has left is hidden");
        })
        .await;
}

#[tokio::test]
async fn i4_automations_are_tried_on_past_texts_before_they_act() {
    World::with_engine()
        .run(async |world| {
            let (ours, group, _, number) = texted(&world, 2).await;
            world.text(WRITER, &number, "Can I get a yard sign?").await;
            world.text("+16465550002", &number, "STOP").await;
            world.messages().kind("inbound").until(2).await;
            let automation = json!({ "name": "Signs", "keywords": ["yard sign", "stop"], "matching": "contains",
                "actions": [{ "kind": "add_tag", "tag": "sign" }] });
            let tried = json!({ "group_id": group, "automation": automation });
            let answer = ours.admin.post(&ours.at("automations/dry-run"), tried).await.ok();
            assert_eq!((&answer["texts"], &answer["matched"]), (&json!(2), &json!(1)), "STOP is the engine's word");
            assert_eq!(answer["latest"][0]["body"], "Can I get a yard sign?");
            assert_eq!(ours.contact(WRITER).await["tags"], json!([]));
            assert_eq!(ours.admin.get(&ours.at("automations")).await.ok()["items"], json!([]));
        })
        .await;
}

#[tokio::test]
async fn i4_an_automation_is_checked_edited_by_version_and_the_organizations_own() {
    World::with_api()
        .run(async |world| {
            let (ours, theirs) = (world.organization("Ours").await, world.organization("Theirs").await);
            let foreign = theirs.group("Far").await;
            let with = |actions: Value| json!({ "name": "Join", "keywords": ["join"], "matching": "exact", "actions": actions });
            for (actions, status, kind) in [
                (json!([]), 422, "invalid-body"),
                (json!([{ "kind": "answer", "text": "Hi {{first_name}}" }]), 422, "invalid-body"),
                (json!([{ "kind": "shout" }]), 422, "invalid-body"),
                (json!([{ "kind": "set_field", "field": "shirt", "value": "M" }]), 422, "invalid-body"),
                (json!([{ "kind": "add_to_group", "group_id": foreign }]), 404, "not-found"),
            ] {
                ours.admin.post(&ours.at("automations"), with(actions)).await.problem(status, kind);
            }
            let wordless = json!({ "name": "Join", "keywords": ["!!"], "matching": "exact", "actions": [{ "kind": "opt_in" }] });
            ours.admin.post(&ours.at("automations"), wordless).await.problem(422, "invalid-body");
            let id = made(&ours, "Join", "join", json!([{ "kind": "opt_in" }])).await;
            ours.admin.post(&ours.at("automations"), with(json!([{ "kind": "opt_in" }]))).await.problem(409, "conflict");
            let path = ours.at(&format!("automations/{id}"));
            assert_eq!(ours.admin.get(&path).await.header("etag"), "\"1\"");
            let edited = ours.admin.put(&path, with(json!([{ "kind": "opt_out" }]))).await.ok();
            assert_eq!((&edited["version"], &edited["automation"]["active"]), (&json!(2), &json!(true)));
            theirs.admin.get(&theirs.at(&format!("automations/{id}"))).await.problem(404, "not-found");
            let goal = json!({ "group_id": ours.group("One").await, "goal": goal_at("2027-06-01T10:00:00", "2027-06-02T10:00:00", json!({})) });
            let goal = text(&ours.admin.post(&ours.at("goals"), goal).await.ok()["id"]);
            let reply = json!({ "name": "Reply", "matching": "exact", "in_reply_to": goal, "actions": [{ "kind": "opt_in" }] });
            ours.admin.post(&ours.at("automations"), reply.clone()).await.ok();
            theirs.admin.post(&theirs.at("automations"), reply).await.problem(404, "not-found");
            ours.admin.call(Method::DELETE, &path, Call::empty()).await.ok();
            ours.admin.get(&path).await.problem(404, "not-found");
        })
        .await;
}
