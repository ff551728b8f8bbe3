//! Before and after an import: its preview, its progress, what it changed, and taking it back (rules C12, C15).

use serde_json::json;

use crate::support::{Call, World, text};
use reqwest::Method;

#[tokio::test]
async fn c2_a_preview_shows_the_first_rows_as_they_will_be_read_and_keeps_nothing() {
    let world = World::start().await;
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
                { "header": "first", "field": "first_name" }, { "header": "last", "field": "last_name" },
                { "header": "Cell", "field": "phone" }, { "header": "Ward", "field": "ignore" },
            ],
            "lines": [
                { "line": 2, "values": { "first_name": "Ada", "last_name": "L", "phone": "+16465550001" }, "tags": [] },
                { "line": 3, "reason": "phone_invalid", "column": "Cell", "value": "12345" },
            ],
        })
    );
    let refused = ours.admin.call(Method::POST, &ours.at("imports/preview"), Call::raw("text/csv", "a,b\n1,2\n")).await;
    refused.problem(422, "invalid-body");
    assert_eq!(world.contents().await, before);
    assert!(world.objects().is_empty());
    world.finish().await;
}

#[tokio::test]
async fn c12_progress_comes_by_events_and_the_last_is_the_report() {
    let world = World::with_engine().await;
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
    world.finish().await;
}

#[tokio::test]
async fn c12_a_cancelled_import_keeps_and_reports_what_was_applied() {
    let world = World::with_engine_and(&[("import_part_bytes", "500"), ("import_shard_bytes", "100")]).await;
    let ours = world.organization("Ours").await;
    let group = ours.group("One").await;
    let rows: Vec<String> = (0..200).map(|nth| format!("Ada{nth},L,646555{nth:04}")).collect();
    let file = format!("first,last,phone\n{}\nBad,Row,1\n", rows.join("\n"));
    // Whoever applies a shard stops in the middle of it.
    let lock = world.harness.hold("lock table membership in share row exclusive mode").await;
    let uploaded = ours.upload(&format!("file_name=a.csv&group_id={group}"), file).await.ok();
    let id = text(&uploaded["id"]);
    world
        .until("(select distinct 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%into membership%') w", 1)
        .await;
    assert_eq!(ours.admin.act(&ours.at(&format!("imports/{id}/cancel"))).await.status, 202);
    lock.open().await;
    let report = ours.report(&id).await;
    assert_eq!(report["state"], "cancelled", "{report}");
    let created = report["created"].as_i64().unwrap();
    assert!((1..200).contains(&created), "{report}");
    assert_eq!(world.harness.count("contact").await, created);
    assert_eq!(world.harness.count("membership").await, created);
    let counted: i64 = ["created", "updated", "unchanged", "merged", "rejected"]
        .iter()
        .map(|name| report[*name].as_i64().unwrap())
        .sum();
    assert_eq!(report["rows_read"], counted, "{report}");
    assert_eq!(report["sha256"].as_str().unwrap().len(), 64);
    world.finish().await;
}

#[tokio::test]
async fn an_import_that_nothing_was_sent_from_is_taken_back() {
    let world = World::with_engine().await;
    let ours = world.organization("Ours").await;
    let (group, other) = (ours.group("One").await, ours.group("Two").await);
    let first = "first,last,phone,Ward\nAda,L,6465550000,1\nEve,L,6465550001,2\n";
    ours.import(&format!("file_name=a.csv&group_id={other}&tags=old"), first).await;
    let before = [ours.contact("+16465550000").await, ours.contact("+16465550001").await];

    let file =
        "first,last,phone,Ward\nAdah,King,6465550000,9\nEve,L,6465550001,2\nNew,N,6465550002,3\nKept,K,6465550003,4\n";
    let query = format!("file_name=b.csv&group_id={group}&tags=old,new");
    let report = ours.import(&query, file).await;
    let id = text(&report["id"]);
    let changes = ours.admin.get(&ours.at(&format!("imports/{id}/changes"))).await.ok();
    assert_eq!(
        (&changes["items"][0]["before"], &changes["items"][0]["now"]),
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
    world.until(&format!("import where id = '{id}' and undone_at is not null"), 1).await;
    let report = ours.admin.get(&path).await.ok();
    assert_eq!(report["undone"], json!({ "deleted": 1, "restored": 1, "kept": 1 }), "{report}");
    let mut after = [ours.contact("+16465550000").await, ours.contact("+16465550001").await];
    for contact in &mut after {
        assert_eq!((&contact["tags"], &contact["groups"]), (&json!(["old"]), &json!([other])));
    }
    assert_eq!(after, before);
    assert!(ours.contact("+16465550002").await.is_null(), "nobody else knows them");
    assert_eq!(ours.contact("+16465550003").await["groups"], json!([other]), "who is used elsewhere stays there");
    ours.admin.act(&format!("{path}/undo")).await.problem(409, "conflict");
    world.finish().await;
}

#[tokio::test]
async fn an_import_whose_people_were_targeted_cannot_be_taken_back() {
    let world = World::with_engine().await;
    let ours = world.organization("Ours").await;
    let group = ours.group("One").await;
    let dry = ours
        .import(&format!("file_name=b.csv&group_id={group}&dry_run=true"), "first,last,phone\nA,B,6465550000\n")
        .await;
    let path = ours.at(&format!("imports/{}/undo", text(&dry["id"])));
    ours.admin.act(&path).await.problem(409, "conflict");
    let report = ours.import(&format!("file_name=b.csv&group_id={group}"), "first,last,phone\nA,B,6465550000\n").await;
    ours.open_goal(&world, &group, json!({})).await;
    let before = world.contents().await;
    let path = ours.at(&format!("imports/{}/undo", text(&report["id"])));
    let refused = ours.admin.act(&path).await;
    assert!(refused.text.contains("targeted"), "{}", refused.text);
    refused.problem(409, "conflict");
    assert_eq!(world.contents().await, before);
    world.finish().await;
}
