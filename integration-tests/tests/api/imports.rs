//! Files of contacts, from the upload to the report (rules C1 to C15).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use muster_integration_tests::{Call, Organization, World, eventually, open_goal, seconds, text};
use reqwest::Method;

/// Returns the counters of a report, of which all but the first add up to the first (rule C7).
#[track_caller]
fn counters(report: &Value) -> [i64; 6] {
    let names = ["rows_read", "created", "updated", "unchanged", "merged", "rejected"];
    let counters = names.map(|name| report[name].as_i64().unwrap());
    assert_eq!(counters[0], counters[1..].iter().sum::<i64>(), "the counters add up: {report}");
    let reasons: i64 =
        report["reject_reasons"].as_object().unwrap().values().map(|count| count.as_i64().unwrap()).sum();
    assert_eq!(reasons, counters[5], "every reject has a reason: {report}");
    counters
}

fn reasons(report: &Value) -> BTreeMap<String, i64> {
    serde_json::from_value(report["reject_reasons"].clone()).unwrap()
}

async fn rejects(organization: &Organization, report: &Value) -> Vec<String> {
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

/// Rule C3.
#[tokio::test]
async fn c3_encodings_delimiters_and_line_ends_are_recognised() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let utf16 = |text: &str, bom: [u8; 2], bytes: fn(u16) -> [u8; 2]| {
                bom.into_iter().chain(text.encode_utf16().flat_map(bytes)).collect::<Vec<u8>>()
            };
            let text = "first;last;phone\r\nJosé;Müller;6465550100\r\nAda;Łukasz😀;6465550101\r\n";
            let latin = |delimiter: &str, end: &str| {
                let text = format!(
                    "first{delimiter}last{delimiter}phone{end}Jos\u{e9}{delimiter}M\u{fc}ller{delimiter}6465550100{end}"
                );
                text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect::<Vec<u8>>()
            };
            for (what, file, rows) in [
                ("UTF-8 with a mark", format!("\u{feff}{text}").into_bytes(), 2),
                ("UTF-16, little end first", utf16(text, [0xff, 0xfe], u16::to_le_bytes), 2),
                ("UTF-16, big end first", utf16(text, [0xfe, 0xff], u16::to_be_bytes), 2),
                ("Windows-1252, tabs, LF", latin("\t", "\n"), 1),
                ("Windows-1252, pipes, CR", latin("|", "\r"), 1),
                ("Windows-1252, commas, no end", latin(",", "\r\n").strip_suffix(b"\r\n").unwrap().to_vec(), 1),
            ] {
                let report = ours.import(&format!("file_name=a.csv&group_id={group}"), file).await;
                let seen = counters(&report);
                let jose = ours.contact("+16465550100").await;
                assert_eq!((seen[0], seen[5]), (rows, 0), "{what}: {report}");
                let names = (jose["first_name"].as_str(), jose["last_name"].as_str());
                assert_eq!(names, (Some("José"), Some("Müller")), "{what}: {report}");
                if rows == 2 {
                    assert_eq!(ours.contact("+16465550101").await["last_name"], "Łukasz😀", "{what}");
                }
                // The next file has to bring the names itself.
                world.execute(&["update contact set first_name = '', last_name = ''"]).await;
            }
            // Quoted newlines and doubled quotes belong to their cell; blank lines are no rows.
            let file = "first,last,phone,notes\n\"Ada \"\"A\"\"\",\"Love\nlace\",6465550102,\"one\ntwo\"\n\n\n,,,\n";
            let report = ours.import(&format!("file_name=a.csv&group_id={group}"), file).await;
            assert_eq!(counters(&report), [1, 1, 0, 0, 0, 0], "{report}");
            let ada = ours.contact("+16465550102").await;
            assert_eq!((&ada["first_name"], &ada["last_name"]), (&json!("Ada \"A\""), &json!("Love\nlace")));
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

/// Rules C3, C6 and C7: a file of lines that end in CR alone, with rejected rows and a phone that
/// comes twice.
#[tokio::test]
async fn c3_a_file_with_cr_line_ends_is_read_like_any_other() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let file = "first,last,phone\rAda,L,6465550001\rBad,L,1\rAda,King,6465550001\rBad,L,2\r";
            let report = ours.import(&format!("file_name=a.csv&group_id={group}"), file).await;
            assert_eq!(counters(&report), [4, 1, 0, 0, 1, 2], "{report}");
            assert_eq!(ours.contact("+16465550001").await["last_name"], "King");
            let rows = rejects(&ours, &report).await;
            assert!(rows[0].starts_with("3,") && rows[1].starts_with("5,"), "{rows:?}");
        })
        .await;
}

