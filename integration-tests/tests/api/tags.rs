//! Tags and custom fields as resources: names, locks, renames and merges (rules C8, C14, C16, A5
//! and W8).

use muster_integration_tests::{Call, Organization, World, eventually, goal_at, seconds, text};
use reqwest::Method;
use serde_json::{Value, json};

use crate::group_knowledge::{Two, reach, seen};

/// Makes a tag or a field; returns its id.
async fn made(by: &Organization, resource: &str, body: Value) -> String {
    text(&by.admin.post(&by.at(resource), body).await.ok()["id"])
}

/// Returns the id of a tag or a field by its name.
async fn id_of(by: &Organization, resource: &str, name: &str) -> String {
    let page = by.admin.get(&by.at(&format!("{resource}?limit=500"))).await.ok();
    let found = page["items"].as_array().unwrap().iter().find(|item| item["name"] == name).cloned();
    text(&found.unwrap_or_else(|| panic!("no {name} in {page}"))["id"])
}

/// Returns the names that an admin sees, in order.
async fn names(by: &Organization, resource: &str) -> Vec<String> {
    let page = by.admin.get(&by.at(resource)).await.ok();
    let mut names: Vec<_> = page["items"].as_array().unwrap().iter().map(|item| text(&item["name"])).collect();
    names.sort_unstable();
    names
}

/// Asks for a merge or a rename, and waits until it is done; returns it.
async fn until_merged(ours: &Organization, path: &str, body: Value) -> Value {
    let id = text(&ours.admin.post(&ours.at(path), body).await.ok()["id"]);
    eventually(seconds(30), async || {
        let merge = ours.admin.get(&ours.at(&format!("merges/{id}"))).await.ok();
        if merge["step"] == "done" { Ok(merge) } else { Err(merge.to_string()) }
    })
    .await
}

fn tagged(targeting: &Value) -> Value {
    goal_at("2027-06-01T10:00:00", "2027-06-02T10:00:00", json!({ "targeting": targeting }))
}

#[tokio::test]
async fn c16_a_tag_is_made_edited_by_version_and_deleted_where_nothing_refers_to_it() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let id = made(&ours, "tags", json!({ "name": " Phone \t banker " })).await;
            let path = ours.at(&format!("tags/{id}"));
            let tag = ours.admin.get(&path).await;
            assert_eq!(tag.header("etag"), "\"1\"");
            let tag = tag.ok();
            assert_eq!(
                (&tag["name"], &tag["locked"], &tag["reason"], &tag["contacts"]),
                (&json!("Phone banker"), &json!(false), &json!(false), &json!(0))
            );
            for (body, status, kind) in
                [(json!({ "name": "Phone banker" }), 409, "conflict"), (json!({ "name": "a;b" }), 422, "invalid-body")]
            {
                ours.admin.post(&ours.at("tags"), body).await.problem(status, kind);
            }
            // Names compare with regard to case (T1).
            made(&ours, "tags", json!({ "name": "phone banker", "reason": true })).await;
            assert_eq!(ours.admin.get(&ours.at("tags?reason=true")).await.ok()["items"].as_array().unwrap().len(), 1);
            assert_eq!(ours.admin.get(&ours.at("tags?search=BANK")).await.ok()["items"].as_array().unwrap().len(), 2);

            let edit = Call::json(&json!({ "name": "Caller" }));
            let stale = edit.clone().header("if-match", "\"2\"");
            ours.admin.call(Method::PATCH, &path, stale).await.problem(412, "edited-meanwhile");
            let edited = ours.admin.call(Method::PATCH, &path, edit.header("if-match", "\"1\"")).await;
            assert_eq!((edited.header("etag"), &edited.ok()["name"]), ("\"2\"", &json!("Caller")));
            ours.admin.patch(&path, json!({ "name": "phone banker" })).await.problem(409, "conflict");
            // The former name is free for another tag, and for the same one.
            assert_eq!(ours.admin.patch(&path, json!({ "name": "Phone banker" })).await.ok()["name"], "Phone banker");
            assert_eq!(ours.admin.patch(&path, json!({ "name": "Caller" })).await.ok()["name"], "Caller");
            made(&ours, "tags", json!({ "name": "Phone banker" })).await;

            let goal = ours.draft(&group, tagged(&json!({ "tags_any": ["Caller"] }))).await;
            ours.admin.call(Method::DELETE, &path, Call::empty()).await.problem(409, "conflict");
            ours.admin.patch(&path, json!({ "name": "Dialer" })).await.ok();
            let goal = ours.goal(&goal).await;
            assert_eq!(goal["targeting"]["tags_any"], json!(["Dialer"]), "drafts follow");

            let other = made(&ours, "tags", json!({ "name": "Unused" })).await;
            let other = ours.at(&format!("tags/{other}"));
            let (admin, _) = ours.member_of("group_admin", &[&group]).await;
            admin.client.call(Method::DELETE, &other, Call::empty()).await.problem(403, "forbidden");
            admin.client.get(&other).await.problem(404, "not-found");
            assert_eq!(ours.admin.call(Method::DELETE, &other, Call::empty()).await.status, 204);
            ours.admin.get(&other).await.problem(404, "not-found");
        })
        .await;
}

