//! Before and after an import: its preview, its progress, its changes, and taking it back
//! (rules C12, C15).

use muster_integration_tests::{Call, World, text};
use serde_json::{Value, json};

use reqwest::Method;

#[tokio::test]
async fn c2_a_preview_shows_the_first_rows_as_they_will_be_read_and_keeps_nothing() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let before = world.contents().await;
            let file = "first;last;Cell;Ward\nAda;L;(646) 555-0001;7\nBad;L;12345;8\nEve;L;6465550003;9\n";
            let path = ours.at("imports/preview?rows=2&mapping=%7B%22Ward%22:%22ignore%22%7D");
            let preview = ours.admin.call(Method::POST, &path, Call::raw("text/csv", file)).await.ok();
            assert_eq!(
                preview,
                json!({
                    "encoding": "UTF-8", "delimiter": ";",
                    "columns": [
                        { "header": "first", "field": "first_name", "meaning": null }, { "header": "last", "field": "last_name", "meaning": null },
                        { "header": "Cell", "field": "phone", "meaning": null }, { "header": "Ward", "field": "ignore", "meaning": null },
                    ],
                    "lines": [
                        { "line": 2, "values": { "first_name": "Ada", "last_name": "L", "phone": "+16465550001" }, "tags": [], "opted_out": false, "warnings": [] },
                        { "line": 3, "reason": "phone_invalid", "column": "Cell", "value": "12345" },
                    ],
                    "lines_truncated": false,
                })
            );
            let refused =
                ours.admin.call(Method::POST, &ours.at("imports/preview"), Call::raw("text/csv", "a,b\n1,2\n")).await;
            refused.problem(422, "invalid-body");
            assert_eq!(world.contents().await, before);
            assert!(world.objects().is_empty());
        })
        .await;
}

#[tokio::test]
async fn c2_a_preview_goes_by_a_sources_mapping_unless_it_has_one_of_its_own() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let source =
                json!({ "group_id": group, "name": "Voters", "mapping": { "Tel": "phone", "Ward": "ignore" } });
            let id = text(&ours.admin.post(&ours.at("import-sources"), source).await.ok()["id"]);
            let file = "first,last,Tel,Ward\nAda,L,6465550001,7\n";
            let preview = async |query: &str| {
                let path = ours.at(&format!("imports/preview?source_id={id}{query}"));
                ours.admin.call(Method::POST, &path, Call::raw("text/csv", file)).await
            };
            let seen = preview("").await.ok();
            assert_eq!(
                (&seen["columns"][2]["field"], &seen["columns"][3]["field"]),
                (&json!("phone"), &json!("ignore"))
            );
            assert_eq!(seen["lines"][0]["values"]["phone"], "+16465550001");
            let seen = preview("&mapping=%7B%22Tel%22:%22phone%22%7D").await.ok();
            assert_eq!(seen["columns"][3]["field"], "custom:Ward");
            preview("&mapping=%7B%22Ward%22:%22phone%22,%22Tel%22:%22fone%22%7D").await.problem(422, "invalid-body");
            // Another organization has no such source, and neither has an admin of another group.
            let other = world.organization("Other").await;
            let path = other.at(&format!("imports/preview?source_id={id}"));
            other.admin.call(Method::POST, &path, Call::raw("text/csv", file)).await.problem(404, "not-found");
            let second = ours.group("Two").await;
            let (admin, _) = ours.member_of("group_admin", &[&second]).await;
            let path = ours.at(&format!("imports/preview?source_id={id}"));
            admin.client.call(Method::POST, &path, Call::raw("text/csv", file)).await.problem(404, "not-found");
        })
        .await;
}

#[tokio::test]
async fn c14_a_preview_leaves_out_what_locked_fields_leave_out_of_the_import() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let query = format!("file_name=a.csv&group_id={group}");
            ours.import(&query, "first,last,phone,Ward\nAda,L,6465550000,7\n").await;
            ours.set(json!({ "lock_custom_fields": true })).await;
            let file = "first,last,phone,Ward,Shoe\nAda,L,6465550000,8,42\n";
            let call = Call::raw("text/csv", file);
            let preview = ours.admin.call(Method::POST, &ours.at("imports/preview"), call).await.ok();
            let report = ours.import(&query, file).await;
            let columns = |answer: &Value| {
                let columns = answer["columns"].as_array().unwrap().iter();
                columns.map(|column| (column["header"].clone(), column["field"].clone())).collect::<Vec<_>>()
            };
            assert_eq!(columns(&preview), columns(&report));
            assert_eq!(columns(&preview)[4], (json!("Shoe"), json!("ignore")));
            assert_eq!(preview["lines"][0]["values"].as_object().unwrap().len(), 4, "{preview}");
        })
        .await;
}

