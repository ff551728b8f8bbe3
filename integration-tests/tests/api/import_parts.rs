//! Files that are cut into parts and read by many at once: the end is the same as reading them in
//! order by one (rules A2, C6, C10, C14).

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    io::Write as _,
};

use muster_integration_tests::{Dice, Organization, World, seconds, text};
use serde_json::{Value, json};

/// A file as a model reads it: in order, by one.
#[derive(Default)]
struct Model {
    file: String,
    rows: i64,
    rejected: i64,
    /// Of each phone the last row: its line, name, ward and tags.
    people: BTreeMap<String, (i64, String, String, BTreeSet<String>)>,
}

/// Returns a file with cells over several lines, phones that come again near and far, and rows that
/// cannot be read.
fn random_file(dice: &mut Dice, rows: u64) -> Model {
    let mut model = Model { file: "first,last,phone,Ward,tags\n".to_owned(), ..Model::default() };
    let mut line = 2;
    for nth in 0..rows {
        let first = match dice.between(0, 4) {
            0 => format!("\"Two\nlines {nth}\""),
            1 => format!("\"Quoted \"\"{nth}\"\", with a comma\""),
            _ => format!("Ada{nth}"),
        };
        let plain = first.trim_matches('"').replace("\"\"", "\"");
        let ward = dice.between(1, 9).to_string();
        let tag = format!("t{}", dice.between(0, 5));
        let bad = dice.between(0, 12) == 0;
        let person = dice.between(0, rows / 2);
        let phone = if bad { "12345".to_owned() } else { format!("646555{person:04}") };
        writeln!(model.file, "{first},L,{phone},{ward},\"{tag};all\"").unwrap();
        model.rows += 1;
        if bad {
            model.rejected += 1;
        } else {
            let tags = BTreeSet::from([tag, "all".to_owned()]);
            model.people.insert(format!("+1{phone}"), (line, plain.clone(), ward, tags));
        }
        line += 1 + i64::try_from(plain.matches('\n').count()).unwrap();
    }
    model
}

/// Returns the organization's knowledge of its people.
async fn people(ours: &Organization) -> BTreeMap<String, (String, String, BTreeSet<String>)> {
    let page = ours.admin.get(&ours.at("contacts?limit=500")).await.ok();
    let people = page["items"].as_array().unwrap().iter().map(|contact| {
        let tags = contact["tags"].as_array().unwrap().iter().map(text).collect();
        (
            text(&contact["phone"]),
            (text(&contact["first_name"]), contact["fields"]["Ward"].as_str().unwrap_or_default().to_owned(), tags),
        )
    });
    people.collect()
}

fn counters(report: &Value) -> [i64; 6] {
    ["rows_read", "created", "updated", "unchanged", "merged", "rejected"].map(|name| report[name].as_i64().unwrap())
}

#[tokio::test]
async fn c6_wherever_a_file_is_cut_the_last_row_of_a_phone_wins_and_every_row_is_counted_once() {
    for (part, shard) in [("1", "300"), ("150", "150"), ("1000000", "300")] {
        World::with_engine()
            .with_all(&[("import_part_bytes", part), ("import_shard_bytes", shard)])
            .run(async |world| {
                let mut dice = Dice::new(4);
                for nth in 0..2 {
                    let ours = world.organization(&format!("Ours {nth}")).await;
                    let group = ours.group("One").await;
                    let model = random_file(&mut dice, 40);
                    let known = i64::try_from(model.people.len()).unwrap();
                    let merged = model.rows - model.rejected - known;
                    let report = ours.import(&format!("file_name=a.csv&group_id={group}"), model.file.as_str()).await;
                    assert_eq!(report["state"], "succeeded", "{report}");
                    assert_eq!(
                        counters(&report),
                        [model.rows, known, 0, 0, merged, model.rejected],
                        "parts of {part}: {report}"
                    );
                    let wanted =
                        model.people.into_iter().map(|(phone, (_, first, ward, tags))| (phone, (first, ward, tags)));
                    assert_eq!(people(&ours).await, wanted.collect(), "parts of {part}");
                    // The same file again changes nothing.
                    let again = ours.import(&format!("file_name=a.csv&group_id={group}"), model.file.as_str()).await;
                    assert_eq!(
                        counters(&again),
                        [model.rows, 0, 0, known, merged, model.rejected],
                        "parts of {part}: {again}"
                    );
                    assert_eq!(
                        world.objects().iter().filter(|file| file.to_string_lossy().contains(".work")).count(),
                        0
                    );
                }
            })
            .await;
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(text).unwrap();
    out.finish().unwrap()
}

fn zip(text: &[u8]) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    out.start_file("list/a.csv", zip::write::SimpleFileOptions::default()).unwrap();
    out.write_all(text).unwrap();
    out.finish().unwrap().into_inner()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest)
}