#[tokio::test]
async fn a5_a_group_admin_sees_the_tags_and_fields_that_their_group_knows_and_all_reasons() {
    Two::run(async |two| {
        made(&two.ours, "tags", json!({ "name": "wrong number", "reason": true })).await;
        two.import("first,last,phone,precinct,tags\nEmmy,,6465550001,7,mine\n").await;
        assert_eq!(names(&two.mine, "tags").await, ["mine", "wrong number"]);
        assert_eq!(names(&two.mine, "fields").await, ["precinct"]);
        assert_eq!(names(&two.theirs, "tags").await, ["secret-all", "secret-tag", "wrong number"]);
        assert_eq!(names(&two.ours, "fields").await, ["precinct", "ward"]);
        let theirs = id_of(&two.ours, "tags", "secret-tag").await;
        two.mine.admin.get(&two.mine.at(&format!("tags/{theirs}"))).await.problem(404, "not-found");
        let mine = id_of(&two.mine, "tags", "mine").await;
        let count =
            async |by: &Organization| by.admin.get(&by.at(&format!("tags/{mine}"))).await.ok()["contacts"].clone();
        assert_eq!((count(&two.mine).await, count(&two.ours).await), (json!(1), json!(1)));
        two.theirs.admin.get(&two.theirs.at(&format!("tags/{mine}"))).await.problem(404, "not-found");
    })
    .await;
}

#[tokio::test]
async fn c8_a_locked_tag_is_not_given_by_files_and_the_report_names_it() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            made(&ours, "tags", json!({ "name": "vip", "locked": true })).await;
            made(&ours, "fields", json!({ "name": "score", "locked": true })).await;
            let query = format!("file_name=a.csv&group_id={group}&tags=vip,march");
            let report =
                ours.import(&query, "first,last,phone,score,ward,tags\nAda,L,6465550001,9,7,vip;walker\n").await;
            assert_eq!((&report["created"], &report["locked_tags"]), (&json!(1), &json!(["vip"])), "{report}");
            let contact = ours.contact("+16465550001").await;
            assert_eq!(contact["tags"], json!(["march", "walker"]));
            // Rule C14: a column of a locked field is left out, and the report says so.
            assert_eq!(contact["fields"], json!({ "ward": "7" }));
            let score =
                report["columns"].as_array().unwrap().iter().find(|column| column["header"] == "score").cloned();
            assert_eq!(score.unwrap_or_default()["field"], "ignore", "{report}");
        })
        .await;
}

#[tokio::test]
async fn c16_a_merge_of_tags_takes_contacts_knowledge_targeting_and_later_files_with_it() {
    Two::run(async |two| {
        two.import("first,last,phone,tags\nEmmy,,6465550001,mine\nEva,,6465550002,mine;both\nIda,,6465550003,both\n")
            .await;
        made(&two.ours, "tags", json!({ "name": "none" })).await;
        let goal = two.ours.draft(&two.group, tagged(&json!({ "tags_all": ["mine"], "tags_none": ["none"] }))).await;
        let source = json!({ "group_id": two.group, "name": "S", "url": "store:s.csv", "tags": ["mine", "x"] });
        let source = made(&two.ours, "import-sources", source).await;
        let (from, into) = (id_of(&two.ours, "tags", "mine").await, id_of(&two.ours, "tags", "both").await);

        let path = format!("tags/{from}/merge");
        two.mine.admin.post(&two.mine.at(&path), json!({ "into": into })).await.problem(403, "forbidden");
        two.ours.admin.post(&two.ours.at(&path), json!({ "into": from })).await.problem(422, "invalid-body");
        let merge = until_merged(&two.ours, &path, json!({ "into": into })).await;
        assert_eq!((&merge["contacts"], &merge["kind"]), (&json!(2), &json!("tag")), "{merge}");

        assert_eq!(names(&two.mine, "tags").await, ["both"]);
        for phone in ["+16465550001", "+16465550002", "+16465550003"] {
            assert_eq!(two.seen(phone).await["tags"], json!(["both"]), "{phone}");
        }
        // The other group has learned nothing by it.
        let theirs = seen(&two.theirs, &two.their_group, "+16465550001").await;
        assert_eq!(theirs["tags"], json!(["secret-all", "secret-tag"]));
        let targeting = &two.ours.goal(&goal).await["targeting"];
        assert_eq!((&targeting["tags_all"], &targeting["tags_none"]), (&json!(["both"]), &json!(["none"])));
        let source = two.ours.admin.get(&two.ours.at(&format!("import-sources/{source}"))).await.ok();
        assert_eq!(source["tags"], json!(["both", "x"]));
        // A file that goes on naming the one gives the other.
        two.import("first,last,phone,tags\nJo,,6465550004,mine\n").await;
        assert_eq!(two.seen("+16465550004").await["tags"], json!(["both"]));
        assert_eq!(names(&two.mine, "tags").await, ["both"]);
        two.ours.admin.post(&two.ours.at(&path), json!({ "into": into })).await.problem(404, "not-found");
    })
    .await;
}

