//! Scripts beside a goal's initial and reminder: its responses, the organization's library, and
//! agents' own (rules M1 to M3, G5 and W9).

use muster_integration_tests::{Answer, Call, Client, World, ago, ahead, minutes, text};
use reqwest::Method;
use serde_json::{Value, json};

use crate::goals::{goal, refused};

fn responses() -> Value {
    json!({ "responses": [
        { "name": "Yes", "script": "Great, {{first_name|friend}}!" },
        { "name": "Where", "script": "At {{group.name}}, on {{goal.date}}" },
    ] })
}

async fn edit(client: &Client, path: &str, version: i32, body: Value) -> Answer {
    client.call(Method::PATCH, path, Call::json(&body).header("if-match", format!("\"{version}\""))).await
}

fn names(scripts: &Value) -> Vec<String> {
    scripts.as_array().unwrap().iter().map(|script| text(&script["name"])).collect()
}

#[tokio::test]
async fn w9_a_goal_keeps_its_responses_in_order_through_edits_copies_and_campaigns() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let many = |count: usize| -> Vec<Value> {
                (0..count).map(|nth| json!({ "name": nth.to_string(), "script": "Hi" })).collect()
            };
            let one = |name: &str, script: &str| json!({ "responses": [{ "name": name, "script": script }] });
            for (more, why) in [
                (json!({ "responses": many(21) }), "responses: a goal has at most 20"),
                (json!({ "responses": [many(1)[0], many(1)[0]] }), "two response scripts have the name"),
                (one("  ", "Hi"), "the name of response script 1"),
                (one("Yes", "In {{wrad}}"), "\"Yes\": unknown merge field {{wrad}}"),
                (one("Yes", "Hi [first_name]"), "looks like a merge field"),
                (one("Yes", ""), "the script is empty"),
                (one("Yes", &"x".repeat(1_601)), "at most 1600"),
            ] {
                let said = refused(&ours, &group, goal(more)).await;
                assert!(said.contains(why), "{said}");
            }
            ours.draft(&group, goal(json!({ "responses": many(20) }))).await;

            // No opt-out language is needed in a reply (rule M2).
            let id = ours.draft(&group, goal(responses())).await;
            assert_eq!(ours.goal(&id).await["responses"], responses()["responses"]);
            let path = ours.at(&format!("goals/{id}"));
            let copied = ours.admin.post(&format!("{path}/duplicate"), json!({ "group_ids": [group] })).await.ok();
            let copy = text(&copied["goals"][0]["id"]);
            assert_eq!(ours.goal(&copy).await["responses"], responses()["responses"]);
            // After the launch they can change (rule G6), also in their order.
            ours.goal_act(&id, "launch").await;
            let mut turned = responses();
            turned["responses"].as_array_mut().unwrap().reverse();
            let edited = ours.admin.put(&path, goal(turned.clone())).await.ok();
            assert_eq!(edited["responses"], turned["responses"]);
            assert_eq!(ours.admin.put(&path, goal(json!({}))).await.ok()["responses"], json!([]));

            let campaign = json!({ "name": "All", "group_ids": [group], "goal": goal(responses()) });
            ours.admin.post(&ours.at("campaigns"), campaign).await.ok();
            let of_campaign: Value = world.goals().has("campaign_id").the("responses").await;
            assert_eq!(of_campaign, responses()["responses"]);
        })
        .await;
}

