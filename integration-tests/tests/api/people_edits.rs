//! Edits of contacts and of their memberships by version (rules A5, C16, W4).

use muster_integration_tests::{Answer, Call, Organization, World, text};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    group_knowledge::{Two, reach, seen, tells_nothing},
    people_save::save,
};

/// A contact with its `ETag`.
async fn tagged(by: &Organization, id: &str) -> (Value, String) {
    let answer = by.admin.get(&by.at(&format!("contacts/{id}"))).await;
    (answer.ok(), answer.header("etag").to_owned())
}

async fn edit(by: &Organization, id: &str, tag: &str, body: Value) -> Answer {
    let call = Call::json(&body).header("if-match", tag);
    by.admin.call(Method::PATCH, &by.at(&format!("contacts/{id}")), call).await
}

#[tokio::test]
async fn c16_an_edit_changes_what_it_names_and_another_version_is_refused() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let body = json!({
                "first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.org", "notes": "likes tea",
                "fields": { "ward": "7", "shift": "am" }, "tags": ["a", "b"],
            });
            let id = text(&save(&ours, &group, "+16465550001", body).await.ok()["id"]);
            let (_, first) = tagged(&ours, &id).await;
            let edited = json!({
                "last_name": "King", "email": null, "postal_code": "10001", "external_id": "van-7",
                "fields": { "ward": "8", "shift": null, "lang": "es" }, "tags": ["b", "c"],
            });
            let answer = edit(&ours, &id, &first, edited).await;
            let after = answer.ok();
            let wanted = json!({
                "first_name": "Ada", "last_name": "King", "email": null, "postal_code": "10001", "external_id": "van-7",
                "notes": "likes tea", "fields": { "ward": "8", "lang": "es" }, "tags": ["b", "c"],
            });
            for (name, value) in wanted.as_object().unwrap() {
                assert_eq!(&after[name], value, "{name}");
            }
            let (read, second) = tagged(&ours, &id).await;
            assert_eq!((&read, second.as_str()), (&after, answer.header("etag")), "the edit answers the contact");
            edit(&ours, &id, &first, json!({ "notes": "late" })).await.problem(412, "edited-meanwhile");
            assert_eq!(tagged(&ours, &id).await.0["notes"], "likes tea");
            edit(&ours, &id, &format!("\"x\", {second}"), json!({ "notes": null })).await.ok();
            assert_eq!(tagged(&ours, &id).await.0["notes"], json!(null));
            edit(&ours, &id, "*", json!({})).await.ok();

            // Of two edits of one version one holds.
            let (_, tag) = tagged(&ours, &id).await;
            let both = ["one", "two"].map(|notes| edit(&ours, &id, &tag, json!({ "notes": notes })));
            let mut statuses: Vec<_> =
                futures::future::join_all(both).await.iter().map(|answer| answer.status).collect();
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 412]);
        })
        .await;
}

/// The tag changes with all that the answer shows, and so an edit of the membership goes by it too.
#[tokio::test]
async fn c16_the_etag_changes_with_all_that_the_answer_shows() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (group, other) = (ours.group("One").await, ours.group("Two").await);
            let (agent, _) = ours.agent(&group).await;
            let id = text(&save(&ours, &group, "+16465550001", json!({})).await.ok()["id"]);
            let path = ours.at(&format!("contacts/{id}"));
            let (member, elsewhere) =
                (ours.at(&format!("groups/{group}/contacts/{id}")), ours.at(&format!("groups/{other}/contacts/{id}")));
            let mut tags = vec![tagged(&ours, &id).await.1];
            for (method, path, body) in [
                (Method::PATCH, &path, json!({ "tags": ["a"] })),
                (Method::PATCH, &member, json!({ "assigned_agent_id": agent.id })),
                (Method::PATCH, &member, json!({ "active": false })),
                (Method::PUT, &elsewhere, json!(null)),
                (Method::POST, &format!("{path}/opt-out"), json!({ "reason": "said so" })),
                (Method::DELETE, &elsewhere, json!(null)),
            ] {
                let call = || if body.is_null() { Call::empty() } else { Call::json(&body) };
                if method != Method::POST {
                    let stale = ours.admin.call(method.clone(), path, call().header("if-match", "\"stale\"")).await;
                    stale.problem(412, "edited-meanwhile");
                }
                let last = tags.last().unwrap().clone();
                assert!(ours.admin.call(method, path, call().header("if-match", last)).await.status < 300, "{path}");
                tags.push(tagged(&ours, &id).await.1);
            }
            let same = tagged(&ours, &id).await.1;
            assert_eq!(tags.last(), Some(&same), "reading changes nothing");
            let count = tags.len();
            tags.sort();
            tags.dedup();
            assert_eq!(tags.len(), count);
        })
        .await;
}

