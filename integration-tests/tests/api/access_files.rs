//! Access requests and files of contacts: a person's rows are told for as long as a file is kept
//! (rule R8).

use std::{collections::BTreeSet, fmt::Write as _, fs, io::Write as _};

use flate2::{Compression, write::GzEncoder};
use muster_integration_tests::{Organization, World};
use serde_json::{Value, json};

use crate::access_requests::{File, file};

/// Returns the rows of files, in the order of their lines and names.
fn rows(file: &File) -> Vec<Value> {
    let mut rows = file.records["file_row"].as_array().unwrap().clone();
    rows.sort_by_key(|row| (row["file"].to_string(), row["line"].as_i64()));
    rows
}

fn packed(text: &str) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    packer.write_all(&wide).unwrap();
    packer.finish().unwrap()
}

#[tokio::test]
async fn r8_the_file_has_the_persons_rows_of_every_kept_file_and_no_other_persons() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let sister = Organization::create(&ours.admin, "Sister").await;
            let (group, sisters) = (ours.group("One").await, sister.group("Two").await);
            let walk = "first,last,phone,Ward,Ward\n\
                Ada,Lovelace,6465550001,7,8\n\
                Grace,Hopper,6465550002,9,\n\
                Ada,Byron,(646) 555-0001,,\n\
                Ada,\"no, one\",646-555-0001 or 12,,\n";
            let import = ours.import(&format!("file_name=walk.csv&group_id={group}"), walk).await["id"].clone();
            let wide = packed("Vorname,Nachname,Mobil\nZoë,Noether,6465550003\nAda,King,6465550001\n");
            let mapping =
                "%7B%22Vorname%22%3A%22first_name%22%2C%22Nachname%22%3A%22last_name%22%2C%22Mobil%22%3A%22phone%22%7D";
            let second = ours.import(&format!("file_name=wide.csv.gz&group_id={group}&mapping={mapping}"), wide).await;
            assert_eq!(second["state"], "succeeded", "{second}");
            sister
                .import(&format!("file_name=sister.csv&group_id={sisters}"), "first,last,phone\nS,S,6465550001\n")
                .await;
            let incoming = world.folder().join(format!("incoming/{}", ours.id));
            fs::create_dir_all(&incoming).unwrap();
            for (name, bytes) in [
                ("later.csv", &b"first,last,phone\nA,Later,646-555-0001\nO,Other,6465550004\n"[..]),
                ("list.csv", b"what,who\nto call,646 555 0001\n"),
                ("others.csv", b"what,who\nto call,646 555 0009\n"),
                ("broken.csv.gz", b"\x1f\x8b\x08 and no more"),
            ] {
                fs::write(incoming.join(name), bytes).unwrap();
            }

            let made = file(&world, &ours, json!({ "phone": "6465550001" })).await;
            let rows = rows(&made);
            let told: Vec<_> =
                rows.iter().map(|row| json!([row["file"], row["line"], row["values"]["last"]])).collect();
            let names: BTreeSet<_> = rows.iter().filter_map(|row| row["file"].as_str()).collect();
            assert_eq!(
                names,
                BTreeSet::from(["broken.csv.gz", "later.csv", "list.csv", "walk.csv", "wide.csv.gz"]),
                "{told:?}"
            );
            assert_eq!(rows.len(), 7, "{rows:?}");
            let of = |name: &str| rows.iter().filter(|row| row["file"] == name).collect::<Vec<_>>();
            let walked = of("walk.csv");
            assert_eq!(
                *walked[0],
                json!({ "file": "walk.csv", "import_id": import, "line": 2, "values": {
                    "first": "Ada", "last": "Lovelace", "phone": "6465550001", "Ward": "7", "Ward (5)": "8" } })
            );
            assert_eq!((&walked[1]["values"]["last"], &walked[1]["line"]), (&json!("Byron"), &json!(4)));
            assert_eq!(walked[2]["raw"], "Ada,\"no, one\",646-555-0001 or 12,,", "{}", walked[2]);
            assert!(walked[2]["reason"].is_string(), "{}", walked[2]);
            assert_eq!(
                of("wide.csv.gz")[0]["values"],
                json!({ "Vorname": "Ada", "Nachname": "King", "Mobil": "6465550001" })
            );
            assert_eq!(of("later.csv")[0]["values"]["last"], "Later");
            // A file with the number that is no list of contacts, and one that cannot be unpacked.
            for name in ["list.csv", "broken.csv.gz"] {
                assert!(of(name)[0]["not_read"].is_string(), "{:?}", of(name));
            }
            for other in ["Hopper", "Noether", "Other", "others.csv", "sister.csv"] {
                assert!(!made.whole.contains(other), "{other}");
            }
            assert!(made.page.contains("Byron") && made.page.contains("Your rows in files of contacts that are kept"));

            // A file that is gone is told no more.
            for folder in ["imports", "incoming"] {
                fs::remove_dir_all(world.folder().join(folder)).unwrap();
            }
            let after = file(&world, &ours, json!({ "phone": "6465550001" })).await;
            assert_eq!(after.records["file_row"], json!([]));
            assert!(after.records["membership"][0]["import"].is_string(), "{}", after.records["membership"]);
        })
        .await;
}

#[tokio::test]
async fn r8_rows_of_files_are_told_up_to_a_bound_and_the_rest_is_counted() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let mut rows = "first,last,phone,Ward\n".to_owned();
            for nth in 0..1_200 {
                writeln!(rows, "Ada,Lovelace,6465550001,{nth}").unwrap();
            }
            ours.import(&format!("file_name=walk.csv&group_id={group}"), rows).await;
            let made = file(&world, &ours, json!({ "phone": "6465550001" })).await;
            let rows = made.records["file_row"].as_array().unwrap();
            assert_eq!(rows.len(), 1_001, "a thousand rows, and how many more there are");
            assert_eq!((&rows[999]["values"]["Ward"], &rows[1_000]), (&json!("999"), &json!({ "more": 200 })));
        })
        .await;
}