#[tokio::test]
async fn c16_a_merge_goes_by_slices_and_waits_for_imports_that_began_before_it() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let rows: Vec<_> = (0..12).map(|nth| format!("Ada{nth},L,646555{nth:04},a")).collect();
            let query = format!("file_name=a.csv&group_id={group}");
            ours.import(&query, format!("first,last,phone,tags\n{}\n", rows.join("\n"))).await;
            let into = made(&ours, "tags", json!({ "name": "b" })).await;
            let from = id_of(&ours, "tags", "a").await;
            // An import that is under way, as far as the record says.
            let earlier = world.imports().the::<String>("id").await;
            world.imports().id(&earlier).set("state", "running").await;
            let merge = text(
                &ours.admin.post(&ours.at(&format!("tags/{from}/merge")), json!({ "into": into })).await.ok()["id"],
            );
            world.rows("name_merge").id(&merge).is("step", "switch").until(1).await;
            assert_eq!(ours.contact("+16465550000").await["tags"], json!(["a", "b"]), "both until targeting follows");
            let again = ours.admin.post(&ours.at(&format!("tags/{into}/merge")), json!({ "into": from })).await;
            assert!([404, 409].contains(&again.status), "{}", again.text);
            world.imports().id(&earlier).set("state", "succeeded").await;
            world.rows("name_merge").id(&merge).is("step", "done").until(1).await;
            assert_eq!(world.rows("contact_tag").is("tag_id", &into).count().await, 12);
            assert_eq!(world.rows("contact_tag").is("tag_id", &from).count().await, 0);
        })
        .await;
}

#[tokio::test]
async fn c16_a_renamed_field_keeps_its_values_scripts_and_targeting() {
    Two::run(async |two| {
        two.import("first,last,phone,precinct\nEmmy,,6465550001,7\nEva,,6465550002,8\n").await;
        let goal = json!({
            "script": "Hi from {{ precinct|here}}! Reply STOP to opt out",
            "responses": [{ "name": "Where", "script": "In {{precinct}}" }],
            "targeting": { "fields": [{ "field": "precinct", "is": { "any_of": ["7"] } }] },
        });
        let goal = two.mine.draft(&two.group, goal_at("2027-06-01T10:00:00", "2027-06-02T10:00:00", goal)).await;
        let source =
            json!({ "group_id": two.group, "name": "S", "url": "store:s.csv", "mapping": { "P": "custom:precinct" } });
        let source = made(&two.ours, "import-sources", source).await;
        let library = json!({ "kind": "response", "name": "L", "script": "You vote in {{precinct}}" });
        let library = made(&two.ours, "scripts", library).await;
        let (agent, _) = two.ours.agent(&two.group).await;
        let own = json!({ "name": "Mine", "script": "Yours in {{precinct}}" });
        agent.client.post("/v1/agent/scripts", own).await.ok();
        let field = id_of(&two.ours, "fields", "precinct").await;
        let path = format!("fields/{field}/rename");
        two.ours.admin.post(&two.ours.at(&path), json!({ "name": "ward" })).await.problem(409, "conflict");
        two.ours.admin.post(&two.ours.at(&path), json!({ "name": "first name" })).await.problem(422, "invalid-body");

        let merge = until_merged(&two.ours, &path, json!({ "name": "Voting district" })).await;
        assert_eq!(merge["contacts"], 2, "{merge}");
        for (phone, value) in [("+16465550001", "7"), ("+16465550002", "8")] {
            assert_eq!(two.seen(phone).await["fields"], json!({ "Voting district": value }));
        }
        let theirs = seen(&two.theirs, &two.their_group, "+16465550001").await;
        assert_eq!(theirs["fields"], json!({ "ward": "secret-ward" }), "the other group learns nothing by it");
        let goal = two.ours.goal(&goal).await;
        assert_eq!(goal["script"], "Hi from {{Voting district|here}}! Reply STOP to opt out");
        assert_eq!(goal["targeting"]["fields"][0]["field"], "Voting district");
        assert_eq!(goal["responses"][0]["script"], "In {{Voting district}}");
        let library = two.ours.admin.get(&two.ours.at(&format!("scripts/{library}"))).await.ok();
        assert_eq!(library["script"], "You vote in {{Voting district}}");
        let own = agent.client.get("/v1/agent/scripts").await.ok();
        assert_eq!(own[0]["script"], "Yours in {{Voting district}}");
        let source = two.ours.admin.get(&two.ours.at(&format!("import-sources/{source}"))).await.ok();
        assert_eq!(source["mapping"], json!({ "P": "custom:Voting district" }));
        assert_eq!(names(&two.mine, "fields").await, ["Voting district"]);
        // A file with the former name fills the field.
        two.import("first,last,phone,precinct\nIda,,6465550003,9\n").await;
        assert_eq!(two.seen("+16465550003").await["fields"], json!({ "Voting district": "9" }));
        let into = text(&merge["into"]);
        let field = two.ours.at(&format!("fields/{into}"));
        assert_eq!(two.ours.admin.get(&field).await.ok()["contacts"], 3);
        two.ours.admin.call(Method::DELETE, &field, Call::empty()).await.problem(409, "conflict");
    })
    .await;
}