#[tokio::test]
async fn a5_an_edit_of_a_group_admin_tells_other_groups_nothing_and_takes_nothing_of_theirs() {
    Two::run(async |two| {
        let Two { mine, ours, theirs, group, their_group, .. } = &two;
        let their_before = seen(theirs, their_group, "+16465550001").await;
        two.import("first,last,phone\n,,6465550001\n").await;
        let id = text(&two.seen("+16465550001").await["id"]);
        let (_, tag) = tagged(mine, &id).await;
        let answer = edit(
            mine,
            &id,
            &tag,
            json!({
                "first_name": "Mymy", "email": "mymy@example.org", "postal_code": null, "notes": null,
                "fields": { "ward": null, "precinct": "9" }, "tags": ["mine"],
            }),
        )
        .await;
        let seen_by_me = answer.ok();
        tells_nothing("the edit", &seen_by_me);
        assert_eq!((&seen_by_me["first_name"], &seen_by_me["tags"]), (&json!("Mymy"), &json!(["mine"])));
        assert_eq!(seen(theirs, their_group, "+16465550001").await, their_before);
        // Values that the group never knew stay the organization's; the latest value stands.
        let whole = ours.contact("+16465550001").await;
        let wanted = json!({
            "first_name": "Mymy", "last_name": "Secretlast", "email": "mymy@example.org", "postal_code": "96801",
            "fields": { "ward": "secret-ward", "precinct": "9" }, "tags": ["mine", "secret-all", "secret-tag"],
        });
        for (name, value) in wanted.as_object().unwrap() {
            assert_eq!(&whole[name], value, "{name}");
        }
        // The group's own are its to take away, where they stand for the organization too.
        edit(mine, &id, "*", json!({ "email": null, "fields": { "precinct": null }, "tags": [] })).await.ok();
        let whole = ours.contact("+16465550001").await;
        assert_eq!((&whole["email"], &whole["tags"]), (&json!(null), &json!(["secret-all", "secret-tag"])));
        assert_eq!(whole["fields"], json!({ "ward": "secret-ward" }));
        // A value of another group that is the same word is not told, and stays that group's.
        assert_eq!(seen(theirs, their_group, "+16465550001").await["email"], their_before["email"]);
        // Other admins' contacts are not there.
        let third = ours.group("Third").await;
        edit(&reach(ours, &[&third]).await, &id, "*", json!({ "notes": "x" })).await.problem(404, "not-found");
        assert_eq!(two.seen("+16465550001").await["groups"], json!([group]));
    })
    .await;
}

/// A tag that two groups have is not taken from one by the other's admin.
#[tokio::test]
async fn a5_a_tag_that_another_group_has_stays_theirs() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (one, two) = (ours.group("One").await, ours.group("Two").await);
            let (first, second) = (reach(&ours, &[&one]).await, reach(&ours, &[&two]).await);
            // An admin of the organization brings the contact into both: each knows all.
            let id = text(&save(&ours, &one, "+16465550001", json!({ "tags": ["both", "one"] })).await.ok()["id"]);
            save(&ours, &two, "+16465550001", json!({})).await.ok();
            edit(&first, &id, "*", json!({ "tags": ["one"] })).await.ok();
            assert_eq!(tagged(&first, &id).await.0["tags"], json!(["one"]));
            assert_eq!(tagged(&second, &id).await.0["tags"], json!(["both", "one"]));
            assert_eq!(tagged(&ours, &id).await.0["tags"], json!(["both", "one"]));
            // An admin of the organization decides for all groups, and tells all.
            edit(&ours, &id, "*", json!({ "tags": ["new"], "first_name": "Ada" })).await.ok();
            for by in [&first, &second, &ours] {
                let contact = tagged(by, &id).await.0;
                assert_eq!((&contact["tags"], &contact["first_name"]), (&json!(["new"]), &json!("Ada")));
            }
        })
        .await;
}

/// An import that is undone does not take back later edits.
#[tokio::test]
async fn c16_an_undo_of_an_import_leaves_what_was_edited_since() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let id = text(
                &save(&ours, &group, "+16465550001", json!({ "first_name": "Ada", "tags": ["old"] })).await.ok()["id"],
            );
            let file = "first,last,phone,tags\nEve,L,6465550001,file\n";
            let report = ours.import(&format!("file_name=a.csv&group_id={group}"), file).await;
            assert_eq!(report["updated"], 1, "{report}");
            edit(&ours, &id, "*", json!({ "notes": "edited", "tags": ["old", "file", "new"] })).await.ok();
            let path = ours.at(&format!("imports/{}", text(&report["id"])));
            ours.admin.act(&format!("{path}/undo")).await.ok();
            world.imports().id(text(&report["id"])).has("undone_at").until(1).await;
            let (contact, _) = tagged(&ours, &id).await;
            assert_eq!((&contact["first_name"], &contact["notes"]), (&json!("Eve"), &json!("edited")));
            assert_eq!(contact["groups"], json!([group]));
            assert!(contact["tags"].as_array().unwrap().contains(&json!("new")), "{contact}");
        })
        .await;
}
