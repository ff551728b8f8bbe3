//! Files of contacts, from the upload to the report (rules C1 to C15).

use std::collections::BTreeMap;

use muster_integration_tests::{Organization, World, eventually, open_goal, seconds, text};
use serde_json::{Value, json};

/// Returns the counters of a report, of which all but the first add up to the first (rule C7).
#[track_caller]
pub(crate) fn counters(report: &Value) -> [i64; 6] {
    let names = ["rows_read", "created", "updated", "unchanged", "merged", "rejected"];
    let counters = names.map(|name| report[name].as_i64().unwrap());
    assert_eq!(counters[0], counters[1..].iter().sum::<i64>(), "the counters add up: {report}");
    let reasons: i64 =
        report["reject_reasons"].as_object().unwrap().values().map(|count| count.as_i64().unwrap()).sum();
    assert_eq!(reasons, counters[5], "every reject has a reason: {report}");
    counters
}

pub(crate) fn reasons(report: &Value) -> BTreeMap<String, i64> {
    serde_json::from_value(report["reject_reasons"].clone()).unwrap()
}

pub(crate) async fn rejects(organization: &Organization, report: &Value) -> Vec<String> {
    let path = organization.at(&format!("imports/{}/rejects.csv", text(&report["id"])));
    let answer = organization.admin.get(&path).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/csv; charset=utf-8"));
    let mut lines = answer.text.split_terminator("\r\n").map(ToOwned::to_owned);
    assert_eq!(lines.next().unwrap(), "line,reason,column,row");
    lines.collect()
}

/// A file with one row of every fate.
const MIXED: &str = "First Name,LAST_NAME,Cell Phone,E-mail,Zip Code,Tags,Precinct
Ada,Lovelace,(646) 555-0001,ada@example.org,10001,\"runner, baker\",12
Grace,Hopper,+1 646 555 0002,,10002,,\\N
Alan,Turing,646.555.0003,,,,NULL
Ada,King,6465550001,ada@example.org,10001,,13
No,Phone,,,,,
Damaged,Cell,2.12E+09,,,,
Two,Numbers,6465550004 / 6465550005,,,,
With,Extension,6465550006 x12,,,,
=cmd(),\"Quoted, \"\"twice\"\"\",12,,,,
";

#[tokio::test]
async fn c7_every_row_ends_in_one_counter_and_the_same_file_again_changes_nothing() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let query =
                format!("file_name=mixed.csv&group_id={group}&tags=march,%20rally%20&consent_text=They%20signed%20up");
            let report = ours.import(&query, MIXED).await;
            assert_eq!(report["state"], "succeeded", "{report}");
            assert_eq!(counters(&report), [9, 3, 0, 0, 1, 5]);
            let wanted = [
                ("phone_damaged", 1),
                ("phone_extension", 1),
                ("phone_invalid", 1),
                ("phone_missing", 1),
                ("phone_several", 1),
            ];
            assert_eq!(reasons(&report), wanted.map(|(reason, count)| (reason.to_owned(), count)).into());
            assert_eq!(report["bytes_read"], report["text_bytes"], "{report}");
            assert!(report["finished_at"].is_string());

            // C7: the rejects by line, with reason, column and the row as it was; a cell that a
            // spreadsheet would run is defused.
            let rows = rejects(&ours, &report).await;
            assert_eq!(rows[0], "6,\"phone_missing\",\"Cell Phone\",\"No,Phone,,,,,\"");
            assert_eq!(rows[1], "7,\"phone_damaged\",\"Cell Phone\",\"Damaged,Cell,2.12E+09,,,,\"");
            assert!(rows[2].starts_with("8,\"phone_several\""), "{}", rows[2]);
            assert!(rows[3].starts_with("9,\"phone_extension\""), "{}", rows[3]);
            assert_eq!(
                rows[4],
                "10,\"phone_invalid\",\"Cell Phone\",\"'=cmd(),\"\"Quoted, \"\"\"\"twice\"\"\"\"\"\",12,,,,\""
            );
            assert_eq!(rows.len(), 5);

            // C6: the last row for a phone wins. C8: tags of the file and of the row. C2: unknown
            // columns are custom fields; nulls are none.
            let ada = ours.contact("+16465550001").await;
            assert_eq!((&ada["last_name"], &ada["fields"]), (&json!("King"), &json!({ "Precinct": "13" })));
            assert_eq!((&ada["email"], &ada["postal_code"]), (&json!("ada@example.org"), &json!("10001")));
            assert_eq!((&ada["tags"], &ada["groups"]), (&json!(["march", "rally"]), &json!([group])));
            assert_eq!(ours.contact("+16465550002").await["fields"], json!({}));
            // C13: provenance.
            let provenance =
                world.contacts().is("source", "file").has("source_import_id").is("consent_text", "They signed up");
            assert_eq!(provenance.count().await, 3);

            let again = ours.import(&query, MIXED).await;
            assert_eq!(counters(&again), [9, 0, 0, 3, 1, 5]);
            // C1: into another group it is the same people; they join it.
            let second = ours.group("Two").await;
            let elsewhere = ours.import(&format!("file_name=mixed.csv&group_id={second}"), MIXED).await;
            assert_eq!(counters(&elsewhere), [9, 0, 3, 0, 1, 5]);
            assert_eq!(world.contacts().count().await, 3);
            assert_eq!(world.memberships().count().await, 6);
            // A changed name updates one; a blank cell leaves the value as it is.
            let changed =
                ours.import(&query, "first,last,phone,email\nAdah,,6465550001,\nGrace,Hopper,6465550002,\n").await;
            assert_eq!(counters(&changed), [2, 0, 1, 1, 0, 0]);
            let ada = ours.contact("+16465550001").await;
            assert_eq!(
                (&ada["first_name"], &ada["last_name"], &ada["email"]),
                (&json!("Adah"), &json!("King"), &json!("ada@example.org"))
            );
        })
        .await;
}