#[tokio::test]
async fn c16_of_merged_fields_a_contact_with_both_keeps_the_others_value() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let query = format!("file_name=a.csv&group_id={group}");
            ours.import(
                &query,
                "first,last,phone,ward,Ward No\nA,L,6465550001,1,2\nB,L,6465550002,,3\nC,L,6465550003,4,\n",
            )
            .await;
            let (from, into) = (id_of(&ours, "fields", "Ward No").await, id_of(&ours, "fields", "ward").await);
            let merge = until_merged(&ours, &format!("fields/{from}/merge"), json!({ "into": into })).await;
            assert_eq!((&merge["contacts"], &merge["kind"]), (&json!(2), &json!("field")));
            for (phone, ward) in [("+16465550001", "1"), ("+16465550002", "3"), ("+16465550003", "4")] {
                assert_eq!(ours.contact(phone).await["fields"], json!({ "ward": ward }), "{phone}");
            }
            assert_eq!(names(&ours, "fields").await, ["ward"]);
            // A new field has no values: it can go.
            let unused = made(&ours, "fields", json!({ "name": "unused" })).await;
            let unused = ours.at(&format!("fields/{unused}"));
            let locked = ours.admin.patch(&unused, json!({ "locked": true })).await;
            assert_eq!((locked.header("etag"), &locked.ok()["locked"]), ("\"2\"", &json!(true)));
            assert_eq!(ours.admin.call(Method::DELETE, &unused, Call::empty()).await.status, 204);
        })
        .await;
}

#[tokio::test]
async fn w8_a_reason_that_an_agent_names_is_a_tag_of_the_contact_in_that_group() {
    Two::run(async |two| {
        let moved = made(&two.ours, "tags", json!({ "name": "moved away", "reason": true })).await;
        let other = made(&two.ours, "tags", json!({ "name": "no reason" })).await;
        two.import("first,last,phone\nEmmy,,6465550001\nEva,,6465550002\n").await;
        let (agent, _) = two.ours.agent(&two.group).await;
        let reasons = agent.client.get("/v1/agent/reasons").await.ok();
        assert_eq!(reasons, json!([{ "id": moved, "name": "moved away" }]));
        let goal = two.ours.open_goal(&two.world, &two.group, json!({ "release_plan": { "pace": "all_at_open", "paced_to_caps": false } })).await;
        let batch = agent.client.claim(&goal, "initial").await;
        let skip = async |contact: &Value, reason: &str| {
            let path = format!("/v1/agent/batches/{}/skip", text(&batch["id"]));
            let body = json!({
                "lease_token": batch["lease_token"], "contact_id": contact["id"], "reason": "says so", "reason_id": reason,
            });
            agent.client.post(&path, body).await
        };
        let contacts = batch["contacts"].as_array().unwrap();
        skip(&contacts[0], &other).await.problem(422, "invalid-body");
        for contact in contacts {
            skip(contact, &moved).await.ok();
        }
        for phone in ["+16465550001", "+16465550002"] {
            assert_eq!(two.seen(phone).await["tags"], json!(["moved away"]));
        }
        // Another group that has the contact is not told.
        let theirs = seen(&two.theirs, &two.their_group, "+16465550001").await;
        assert_eq!(theirs["tags"], json!(["secret-all", "secret-tag"]));
        // Agents do not give a locked tag.
        two.ours.admin.patch(&two.ours.at(&format!("tags/{moved}")), json!({ "locked": true })).await.ok();
        assert_eq!(agent.client.get("/v1/agent/reasons").await.ok(), json!([]));
        let nobody = reach(&two.ours, &[]).await;
        assert_eq!(names(&nobody, "tags").await, ["moved away"], "a reason is everybody's to know");
    })
    .await;
}