/// Rule C3.
#[tokio::test]
async fn c3_a_file_in_windows_1252_is_read() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let file = b"first,last,phone\nJos\xe9,M\xfcller,6465550100\nAda \x96 A,O\x92Hara,6465550101\n".to_vec();
            let report = ours.import(&format!("file_name=a.csv&group_id={group}"), file).await;
            assert_eq!(counters(&report), [2, 2, 0, 0, 0, 0], "{report}");
            assert_eq!(ours.contact("+16465550100").await["last_name"], "Müller");
            assert_eq!(ours.contact("+16465550101").await["last_name"], "O\u{2019}Hara");
        })
        .await;
}

/// Rule C3: the look at the file's beginning does not see its first accent.
#[tokio::test]
async fn c3_a_file_in_windows_1252_is_read_though_its_first_accent_comes_late() {
    World::with_engine()
        .with_all(&[("import_part_bytes", "20000")])
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let query = format!("file_name=a.csv&group_id={group}");
            let plain =
                (0..4_000).map(|nth| format!("Ada{nth},Lovelace,646555{nth:04}\n")).collect::<Vec<_>>().concat();
            let file =
                [b"first,last,phone\n", plain.as_bytes(), b"Ren\xe9,M\xfcller,6465559998\nAda,O\x92Hara,6465559999\n"]
                    .concat();
            let report = ours.import(&query, file.clone()).await;
            assert_eq!(counters(&report), [4_002, 4_002, 0, 0, 0, 0], "{report}");
            assert_eq!(report["encoding"], "windows-1252");
            let names =
                "contact where (first_name, last_name) = ('Ren\u{e9}', 'M\u{fc}ller') or last_name = 'O\u{2019}Hara'";
            assert_eq!(world.count(names).await, 2);
            // Packed, it is looked at twice as well, and the output of the first look is written
            // over.
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::Write::write_all(&mut packed, &file).unwrap();
            let report = ours.import(&query, packed.finish().unwrap()).await;
            assert_eq!(counters(&report), [4_002, 0, 0, 4_002, 0, 0], "{report}");
        })
        .await;
}

/// Rule C3: an opening quote that nobody closes costs its row, wherever the file is cut.
#[tokio::test]
async fn c3_a_stray_quote_gives_nobody_anothers_phone() {
    for part in ["1", "100000"] {
        World::with_engine()
            .with_all(&[("import_part_bytes", part)])
            .run(async |world| {
                let ours = world.organization("Ours").await;
                let group = ours.group("One").await;
                let file = "first,last,phone,notes\nAnn,\"Lee,6465550001,\nBob,6'2\",6465550002,\nCyd,Fox,6465550003,\"a, b\nc\"\n";
                let report = ours.import(&format!("file_name=a.csv&group_id={group}"), file).await;
                assert_eq!(counters(&report), [3, 2, 0, 0, 0, 1], "parts of {part}: {report}");
                assert_eq!(rejects(&ours, &report).await, ["2,\"quote_unclosed\",\"\",\"Ann,\"\"Lee,6465550001,\""]);
                let bob = ours.contact("+16465550002").await;
                assert_eq!((&bob["first_name"], &bob["last_name"]), (&json!("Bob"), &json!("6'2\"")));
                assert_eq!(world.contacts().and("notes = E'a, b\\nc'").count().await, 1);
            })
            .await;
    }
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
                (json!({ "tags_all": ["Red"] }), 0),
            ] {
                let goal = open_goal(&world, json!({ "targeting": targeting })).await;
                let id = ours.draft(&group, goal).await;
                let preview = ours.admin.get(&ours.at(&format!("goals/{id}/preview"))).await.ok();
                assert_eq!(preview["contacts"], contacts, "{targeting}: {preview}");
            }
        })
        .await;
}