#[tokio::test]
async fn m1_m2_m3_the_librarys_scripts_are_checked_as_they_are_saved() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let path = ours.at("scripts");
            let post = async |kind: &str, script: &str| {
                ours.admin.post(&path, json!({ "kind": kind, "name": script, "script": script })).await
            };
            let long = |length: usize| format!("Reply STOP to quit. {}", "x".repeat(length - 20));
            let named = async |kind: &str, script: &str| {
                ours.admin.post(&path, json!({ "kind": kind, "name": kind, "script": script })).await
            };
            for (kind, script, why) in [
                ("initial", "Vote!".to_owned(), "script: the script has no opt-out language"),
                ("reminder", "Vote!".to_owned(), "script: the script has no opt-out language"),
                ("reminder", long(501), "at most 500"),
                ("response", "In {{wrad}}".to_owned(), "unknown merge field {{wrad}}"),
                ("response", "Hi %first_name%".to_owned(), "looks like a merge field"),
                ("response", " ".to_owned(), "the script is empty"),
            ] {
                let problem = named(kind, &script).await.problem(422, "invalid-body");
                assert!(text(&problem["detail"]).contains(why), "{problem}");
            }
            assert_eq!(world.rows("library_script").count().await, 0);
            named("reminder", &long(500)).await.ok();
            post("response", "Thank you!").await.ok();
            // M2 is a setting, and a script that was saved without it is not taken back under it.
            ours.set(json!({ "require_opt_out_language": false })).await;
            let id = text(&post("initial", "Vote!").await.ok()["id"]);
            ours.admin.act(&format!("{path}/{id}/archive")).await.ok();
            ours.set(json!({ "require_opt_out_language": true })).await;
            ours.admin.act(&format!("{path}/{id}/unarchive")).await.problem(409, "conflict");
            edit(&ours.admin, &format!("{path}/{id}"), 2, json!({ "name": "Old" })).await.problem(422, "invalid-body");
        })
        .await;
}

#[tokio::test]
async fn w9_the_library_is_listed_edited_by_version_and_archived_by_the_organizations_admins() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let path = ours.at("scripts");
            let admin = ours.member("organization_admin").await.client;
            let new =
                |kind: &str, name: &str| json!({ "kind": kind, "name": name, "script": "Hi. Reply STOP to quit" });
            let make = async |kind: &str, name: &str| text(&admin.post(&path, new(kind, name)).await.ok()["id"]);
            let thanks = make("response", "Thanks").await;
            make("response", "Bye").await;
            // A name is one of its kind.
            make("initial", "Thanks").await;
            admin.post(&path, new("response", "THANKS")).await.problem(409, "conflict");

            let list = async |query: &str| admin.get(&format!("{path}{query}")).await.ok();
            assert_eq!(names(&list("?kind=response").await["items"]), ["Thanks", "Bye"]);
            let first = list("?limit=2").await;
            assert_eq!(names(&first["items"]), ["Thanks", "Bye"]);
            assert_eq!(names(&list(&format!("?limit=2&cursor={}", text(&first["next"]))).await["items"]), ["Thanks"]);

            let one = format!("{path}/{thanks}");
            assert_eq!(admin.get(&one).await.header("etag"), "\"1\"");
            let edited = edit(&admin, &one, 1, json!({ "script": "Thank you, {{first_name|friend}}!" })).await;
            assert_eq!(edited.header("etag"), "\"2\"");
            let edited = edited.ok();
            assert_eq!((&edited["name"], &edited["version"]), (&json!("Thanks"), &json!(2)));
            edit(&admin, &one, 1, json!({ "name": "Late" })).await.problem(412, "edited-meanwhile");
            edit(&admin, &one, 2, json!({ "name": "bye" })).await.problem(409, "conflict");

            admin.act(&format!("{one}/archive")).await.ok();
            admin.act(&format!("{one}/archive")).await.ok();
            assert_eq!(names(&list("?kind=response").await["items"]), ["Bye"]);
            assert_eq!(names(&list("?archived=true").await["items"]), ["Thanks"]);
            assert_eq!(admin.get(&one).await.ok()["version"], 3);
            // Its name is free, until it is back.
            let second = make("response", "Thanks").await;
            admin.act(&format!("{one}/unarchive")).await.problem(409, "conflict");
            admin.act(&format!("{path}/{second}/archive")).await.ok();
            assert!(admin.act(&format!("{one}/unarchive")).await.ok()["archived_at"].is_null());

            // Group admins read, agents ask otherwise, others have none.
            let (group_admin, _) = ours.member_of("group_admin", &[&group]).await;
            assert_eq!(names(&group_admin.client.get(&path).await.ok()["items"]).len(), 3);
            group_admin.client.post(&path, new("response", "Mine")).await.problem(403, "forbidden");
            edit(&group_admin.client, &one, 4, json!({ "name": "Mine" })).await.problem(403, "forbidden");
            group_admin.client.act(&format!("{one}/archive")).await.problem(403, "forbidden");
            ours.agent(&group).await.0.client.get(&path).await.problem(403, "forbidden");
            let other = world.organization("Other").await;
            other.admin.get(&other.at(&format!("scripts/{thanks}"))).await.problem(404, "not-found");

            let fill = "insert into library_script (id, organization_id, kind, name, script, created_by)
                 select gen_random_uuid(), organization_id, 'response', 'Fill ' || n, 'Hi', created_by
                 from generate_series(1, 497) n, (select organization_id, created_by from library_script limit 1) own";
            world.execute(&[fill]).await;
            let full = admin.post(&path, new("response", "One more")).await.problem(409, "conflict");
            assert!(text(&full["detail"]).contains("500"), "{full}");
        })
        .await;
}

