//! Limits and leftovers of a file: places in a group beside other files, names of tags, groups and
//! writes (rules A2, C7, C8, C10, C11 and C12).

use muster_integration_tests::{World, text};
use serde_json::{Value, json};

/// Rows read, created, updated, unchanged, merged and rejected.
fn counters(report: &Value) -> [i64; 6] {
    ["rows_read", "created", "updated", "unchanged", "merged", "rejected"].map(|name| report[name].as_i64().unwrap())
}

fn file(people: std::ops::Range<usize>) -> String {
    let rows = people.map(|nth| format!("Ada{nth},L,646555{nth:04}\n"));
    format!("first,last,phone\n{}", rows.collect::<String>())
}

#[tokio::test]
async fn c10_a_file_that_comes_twice_at_once_fills_the_group_and_loses_nobody() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            ours.set(json!({ "group_contact_limit": 20 })).await;
            let group = ours.group("One").await;
            let query = format!("file_name=a.csv&group_id={group}");
            // The first is admitted, and stops before anybody joins the group; the second is looked
            // at meanwhile.
            let lock = world.hold_writes("membership").await;
            let first = text(&ours.upload(&query, file(0..20)).await.ok()["id"]);
            world.until_locked("into membership").await;
            let second = text(&ours.upload(&query, file(0..20)).await.ok()["id"]);
            // Until it waits for the first, or, if it did not, stands at the same lock with its
            // rows rejected.
            let stands = format!(
            "(select 1 from job where kind = 'import-admit' and payload ->> 'import_id' = '{second}' and epoch > 0
              and state in ('pending', 'published')
          union all
          (select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%into membership%' offset 1)) w"
        );
            world.until(&stands, 1).await;
            lock.open().await;
            let (first, second) = (ours.report(&first).await, ours.report(&second).await);
            assert_eq!((&first["state"], counters(&first)), (&json!("succeeded"), [20, 20, 0, 0, 0, 0]), "{first}");
            assert_eq!((&second["state"], counters(&second)), (&json!("succeeded"), [20, 0, 0, 20, 0, 0]), "{second}");
            // Several files that overlap, of which all together fit, never take one another's
            // places.
            ours.set(json!({ "group_contact_limit": 50 })).await;
            let uploads = [0..40, 10..50, 5..45, 0..50].map(|people| ours.import(&query, file(people)));
            for report in futures::future::join_all(uploads).await {
                assert_eq!((&report["state"], &report["rejected"]), (&json!("succeeded"), &json!(0)), "{report}");
            }
            assert_eq!(world.memberships().count().await, 50);
        })
        .await;
}

#[tokio::test]
async fn c8_more_than_a_thousand_tags_refuse_a_file_wherever_it_is_cut() {
    for part in ["100000000", "2000"] {
        World::with_engine()
            .with_all(&[("import_part_bytes", part)])
            .run(async |world| {
                let ours = world.organization("Ours").await;
                let group = ours.group("One").await;
                let tagged = |tags: usize| {
                    let rows = (0..tags).map(|nth| format!("Ada{nth},L,646555{nth:04},t{nth}\n"));
                    format!("first,last,phone,tags\nBad,Row,1,\n{}", rows.collect::<String>())
                };
                let query = format!("file_name=a.csv&group_id={group}");
                let refused = ours.import(&query, tagged(1_001)).await;
                assert_eq!(
                    (&refused["state"], counters(&refused)),
                    (&json!("failed"), [0; 6]),
                    "parts of {part}: {refused}"
                );
                assert!(text(&refused["failure"]).contains("1000 different tags"), "{refused}");
                for table in ["contact", "tag", "import_reject"] {
                    assert_eq!(world.count(table).await, 0, "{table}");
                }
                let report = ours.import(&query, tagged(1_000)).await;
                assert_eq!(counters(&report), [1_001, 1_000, 0, 0, 0, 1], "parts of {part}: {report}");
                assert_eq!(world.rows("tag").count().await, 1_000);
            })
            .await;
    }
}