/// Rule C3: an unreadable row is rejected by itself.
#[tokio::test]
async fn c3_a_row_that_cannot_be_read_costs_that_row() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let mut file = b"first,last,phone,note\n".to_vec();
            // Valid UTF-8 for longer than the look at the beginning, then a byte that is none.
            for nth in 0..3_000 {
                file.extend(format!("J\u{f6}rg{nth},M\u{fc}ller,646555{nth:04},{}\n", "n".repeat(10)).bytes());
            }
            file.extend(
                b"Bad\xff,Row,6465559999,\nShort,Row,6465559998\nLong,Row,6465559997,,more\nBig,Row,6465559996,",
            );
            file.extend(vec![b'x'; 10_001]);
            file.extend(b"\nLast,Row,6465559995,\n");
            let report = ours.import(&format!("file_name=a.csv&group_id={group}"), file).await;
            assert_eq!(counters(&report), [3_005, 3_002, 0, 0, 0, 3], "{report}");
            let wanted = [("cell_too_long", 1), ("encoding", 1), ("too_many_columns", 1)];
            assert_eq!(reasons(&report), wanted.map(|(reason, count)| (reason.to_owned(), count)).into());
            let lines: Vec<String> =
                rejects(&ours, &report).await.iter().map(|row| row.split(',').next().unwrap().to_owned()).collect();
            assert_eq!(lines, ["3002", "3004", "3005"]);
        })
        .await;
}

/// Rule C15.
#[tokio::test]
async fn c15_a_bad_file_fails_with_a_reason_and_writes_nothing() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let wide = format!("first,last,phone{}\n", ",c".repeat(1_000));
            for (what, file, query, why) in [
                ("nothing", Vec::new(), "", "empty"),
                ("blanks", b" \r\n\r\n ".to_vec(), "", "empty"),
                (
                    "a spreadsheet",
                    b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00".to_vec(),
                    "",
                    "the zip file is damaged",
                ),
                ("an image", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR".to_vec(), "", "looks like a picture"),
                ("no phone", b"first,last,email\nAda,L,a@b.org\n".to_vec(), "", "phone"),
                ("no name", b"name,phone\nAda,6465550001\n".to_vec(), "", "first name"),
                ("two phones", b"first,last,cell,mobile\nAda,L,6465550001,6465550002\n".to_vec(), "", "both the phone"),
                ("too wide", wide.into_bytes(), "", "columns"),
                (
                    "a mapping of nothing",
                    b"first,last,phone\nAda,L,6465550001\n".to_vec(),
                    "&mapping=%7B%22tel%22:%22phone%22%7D",
                    "tel",
                ),
                (
                    "a mapping to nothing",
                    b"first,last,tel\nAda,L,6465550001\n".to_vec(),
                    "&mapping=%7B%22tel%22:%22fone%22%7D",
                    "fone",
                ),
            ] {
                let answer = ours.upload(&format!("file_name=a.csv&group_id={group}&tags=t{query}"), file).await;
                let said = text(&answer.problem(422, "invalid-body")["detail"]);
                assert!(said.contains(why), "{what}: {said}");
            }
            // A fault that only shows when all of it is looked at fails the import.
            let report = ours.import(&format!("file_name=a.csv&group_id={group}&tags=t"), tagged()).await;
            assert_eq!(report["state"], "failed", "{report}");
            let said = report["failure"].as_str().unwrap();
            assert!(said.contains("different tags"), "{said}");
            assert_eq!(counters(&report), [0; 6]);
            assert!(rejects(&ours, &report).await.is_empty());
            for table in ["contact", "membership", "tag", "custom_field", "import_reject"] {
                assert_eq!(world.count(table).await, 0, "{table}");
            }
            assert_eq!(world.imports().count().await, 1);
            assert_eq!(world.jobs().state("parked").count().await, 0, "it is nobody's fault but the file's");
        })
        .await;
}