#[tokio::test]
async fn w9_an_agents_own_scripts_are_the_agents_alone() {
    const PATH: &str = "/v1/agent/scripts";
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (grace, alan) = (ours.agent(&group).await.0.client, ours.agent(&group).await.0.client);
            let new = |name: &str, script: &str| json!({ "name": name, "script": script });
            let id = text(&grace.post(PATH, new("Hi", "Hi {{first_name|you}}")).await.ok()["id"]);
            grace.post(PATH, new("hi", "Hello")).await.problem(409, "conflict");
            for script in ["In {{wrad}}", "Hi [first_name]", " "] {
                grace.post(PATH, new("Wrong", script)).await.problem(422, "invalid-body");
            }
            grace.post(PATH, new("Bye", "Bye")).await.ok();
            let one = format!("{PATH}/{id}");
            assert_eq!(grace.get(&one).await.header("etag"), "\"1\"");
            let edited = edit(&grace, &one, 1, json!({ "script": "Hello {{first_name|you}}" })).await.ok();
            assert_eq!((&edited["version"], &edited["name"]), (&json!(2), &json!("Hi")));
            edit(&grace, &one, 1, json!({ "name": "Late" })).await.problem(412, "edited-meanwhile");
            edit(&grace, &one, 2, json!({ "name": "BYE" })).await.problem(409, "conflict");
            assert_eq!(names(&grace.get(PATH).await.ok()), ["Hi", "Bye"]);

            assert_eq!(alan.get(PATH).await.ok(), json!([]));
            alan.get(&one).await.problem(404, "not-found");
            edit(&alan, &one, 2, json!({ "name": "Theirs" })).await.problem(404, "not-found");
            alan.call(Method::DELETE, &one, Call::empty()).await.problem(404, "not-found");
            alan.post(PATH, new("Hi", "The same name is another's")).await.ok();
            ours.admin.get(PATH).await.problem(403, "forbidden");

            let fill = "insert into agent_script (id, member_id, name, script)
                 select gen_random_uuid(), member_id, 'Fill ' || n, 'Hi' from generate_series(1, 98) n, agent_script own
                 where own.name = 'Bye'";
            world.execute(&[fill]).await;
            grace.post(PATH, new("One more", "Hi")).await.problem(409, "conflict");
            grace.call(Method::DELETE, &one, Call::empty()).await.ok();
            grace.call(Method::DELETE, &one, Call::empty()).await.problem(404, "not-found");
            grace.post(PATH, new("One more", "Hi")).await.ok();
        })
        .await;
}