#[tokio::test]
async fn c12_an_import_under_way_tells_its_rows_its_rate_and_the_time_left() {
    World::with_engine()
        .with_all(&[("import_part_bytes", "500"), ("import_shard_bytes", "100")])
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let rows: Vec<String> = (0..200).map(|nth| format!("Ada{nth},L,646555{nth:04}")).collect();
            let file = format!("first,last,phone\n{}\n", rows.join("\n"));
            // The worker that applies a shard stops in the middle of it, when all rows have been
            // read.
            let lock = world.hold_writes("membership").await;
            let uploaded = ours.upload(&format!("file_name=a.csv&group_id={group}"), file).await.ok();
            let id = text(&uploaded["id"]);
            world.until_locked("into membership").await;
            let mut events = ours.admin.events(&ours.at(&format!("imports/{id}/events"))).await;
            let (kind, told) = events.next().await.unwrap();
            assert_eq!((kind.as_str(), &told["state"]), ("progress", &json!("running")), "{told}");
            assert_eq!(told["bytes_read"], told["text_bytes"], "{told}");
            assert!(told["parts_read"] == told["parts"] && told["parts"].as_i64() > Some(1), "{told}");
            assert!(told["rows_read"].is_i64() && told["rows_per_second"].is_number(), "{told}");
            assert_eq!(told["rows_expected"], json!(200));
            assert!(told["seconds_left"].as_f64().is_some_and(|left| left > 0.0), "{told}");
            lock.open().await;
            let mut last = None;
            while let Some(event) = events.next().await {
                last = Some(event);
            }
            let (kind, told) = last.unwrap();
            assert_eq!(
                (kind.as_str(), &told["created"], &told["seconds_left"]),
                ("end", &json!(200), &json!(null)),
                "{told}"
            );
        })
        .await;
}

#[tokio::test]
async fn c12_progress_comes_by_events_and_the_last_is_the_report() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let uploaded =
                ours.upload(&format!("file_name=a.csv&group_id={group}"), "first,last,phone\nAda,L,6465550001\n").await;
            let id = text(&uploaded.ok()["id"]);
            let events = ours.admin.get(&ours.at(&format!("imports/{id}/events"))).await;
            assert_eq!((events.status, events.header("content-type")), (200, "text/event-stream"));
            let last = events.text.split("\n\n").filter(|event| !event.trim().is_empty()).last().unwrap();
            let (kind, data) = last.split_once('\n').unwrap();
            assert_eq!(kind, "event: end", "{}", events.text);
            let told: serde_json::Value = serde_json::from_str(data.trim_start_matches("data: ")).unwrap();
            assert_eq!(told, ours.report(&id).await);
            assert_eq!(
                (&told["state"], &told["parts_read"], &told["shards_applied"]),
                (&json!("succeeded"), &json!(1), &json!(1))
            );
            let other = world.organization("Other").await;
            other.admin.get(&other.at(&format!("imports/{id}/events"))).await.problem(404, "not-found");
        })
        .await;
}

#[tokio::test]
async fn c12_a_cancelled_import_keeps_and_reports_what_was_applied() {
    World::with_engine()
        .with_all(&[("import_part_bytes", "500"), ("import_shard_bytes", "100")])
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let rows: Vec<String> = (0..200).map(|nth| format!("Ada{nth},L,646555{nth:04}")).collect();
            let file = format!("first,last,phone\n{}\nBad,Row,1\n", rows.join("\n"));
            // The worker that applies a shard stops in the middle of it.
            let lock = world.hold_writes("membership").await;
            let digest: String =
                world.row(&format!("select to_json(encode(sha256(convert_to('{file}', 'UTF8')), 'hex'))")).await;
            let uploaded = ours.upload(&format!("file_name=a.csv&group_id={group}"), file).await.ok();
            let id = text(&uploaded["id"]);
            world.until_locked("into membership").await;
            assert_eq!(ours.admin.act(&ours.at(&format!("imports/{id}/cancel"))).await.status, 202);
            lock.open().await;
            let report = ours.report(&id).await;
            assert_eq!(report["state"], "cancelled", "{report}");
            let created = report["created"].as_i64().unwrap();
            assert!((1..200).contains(&created), "{report}");
            assert_eq!(world.contacts().count().await, created);
            assert_eq!(world.memberships().count().await, created);
            let counted: i64 = ["created", "updated", "unchanged", "merged", "rejected"]
                .iter()
                .map(|name| report[*name].as_i64().unwrap())
                .sum();
            assert_eq!(report["rows_read"], counted, "{report}");
            assert_eq!(report["sha256"], json!(digest));
        })
        .await;
}