/// Returns a file with too many tags to be tags.
fn tagged() -> String {
    let rows: Vec<String> = (0..1_100).map(|nth| format!("Ada,L,646555{nth:04},tag{nth}")).collect();
    format!("first,last,phone,tags\n{}\n", rows.join("\n"))
}

/// Rule C2: an explicit mapping wins.
#[tokio::test]
async fn c2_an_explicit_mapping_says_what_the_columns_are() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let mapping = "%7B%22Tel%22:%22phone%22,%22Home%20Phone%22:%22ignore%22,%22Ward%22:%22custom:ward%22,%22Who%22:%22first_name%22%7D";
            let file = "Who,Surname,Tel,Home Phone,Ward,can2_phone_note\nAda,L,6465550001,6465550002,7,x\n";
            let report = ours.import(&format!("file_name=a.csv&group_id={group}&mapping={mapping}"), file).await;
            assert_eq!(counters(&report), [1, 1, 0, 0, 0, 0], "{report}");
            let ada = ours.contact("+16465550001").await;
            assert_eq!(ada["fields"], json!({ "ward": "7", "can2_phone_note": "x" }));
        })
        .await;
}

/// Rules A2 and C10.
#[tokio::test]
async fn c10_rows_over_the_groups_limit_are_rejected_and_not_the_file() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            ours.set(json!({ "group_contact_limit": 3 })).await;
            let group = ours.group("One").await;
            let file = |from: usize, to: usize| {
                let rows: Vec<String> = (from..to).map(|nth| format!("Ada{nth},L,646555{nth:04}")).collect();
                format!("first,last,phone\n{}\n", rows.join("\n"))
            };
            let query = format!("file_name=a.csv&group_id={group}");
            let report = ours.import(&query, file(0, 2)).await;
            assert_eq!(counters(&report), [2, 2, 0, 0, 0, 0]);
            // Contacts that are in it already take no place, and one more fits: the first of the
            // file.
            let dry = ours.import(&format!("{query}&dry_run=true"), file(0, 5)).await;
            let report = ours.import(&query, file(0, 5)).await;
            assert_eq!(counters(&report), [5, 1, 0, 2, 0, 2], "{report}");
            assert_eq!(counters(&dry), counters(&report));
            assert_eq!(reasons(&report), [("group_full".to_owned(), 2)].into());
            let rows = rejects(&ours, &report).await;
            assert!(rows[0].starts_with("5,\"group_full\"") && rows[1].starts_with("6,\"group_full\""), "{rows:?}");
            assert_eq!(world.memberships().count().await, 3);
            assert_eq!(world.contacts().count().await, 3, "who does not fit is not made");
            // Two at once do not pass it together.
            let second = ours.group("Two").await;
            let query = format!("file_name=a.csv&group_id={second}");
            let (one, two) = tokio::join!(ours.import(&query, file(10, 13)), ours.import(&query, file(20, 23)));
            assert_eq!(counters(&one)[5] + counters(&two)[5], 3, "{one} {two}");
            assert_eq!(world.memberships().is("group_id", &second).count().await, 3);
        })
        .await;
}