/// Rules M1 and A5: a script to reply with has the contact's values as far as the group knows them.
#[tokio::test]
async fn m1_responses_are_rendered_for_a_conversation_by_the_groups_knowledge() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (group, sister) = (ours.group("One").await, ours.group("Two").await);
            let (grace, number) = ours.agent(&group).await;
            let (alan, _) = ours.agent(&group).await;
            let phones = ours.contacts(&group, 1).await;
            // Another group knows the ward, and this one the values of its own file.
            // The field is the whole organization's.
            let file = format!("first,last,phone,Ward\nAda0,Lovelace,{},5th\n", phones[0]);
            ours.import(&format!("file_name=d.csv&group_id={sister}"), file).await;
            let knows = json!({ "first_name": "Ada0", "last_name": "Lovelace", "fields": {}, "tags": [] });
            world.memberships().is("group_id", &group).set("knows", knows).await;
            let library =
                |kind: &str, name: &str, script: &str| json!({ "kind": kind, "name": name, "script": script });
            for new in [
                library("response", "Link", "Here: {{agent.first_name}} at {{organization.name}}"),
                library("initial", "Opener", "Hi. Reply STOP to quit"),
            ] {
                ours.admin.post(&ours.at("scripts"), new).await.ok();
            }
            let own = json!({ "name": "Mine", "script": "Yours, {{agent.first_name}} {{agent.last_name}}" });
            grace.client.post("/v1/agent/scripts", own).await.ok();
            let scripts = json!({ "date": "2027-06-01T18:00:00", "responses": [
                { "name": "Yes", "script": "Great, {{first_name}}! See you on {{goal.date}}" },
                { "name": "Ward", "script": "You vote in {{Ward}}" },
                { "name": "Fallback", "script": "You vote in {{Ward|your ward}}" },
            ] });
            let goal = ours.open_goal(&world, &group, scripts).await;
            grace.client.send(&grace.client.claim(&goal, "initial").await).await.ok();
            world.messages().kind("initial").state("delivered").until(1).await;
            world.text(&phones[0], &number, "Where?").await;
            world.threads().has("unread_since").until(1).await;
            world.settled().await;
            let claim = format!("/v1/agent/groups/{group}/replies/claim");
            let thread = text(&grace.client.act(&claim).await.ok()[0]["thread"]["id"]);
            let path = format!("/v1/agent/threads/{thread}/scripts");

            let told = grace.client.get(&path).await.ok();
            let text_of = |script: &Value| (script["text"].clone(), script["kept_out"].clone());
            let rendered: Vec<_> = told["responses"].as_array().unwrap().iter().map(text_of).collect();
            assert_eq!(
                rendered,
                [
                    (json!("Great, Ada0! See you on Tuesday, June 1"), json!(null)),
                    (json!(null), json!("missing_value:Ward")),
                    (json!("You vote in your ward"), json!(null)),
                ]
            );
            assert_eq!(told["responses"][0]["segments"], 1);
            assert_eq!(names(&told["library"]), ["Link"]);
            assert_eq!(told["library"][0]["text"], "Here: Ada at Ours");
            assert_eq!(told["own"][0]["text"], "Yours, Ada agent");
            // It is the holder's to answer.
            alan.client.get(&path).await.problem(409, "thread-held");
            world.threads().set("held_until", ago(minutes(1))).await;
            alan.client.get(&path).await.problem(409, "conflict");
            grace.client.get(&path).await.ok();
            let other = world.organization("Other").await;
            let theirs = other.group("Theirs").await;
            other.agent(&theirs).await.0.client.get(&path).await.problem(404, "not-found");
            // One that is picked goes as a reply.
            world.threads().set("held_until", ahead(minutes(9))).await;
            let reply = json!({ "text": told["responses"][0]["text"] });
            grace.client.post(&format!("/v1/agent/threads/{thread}/reply"), reply).await.ok();
            world.messages().kind("reply").is("body", "Great, Ada0! See you on Tuesday, June 1").until(1).await;
        })
        .await;
}