#[tokio::test]
async fn an_import_that_nothing_was_sent_from_is_taken_back() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let (group, other) = (ours.group("One").await, ours.group("Two").await);
            let first = "first,last,phone,Ward\nAda,L,6465550000,1\nEve,L,6465550001,2\n";
            ours.import(&format!("file_name=a.csv&group_id={other}&tags=old"), first).await;
            let before = [ours.contact("+16465550000").await, ours.contact("+16465550001").await];

            let file = "first,last,phone,Ward\nAdah,King,6465550000,9\nEve,L,6465550001,2\nNew,N,6465550002,3\nKept,K,6465550003,4\n";
            let query = format!("file_name=b.csv&group_id={group}&tags=old,new");
            let report = ours.import(&query, file).await;
            let id = text(&report["id"]);
            let changes = ours.admin.get(&ours.at(&format!("imports/{id}/changes"))).await.ok();
            assert_eq!(
                (&changes["items"][0]["before"], &changes["items"][0]["after"]),
                (
                    &json!({ "first_name": "Ada", "last_name": "L", "fields": { "Ward": "1" } }),
                    &json!({ "first_name": "Adah", "last_name": "King", "fields": { "Ward": "9" } })
                ),
                "{changes}"
            );
            assert_eq!(changes["items"].as_array().unwrap().len(), 1);
            // Somebody uses one of the new people elsewhere before it is taken back.
            ours.import(&format!("file_name=c.csv&group_id={other}"), "first,last,phone\nKept,K,6465550003\n").await;

            let path = ours.at(&format!("imports/{id}"));
            assert_eq!(ours.admin.act(&format!("{path}/undo")).await.status, 202);
            world.imports().id(&id).has("undone_at").until(1).await;
            let report = ours.admin.get(&path).await.ok();
            assert_eq!(report["undone"], json!({ "deleted": 1, "restored": 1, "kept": 1 }), "{report}");
            let mut after = [ours.contact("+16465550000").await, ours.contact("+16465550001").await];
            for contact in &mut after {
                assert_eq!((&contact["tags"], &contact["groups"]), (&json!(["old"]), &json!([other])));
            }
            assert_eq!(after, before);
            assert!(ours.contact("+16465550002").await.is_null(), "nobody else knows them");
            assert_eq!(
                ours.contact("+16465550003").await["groups"],
                json!([other]),
                "who is used elsewhere stays \
             there"
            );
            ours.admin.act(&format!("{path}/undo")).await.problem(409, "conflict");
        })
        .await;
}

#[tokio::test]
async fn c7_what_an_import_changed_is_told_as_it_left_it_whatever_came_later() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let query = format!("file_name=a.csv&group_id={group}");
            let mut ids = Vec::new();
            for row in
                ["Ada,L,6465550000,ada@example.org,1,", "Adah,,6465550000,,2,x", "Ada,L,6465550000,ada@example.org,3,"]
            {
                let report = ours.import(&query, format!("first,last,phone,email,Ward,Shoe\n{row}\n")).await;
                ids.push(text(&report["id"]));
            }
            let told =
                async |id: &str| ours.admin.get(&ours.at(&format!("imports/{id}/changes"))).await.ok()["items"].clone();
            assert_eq!(told(&ids[0]).await, json!([]));
            let seen = told(&ids[1]).await;
            assert_eq!(
                (&seen[0]["before"], &seen[0]["after"]),
                (
                    &json!({ "first_name": "Ada", "fields": { "Ward": "1" } }),
                    &json!({ "first_name": "Adah", "fields": { "Ward": "2", "Shoe": "x" } })
                ),
                "{seen}"
            );
            assert_eq!(
                told(&ids[2]).await[0]["after"],
                json!({ "first_name": "Ada", "fields": { "Ward": "3", "Shoe": "x" } })
            );
        })
        .await;
}

#[tokio::test]
async fn a_dry_run_has_nothing_to_take_back() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let dry = ours
                .import(&format!("file_name=b.csv&group_id={group}&dry_run=true"), "first,last,phone\nA,B,6465550000\n")
                .await;
            let path = ours.at(&format!("imports/{}/undo", text(&dry["id"])));
            ours.admin.act(&path).await.problem(409, "conflict");
        })
        .await;
}