/// Rule C9 and R1.
#[tokio::test]
async fn c9_a_reimport_neither_undoes_an_opt_out_nor_reactivates() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            ours.contacts(&group, 2).await;
            let (out, inactive) = (ours.contact("+16465550000").await, ours.contact("+16465550001").await);
            let path = ours.at(&format!("contacts/{}/opt-out", text(&out["id"])));
            ours.admin.post(&path, json!({ "reason": "by phone" })).await.ok();
            let path = ours.at(&format!("groups/{group}/contacts/{}", text(&inactive["id"])));
            ours.admin.patch(&path, json!({ "active": false })).await.ok();
            let since = ours.contact("+16465550000").await["opted_out_at"].clone();
            assert!(since.is_string());
            let file = "first,last,phone\nNew,Name,6465550000\nNew,Name,6465550001\n";
            let report = ours.import(&format!("file_name=a.csv&group_id={group}"), file).await;
            assert_eq!(counters(&report), [2, 0, 2, 0, 0, 0]);
            let after = ours.contact("+16465550000").await;
            assert_eq!((&after["opted_out_at"], &after["first_name"]), (&since, &json!("New")));
            assert_eq!(world.memberships().has("deactivated_at").count().await, 1);
            // T2: neither is targeted.
            let goal = open_goal(&world, json!({})).await;
            let id = ours.draft(&group, goal).await;
            let preview = ours.admin.get(&ours.at(&format!("goals/{id}/preview"))).await.ok();
            assert_eq!(preview["contacts"], 0);
            assert_eq!(preview["excluded"], json!({ "opted_out": 1, "deactivated": 1 }));
        })
        .await;
}

/// Rule C11.
#[tokio::test]
async fn c11_without_a_group_the_files_name_is_the_groups() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let file = "first,last,phone\nAda,L,6465550001\n";
            ours.upload("file_name=Spring%20list.v2.csv", file).await.problem(400, "invalid-parameter");
            let place = "&zone=America/Chicago&area_code=312";
            let first = ours.import(&format!("file_name=Spring%20list.v2.csv{place}"), file).await;
            let group = ours.admin.get(&ours.at(&format!("groups/{}", text(&first["group_id"])))).await.ok();
            assert_eq!(
                (&group["name"], &group["zone"], &group["area_code"]),
                (&json!("Spring list.v2"), &json!("America/Chicago"), &json!("312"))
            );
            assert_eq!(group["contacts"], 1);
            let again = ours.import("file_name=Spring%20list.v2.csv", file).await;
            assert_eq!((&again["group_id"], counters(&again)), (&first["group_id"], [1, 0, 0, 1, 0, 0]));
            // Another organization's group of that name is not there.
            let other = world.organization("Other").await;
            let theirs = other.import(&format!("file_name=Spring%20list.v2.csv{place}"), file).await;
            assert_ne!(theirs["group_id"], first["group_id"]);
            assert_eq!(counters(&theirs), [1, 1, 0, 0, 0, 0]);
            // A group admin may use a group of theirs, and may not make one.
            let (admin, _) = ours.member_of("group_admin", &[first["group_id"].as_str().unwrap()]).await;
            let upload = async |query: &str| {
                admin
                    .client
                    .call(Method::POST, &ours.at(&format!("imports?{query}")), Call::raw("text/csv", file))
                    .await
            };
            assert_eq!(upload("file_name=Spring%20list.v2.csv").await.status, 202);
            upload(&format!("file_name=Another.csv{place}")).await.problem(403, "forbidden");
            // Another group's name tells them nothing: it is as if there were none (rule A5).
            ours.group("Not theirs").await;
            upload("file_name=Not%20theirs.csv").await.problem(403, "forbidden");
        })
        .await;
}

/// Rule C11: two uploads of a new file at once are one group.
#[tokio::test]
async fn c11_uploads_at_once_make_one_group() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let query = "file_name=New.csv&zone=America/Chicago&area_code=312";
            let uploads = (0..6).map(|nth| ours.upload(query, format!("first,last,phone\nAda,L,646555000{nth}\n")));
            for answer in futures::future::join_all(uploads).await {
                answer.ok();
            }
            assert_eq!(world.rows("contact_group").count().await, 1);
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
