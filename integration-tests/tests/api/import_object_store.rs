//! Imports where files lie in an S3 bucket and daemons share no folder.

use muster_integration_tests::{S3, Setup, World, text};
use muster_objects::Objects;
use serde_json::{Value, json};

use crate::import_sources::fetch;

fn world(s3: &S3, more: &[(&str, &str)]) -> Setup {
    let settings = s3.settings();
    let mut settings: Vec<(&str, &str)> = settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
    settings.extend(more);
    World::with_engine().with_all(&settings)
}

async fn drop_file(objects: &Objects, key: &str, text: &'static str) {
    let source = futures::stream::iter([Ok::<_, std::convert::Infallible>(text.into())]);
    objects.put(key, source, u64::MAX).await.unwrap();
}

#[tokio::test]
async fn c7_an_import_in_parts_goes_through_a_bucket_and_leaves_nothing_there_but_its_file() {
    let s3 = S3::start().await;
    world(&s3, &[("import_part_bytes", "500"), ("import_shard_bytes", "500")])
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let rows: Vec<String> = (0..200).map(|nth| format!("Ada{nth},L,646555{:04}", nth % 150)).collect();
            let file = format!("first,last,phone\n{}\nBad,Row,1\n", rows.join("\n"));
            let report = ours.import(&format!("file_name=a.csv&group_id={group}"), file.as_str()).await;
            let counted = |names: [&str; 4]| names.map(|name| report[name].as_i64().unwrap());
            assert_eq!(report["state"], "succeeded", "{report}");
            assert_eq!(counted(["rows_read", "created", "merged", "rejected"]), [201, 150, 50, 1], "{report}");
            assert!(world.import_parts().count().await > 5);
            assert_eq!(text(&ours.contact("+16465550007").await["first_name"]), "Ada157", "the last row wins (C6)");
            // A packed file is written once more as text, which goes with the import.
            let packed = {
                let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                std::io::Write::write_all(&mut out, file.as_bytes()).unwrap();
                out.finish().unwrap()
            };
            let again = ours.import(&format!("file_name=a.csv.gz&group_id={group}"), packed).await;
            assert_eq!((&again["state"], &again["unchanged"]), (&json!("succeeded"), &json!(150)), "{again}");

            let mut wanted =
                [text(&report["id"]), text(&again["id"])].map(|id| format!("muster/imports/{}/{id}", ours.id));
            wanted.sort();
            assert_eq!(s3.keys(), wanted);
            assert!(s3.unfinished().is_empty(), "{:?}", s3.unfinished());
            assert!(world.objects().is_empty(), "no folder has a file");
        })
        .await;
}

#[tokio::test]
async fn a_source_takes_its_file_out_of_the_bucket_from_its_organizations_folder_alone() {
    let s3 = S3::start().await;
    world(&s3, &[])
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let other = world.organization("Other").await;
            let objects = s3.objects();
            let key = format!("incoming/{}/state list/Wähler #1.csv", ours.id);
            drop_file(&objects, &key, "first,last,phone\nAda,L,6465550001\n").await;
            let source = |group: &str, url: &str| json!({ "group_id": group, "name": "Drop", "url": url });

            let path = "store:state list/Wähler #1.csv";
            let group = ours.group("One").await;
            let id = text(&ours.admin.post(&ours.at("import-sources"), source(&group, path)).await.ok()["id"]);
            let seen = fetch(&world, &ours, &id).await;
            assert_eq!(seen["failure"], Value::Null);
            let report = ours.report(&text(&seen["last_import_id"])).await;
            assert_eq!((&report["created"], &report["file_name"]), (&json!(1), &json!("Wähler #1.csv")), "{report}");
            // By its entity tag it is the same; a new one is imported.
            let again = fetch(&world, &ours, &id).await;
            assert_eq!(again["last_import_id"], seen["last_import_id"]);
            drop_file(&objects, &key, "first,last,phone\nAda,King,6465550001\n").await;
            let changed = fetch(&world, &ours, &id).await;
            assert_eq!(ours.report(&text(&changed["last_import_id"])).await["updated"], 1);

            // Under the same name another organization has nothing, and none of its names leads to
            // a neighbour's file.
            let group = other.group("Theirs").await;
            let id = text(&other.admin.post(&other.at("import-sources"), source(&group, path)).await.ok()["id"]);
            let failure = text(&fetch(&world, &other, &id).await["failure"]);
            assert!(failure.contains("no such file"), "{failure}");
            for url in [format!("store:../{}/state list/a.csv", ours.id), "s3://files/muster/a.csv".to_owned()] {
                other.admin.post(&other.at("import-sources"), source(&group, &url)).await.problem(422, "invalid-body");
            }
        })
        .await;
}

#[tokio::test]
async fn an_upload_is_told_to_come_again_while_the_object_store_does_not_answer() {
    // Port 9 is `discard`, where nobody listens.
    World::with_api()
        .with_all(&[
            ("object_store_url", "\"s3://files\""),
            ("object_store_endpoint", "\"http://127.0.0.1:9\""),
            ("object_store_key_id", "\"id\""),
            ("object_store_key_secret", "\"secret\""),
        ])
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let answer =
                ours.upload(&format!("file_name=a.csv&group_id={group}"), "first,phone\nAda,6465550001\n").await;
            answer.problem(503, "unavailable");
            assert_eq!(world.imports().count().await + world.jobs().kind("import-cut").count().await, 0);
        })
        .await;
}