/// Rule C12.
#[tokio::test]
async fn c12_a_dry_run_reports_the_same_and_writes_nothing() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            ours.import(
                &format!("file_name=a.csv&group_id={group}"),
                "first,last,phone\nAda,L,6465550001\nGrace,Hopper,6465550002\n",
            )
            .await;
            let people = "select json_build_object('contacts', (select json_agg(c order by id) from contact c),
        'members', (select count(*) from membership), 'tags', (select count(*) from tag), 'fields', (select count(*) from custom_field))";
            let before: Value = world.row(people).await;
            let query = format!("file_name=mixed.csv&group_id={group}&tags=march");
            let dry = ours.import(&format!("{query}&dry_run=true"), MIXED).await;
            assert_eq!((&dry["state"], &dry["dry_run"]), (&json!("succeeded"), &json!(true)), "{dry}");
            let after: Value = world.row(people).await;
            assert_eq!(after, before);
            let wet = ours.import(&query, MIXED).await;
            assert_eq!(counters(&dry), counters(&wet));
            assert_eq!(reasons(&dry), reasons(&wet));
            assert_eq!(rejects(&ours, &dry).await, rejects(&ours, &wet).await);
            assert_eq!(counters(&wet)[..3], [9, 1, 2]);
        })
        .await;
}

/// Rules C3 and C7: blank lines are no rows, and are lines.
#[tokio::test]
async fn c7_a_rejects_line_is_the_files_line_also_after_blank_lines_and_quoted_newlines() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let file = "first,last,phone\n\n\nBad,Line4,1\n\"Bad\nName\",Line5,2\n\r\n\r\nBad,Line9,3\r\n";
            let report = ours.import(&format!("file_name=a.csv&group_id={group}"), file).await;
            assert_eq!(counters(&report), [3, 0, 0, 0, 0, 3]);
            let lines: Vec<String> = rejects(&ours, &report)
                .await
                .iter()
                .filter_map(|row| Some(row.split_once(',')?.0.to_owned()))
                .collect();
            assert_eq!(lines[0], "4");
            assert_eq!(lines[1], "5");
            assert_eq!(lines.last().unwrap(), "9", "{lines:?}");
        })
        .await;
}

/// Rules C8 and T1: the tags of a column target goals.
#[tokio::test]
async fn t1_tags_of_a_column_target_all_any_and_none() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let file = "first,last,phone,tags\nA,L,6465550001,\"red; \
         blue\"\nB,L,6465550002,red\nC,L,6465550003,\"blue,green\"\nD,L,6465550004,\n";
            let report = ours.import(&format!("file_name=a.csv&group_id={group}"), file).await;
            assert_eq!(counters(&report), [4, 4, 0, 0, 0, 0], "{report}");
            for (targeting, contacts) in [
                (json!({ "tags_all": ["red", "blue"] }), 1),
                (json!({ "tags_any": ["red", "green"] }), 3),
                (json!({ "tags_none": ["red"] }), 2),
                (json!({ "tags_any": ["blue"], "tags_none": ["green"] }), 1),
                (json!({ "tags_any": ["red", "blue"], "tags_all": ["green"] }), 1),
            ] {
                let goal = open_goal(&world, json!({ "targeting": targeting })).await;
                let id = ours.draft(&group, goal).await;
                let preview = ours.admin.get(&ours.at(&format!("goals/{id}/preview"))).await.ok();
                assert_eq!(preview["contacts"], contacts, "{targeting}: {preview}");
            }
        })
        .await;
}

/// Rule C12.
#[tokio::test]
async fn c12_a_cancelled_import_says_so_and_has_applied_nothing() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            // No worker runs yet, so that it is cancelled before it begins.
            let uploaded = ours.upload(&format!("file_name=a.csv&group_id={group}"), MIXED).await.ok();
            let id = text(&uploaded["id"]);
            let path = ours.at(&format!("imports/{id}"));
            assert_eq!(ours.admin.get(&path).await.ok()["state"], "waiting");
            assert_eq!(ours.admin.act(&format!("{path}/cancel")).await.status, 202);
            let (scheduler, worker) = (world.scheduler("s"), world.worker("w"));
            let report = ours.report(&id).await;
            assert_eq!(
                (&report["state"], counters(&report)[1..].iter().sum::<i64>()),
                (&json!("cancelled"), 0),
                "{report}"
            );
            assert_eq!(world.contacts().count().await, 0);
            ours.admin.act(&format!("{path}/cancel")).await.problem(409, "conflict");
            eventually(seconds(10), async || {
                let left = world.jobs().kind("import-cut").not("state", "succeeded").count().await;
                if left == 0 { Ok(()) } else { Err(world.census().await) }
            })
            .await;
            scheduler.stop().await;
            worker.stop().await;
        })
        .await;
}