#[tokio::test]
async fn c3_a_tag_an_agent_and_a_field_that_are_no_names_do_not_end_an_import() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let query = format!("file_name=a.csv&group_id={group}");
            let long =
                (0..3_000).map(|nth: u32| char::from_u32(0x4e00 + nth * 7 % 20_000).unwrap()).collect::<String>();
            let rows = format!(
                "first,last,phone,tags,Assigned \
             Agent\nA,L,6465550000,{long},\nB,L,6465550001,,{long}\nC,L,6465550002,ok,\n"
            );
            let report = ours.import(&query, rows).await;
            assert_eq!((&report["state"], counters(&report)), (&json!("succeeded"), [3, 1, 0, 0, 0, 2]), "{report}");
            assert_eq!(report["reject_reasons"], json!({ "tag_too_long": 1, "agent_too_long": 1 }));
            let refused = ours.upload(&query, format!("first,last,phone,{long}\nA,L,6465550000,x\n")).await;
            let refused = refused.problem(422, "invalid-body");
            assert!(text(&refused["detail"]).contains("more than 200 characters"), "{refused}");
        })
        .await;
}

#[tokio::test]
async fn c7_a_row_over_the_limit_is_told_as_the_file_would_have_it() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            ours.set(json!({ "group_contact_limit": 1 })).await;
            let group = ours.group("One").await;
            let rows = "Ward;last;first;Junk;Cell;tags;E-mail\n7;L;Ada;x;6465550000;;\n\"8;\"\"b\"\"\";\"O;H\";Eve;y;(646) 555-0001;a,b;e@example.org\n";
            let query = format!("file_name=a.csv&group_id={group}&mapping=%7B%22Junk%22:%22ignore%22%7D");
            let report = ours.import(&query, rows).await;
            assert_eq!(counters(&report), [2, 1, 0, 0, 0, 1], "{report}");
            let rejects = ours.admin.get(&ours.at(&format!("imports/{}/rejects.csv", text(&report["id"])))).await.text;
            let row = "\"8;\"\"b\"\"\";\"O;H\";\"Eve\";;\"+16465550001\";\"a;b\";\"e@example.org\"";
            assert_eq!(rejects.lines().nth(1).unwrap(), format!("3,\"group_full\",\"\",\"{}\"", row.replace('"', "\"\"")));
        })
        .await;
}

#[tokio::test]
async fn c7_no_cell_of_the_rejects_begins_as_a_formula() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            for begin in ["=", "+", "-", "@", "\t", "\r"] {
                // A quoted line end at the beginning of a row is part of its cell, so that the row
                // itself begins with the quote.
                let (cell, shown) = match begin {
                    "\r" => ("\"\rcmd()\"".to_owned(), "\"'\rcmd()\"".to_owned()),
                    begin => (format!("{begin}cmd()"), format!("'{begin}cmd()")),
                };
                let rows = format!("first,last,phone\n{cell},L,1\n");
                let report = ours.import(&format!("file_name=a.csv&group_id={group}"), rows).await;
                let rejects =
                    ours.admin.get(&ours.at(&format!("imports/{}/rejects.csv", text(&report["id"])))).await.text;
                let wanted = format!("2,\"phone_invalid\",\"phone\",\"{},L,1\"", shown.replace('"', "\"\""));
                assert_eq!(rejects.split_once("\r\n").unwrap().1.trim_end_matches("\r\n"), wanted, "{begin:?}");
            }
            // A reader that parts the row into columns again finds no formula in any of them, and
            // phones as they were.
            let report =
                ours.import(&format!("file_name=a.csv&group_id={group}"), "first,last,phone\nA,=cmd(),+1 (2)\n").await;
            let rejects = ours.admin.get(&ours.at(&format!("imports/{}/rejects.csv", text(&report["id"])))).await.text;
            assert!(rejects.ends_with("\"A,'=cmd(),+1 (2)\"\r\n"), "{rejects}");
            // A column's name is a cell of the rejects too.
            let report = ours
                .import(
                    &format!("file_name=a.csv&group_id={group}&mapping=%7B%22%3Dtel%22:%22phone%22%7D"),
                    "first,last,=tel\nA,L,1\n",
                )
                .await;
            let rejects = ours.admin.get(&ours.at(&format!("imports/{}/rejects.csv", text(&report["id"])))).await.text;
            assert!(rejects.contains("\"'=tel\""), "{rejects}");
        })
        .await;
}

