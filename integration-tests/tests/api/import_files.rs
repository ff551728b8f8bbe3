//! Files as they come: encodings, delimiters, quotes, columns, and files that cannot be read (rules
//! C2, C3 and C15).

use muster_integration_tests::{World, text};
use serde_json::json;

use crate::imports::{counters, reasons, rejects};

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