#[tokio::test]
async fn c3_a_packed_file_is_read_like_what_it_holds() {
    World::with_engine()
        .with_all(&[("import_part_bytes", "100")])
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let rows: Vec<String> = (0..30).map(|nth| format!("Ada{nth},M\u{fc}ller,646555{nth:04}")).collect();
            let file = format!("first,last,phone\n{}\n", rows.join("\n"));
            let packed = gzip(file.as_bytes());
            let report = ours.import(&format!("file_name=a.csv.gz&group_id={group}"), packed.clone()).await;
            assert_eq!(counters(&report), [30, 30, 0, 0, 0, 0], "{report}");
            assert_eq!((&report["compression"], &report["encoding"]), (&json!("gzip"), &json!("UTF-8")));
            assert!(report["parts"].as_i64().unwrap() > 3, "{report}");
            assert_eq!(report["bytes_read"], report["text_bytes"]);
            for (packing, file) in [("zstd", zstd(file.as_bytes())), ("zip", zip(file.as_bytes()))] {
                let report = ours.import(&format!("file_name=a.csv.{packing}&group_id={group}"), file).await;
                assert_eq!(counters(&report), [30, 0, 0, 30, 0, 0], "{report}");
                assert_eq!(report["compression"], packing);
                assert!(report["parts"].as_i64().unwrap() > 3, "{report}");
            }
            // A file that breaks off is refused, and leaves nothing behind: at once, or where that
            // only shows at the end.
            let query = format!("file_name=a.csv.gz&group_id={group}");
            ours.upload(&query, packed[..packed.len() - 9].to_vec()).await.problem(422, "invalid-body");
            let long = gzip(format!("{file}{}", "Ada,L,6465550000\n".repeat(20_000)).as_bytes());
            let broken = ours.import(&query, long[..long.len() - 9].to_vec()).await;
            assert_eq!((&broken["state"], counters(&broken)), (&json!("failed"), [0; 6]), "{broken}");
            assert!(broken["failure"].as_str().unwrap().contains("not complete"), "{broken}");
            // In another encoding, the bytes after the first part are in that encoding too.
            let utf16: Vec<u8> =
                [0xff, 0xfe].into_iter().chain(file.encode_utf16().flat_map(u16::to_le_bytes)).collect();
            let report = ours.import(&format!("file_name=a.csv&group_id={group}"), utf16).await;
            assert_eq!(counters(&report), [30, 0, 0, 30, 0, 0], "{report}");
        })
        .await;
}

#[tokio::test]
async fn c15_a_file_that_unpacks_to_absurdly_much_fails_and_leaves_nothing() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let text = format!("first,last,phone\nAda,L,6465550000\n{}", "\n".repeat(40 * 1024 * 1024));
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            gzip.write_all(text.as_bytes()).unwrap();
            let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
            zip.start_file("a.csv", zip::write::SimpleFileOptions::default().compression_level(Some(9))).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
            for bomb in [gzip.finish().unwrap(), zip.finish().unwrap().into_inner()] {
                let report = ours.import(&format!("file_name=a.csv&group_id={group}&tags=t"), bomb).await;
                assert_eq!((&report["state"], counters(&report)), (&json!("failed"), [0; 6]), "{report}");
                assert!(report["failure"].as_str().unwrap().contains("unpacks to more than"), "{report}");
            }
            for table in ["contact", "tag", "import_part", "import_reject"] {
                assert_eq!(world.count(table).await, 0, "{table}");
            }
            // Behind the refusal, so that a crash before it finds everything as it was.
            world.jobs().kind("import-end").state("succeeded").at_least(2, seconds(20)).await;
            assert_eq!(world.objects().iter().filter(|file| file.to_string_lossy().contains(".work")).count(), 0);
        })
        .await;
}

#[tokio::test]
async fn c10_in_a_file_of_many_parts_the_first_rows_have_the_places() {
    World::with_engine()
        .with_all(&[("import_part_bytes", "1"), ("import_shard_bytes", "20")])
        .run(async |world| {
            let ours = world.organization("Ours").await;
            ours.set(json!({ "group_contact_limit": 5 })).await;
            let group = ours.group("One").await;
            // The second row's person stands in the last row again, which is the one that counts.
            let mut rows: Vec<String> = (0..8).map(|nth| format!("Ada{nth},L,646555{nth:04}")).collect();
            rows.push("Ada1,Last,6465550001".to_owned());
            let file = format!("first,last,phone\n{}\n", rows.join("\n"));
            let report = ours.import(&format!("file_name=a.csv&group_id={group}"), file.as_str()).await;
            assert_eq!(counters(&report), [9, 5, 0, 0, 1, 3], "{report}");
            assert_eq!(report["reject_reasons"], json!({ "group_full": 3 }));
            let known: Vec<String> = people(&ours).await.into_keys().collect();
            assert_eq!(known, ["+16465550000", "+16465550002", "+16465550003", "+16465550004", "+16465550005"]);
            let again = ours.import(&format!("file_name=a.csv&group_id={group}"), file.as_str()).await;
            assert_eq!(counters(&again), [9, 0, 0, 5, 1, 3], "{again}");
        })
        .await;
}

#[tokio::test]
async fn c14_locked_fields_leave_unknown_columns_out_and_say_so() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let file = "first,last,phone,Ward\nAda,L,6465550000,7\n";
            ours.import(&format!("file_name=a.csv&group_id={group}"), file).await;
            ours.set(json!({ "lock_custom_fields": true })).await;
            let file = "first,last,phone,Ward,Shoe\nAda,L,6465550000,8,42\n";
            let report = ours.import(&format!("file_name=a.csv&group_id={group}"), file).await;
            assert_eq!(counters(&report), [1, 0, 1, 0, 0, 0], "{report}");
            assert_eq!(report["columns"][3], json!({ "header": "Ward", "field": "custom:Ward" }));
            assert_eq!(report["columns"][4], json!({ "header": "Shoe", "field": "ignore" }));
            assert_eq!(ours.contact("+16465550000").await["fields"], json!({ "Ward": "8" }));
            assert_eq!(world.rows("custom_field").count().await, 1);
        })
        .await;
}