#[tokio::test]
async fn c7_the_same_file_again_writes_no_row_of_the_people_in_it() {
    World::with_engine()
        .with_all(&[("import_part_bytes", "200"), ("import_shard_bytes", "200")])
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let (agent, _) = ours.agent(&group).await;
            let rows =
                (0..40).map(|nth| format!("Ada{nth},L,646555{nth:04},w{nth},a@example.org,\"x,y{nth}\",{}\n", agent.id));
            let rows = format!("first,last,phone,Ward,E-mail,tags,Assigned Agent\n{}", rows.collect::<String>());
            let query = format!("file_name=a.csv&group_id={group}&tags=march");
            let report = ours.import(&query, rows.as_str()).await;
            assert_eq!(counters(&report), [40, 40, 0, 0, 0, 0], "{report}");
            let versions = "select json_build_object(
        'contact', (select json_agg(json_build_array(id, xmin::text, ctid::text) order by id) from contact),
        'membership', (select json_agg(json_build_array(contact_id, xmin::text, ctid::text) order by contact_id) from membership),
        'contact_tag', (select json_agg(json_build_array(contact_id, tag_id, xmin::text) order by contact_id, tag_id) from contact_tag),
        'tag', (select json_agg(json_build_array(id, xmin::text) order by id) from tag),
        'custom_field', (select json_agg(json_build_array(name, xmin::text)) from custom_field),
        'changes', (select count(*) from import_change),
        'assignments', (select count(*) from import_assignment))";
            let before: Value = world.row(versions).await;
            assert_eq!(before["contact_tag"].as_array().unwrap().len(), 120);
            let again = ours.import(&query, rows.as_str()).await;
            assert_eq!(counters(&again), [40, 0, 0, 40, 0, 0], "{again}");
            let after: Value = world.row(versions).await;
            assert_eq!(after, before);
        })
        .await;
}

/// Rules C11 and C12: a dry run of a file makes no group.
#[tokio::test]
async fn c12_a_dry_run_without_a_group_makes_none() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            ours.set(json!({ "group_contact_limit": 3 })).await;
            let rows = format!("{}Bad,Row,1\n", file(0..4));
            let place = "&zone=America/Chicago&area_code=312";
            ours.upload("file_name=Spring.csv.gz&dry_run=true", rows.as_str()).await.problem(400, "invalid-parameter");
            let dry =
                ours.import(&format!("file_name=Spring.csv.gz&dry_run=true&tags=march{place}"), rows.as_str()).await;
            assert_eq!((&dry["state"], &dry["group_id"]), (&json!("succeeded"), &Value::Null), "{dry}");
            assert_eq!(counters(&dry), [5, 3, 0, 0, 0, 2], "{dry}");
            for table in ["contact_group", "contact", "membership", "tag"] {
                assert_eq!(world.count(table).await, 0, "{table}");
            }
            let undone = ours.admin.act(&ours.at(&format!("imports/{}/undo", text(&dry["id"])))).await;
            undone.problem(409, "conflict");
            let real = ours.import(&format!("file_name=Spring.csv.gz&tags=march{place}"), rows.as_str()).await;
            assert_eq!(counters(&real), counters(&dry), "{real}");
            let group = ours.admin.get(&ours.at(&format!("groups/{}", text(&real["group_id"])))).await.ok();
            assert_eq!((&group["name"], &group["contacts"]), (&json!("Spring"), &json!(3)));
            // By now it is there, and a dry run finds it.
            let dry = ours.import("file_name=Spring.csv&dry_run=true", rows.as_str()).await;
            assert_eq!((&dry["group_id"], counters(&dry)), (&real["group_id"], [5, 0, 0, 3, 0, 2]), "{dry}");
        })
        .await;
}
