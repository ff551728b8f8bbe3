//! An import before its rows are read: its file comes in, is looked at, and is cut into parts
//! (rules C4, C12 and C15).

use muster_integration_tests::{UPLOAD_LIMIT, World, text};
use std::{convert::Infallible, io::Write as _};

use axum::body::Bytes;
use futures::{StreamExt, stream};
use serde_json::json;

/// Returns a body that begins like this and never ends.
fn endless(beginning: &[u8]) -> reqwest::Body {
    let beginning = stream::iter(beginning.chunks(10_000).map(Bytes::copy_from_slice).collect::<Vec<_>>());
    reqwest::Body::wrap_stream(beginning.map(Ok::<_, Infallible>).chain(stream::pending()))
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    out.write_all(text).unwrap();
    out.finish().unwrap()
}

#[tokio::test]
async fn c15_a_bad_file_is_refused_while_it_is_still_coming_in() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let before = world.contents().await;
            let rows: Vec<String> = (0..20_000_u64)
                .map(|nth| format!("A{},L,646555{:04}", nth.wrapping_mul(nth) % 1_009, nth % 10_000))
                .collect();
            let no_phone = format!("first,last,email\n{}\n", rows.join("\n"));
            for (file, why) in [
                ([b"\x89PNG\r\n\x1a\n".to_vec(), vec![7; 100_000]].concat(), "looks like a picture"),
                (no_phone.clone().into_bytes(), "phone"),
                (gzip(no_phone.as_bytes()), "phone"),
            ] {
                assert!(file.len() > 64 * 1024, "{} bytes", file.len());
                let path = ours.at(&format!("imports?file_name=a.csv&group_id={group}"));
                let answer = ours.admin.pour(&path, endless(&file)).await;
                let said = text(&answer.problem(422, "invalid-body")["detail"]);
                assert!(said.contains(why), "{said}");
            }
            assert_eq!(world.contents().await, before);
            assert!(world.objects().is_empty(), "{:?}", world.objects());
            // With a mapping that says where the phone is, the same file is good.
            let path = format!("file_name=a.csv&group_id={group}&mapping=%7B%22email%22:%22phone%22%7D");
            let id = text(&ours.upload(&path, no_phone).await.ok()["id"]);
            let import = ours.admin.get(&ours.at(&format!("imports/{id}"))).await.ok();
            assert_eq!(
                (&import["state"], &import["rows_expected"], &import["bytes_cut"]),
                (&json!("waiting"), &json!(20_000), &json!(0))
            );
        })
        .await;
}

/// Rule C12, and the engine's promise on long jobs: they tell their progress.
#[tokio::test]
async fn c12_a_file_that_is_being_cut_says_how_far_it_is_and_hears_a_cancel() {
    World::with_api()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            // Somebody cancels as soon as it is told that something of the file was looked at.
            world
                .execute(&[
                    "create function cancel_it() returns trigger language plpgsql as $$ begin new.cancel_requested = \
                 true; return new; end $$",
                    "create trigger cancel_it before update on import for each row
             when (new.state = 'waiting' and new.bytes_cut > 0) execute function cancel_it()",
                ])
                .await;
            // Small as it is packed, and long to look at: members of a megabyte each.
            let mut file = gzip(b"first,last,phone\n");
            let member = gzip("Ada,Lovelace,6465550001\n".repeat(45_000).as_bytes());
            while file.len() + member.len() < UPLOAD_LIMIT {
                file.extend_from_slice(&member);
            }
            let size = file.len();
            let id = text(&ours.upload(&format!("file_name=a.csv.gz&group_id={group}"), file).await.ok()["id"]);
            let path = ours.at(&format!("imports/{id}"));
            assert_eq!(ours.admin.get(&path).await.ok()["rows_expected"], json!(null));
            let (scheduler, worker) = (world.scheduler("s"), world.worker("w"));
            let report = ours.report(&id).await;
            assert_eq!(
                (&report["state"], &report["rows_read"], &report["parts"]),
                (&json!("cancelled"), &json!(0), &json!(0)),
                "{report}"
            );
            let cut = report["bytes_cut"].as_u64().unwrap();
            assert!(cut > 0 && cut < size as u64, "{cut} of {size}");
            let told = world
                .jobs()
                .kind("import-cut")
                .is("progress_done", cut)
                .is("progress_total", size)
                .like("progress_note", "bytes%");
            assert_eq!(told.count().await, 1);
            let left: Vec<_> = world.objects().into_iter().filter(|file| !file.ends_with(&id)).collect();
            assert!(left.is_empty(), "{left:?}");
            tokio::join!(scheduler.stop(), worker.stop());
        })
        .await;
}

/// Rule C4: new area codes go live before anybody's table knows them.
#[tokio::test]
async fn c4_an_area_code_that_no_plan_knows_is_told_and_its_row_is_applied() {
    World::with_engine()
        .with_all(&[("import_part_bytes", "30")])
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let file =
                "first,last,phone\nAda,L,6465550001\nEve,L,9995550002\nBob,L,5555550003\nBad,L,1\nCyd,L,9995550002\n";
            let report = ours.import(&format!("file_name=a.csv&group_id={group}"), file).await;
            let seen =
                ["state", "rows_read", "created", "merged", "rejected", "warnings", "warning_lines", "rows_expected"];
            assert_eq!(
                json!(seen.map(|name| &report[name])),
                json!(["succeeded", 5, 3, 1, 1, 3, [3, 4, 6], 5]),
                "{report}"
            );
            assert!(report["parts"].as_i64().unwrap() > 1, "{report}");
        })
        .await;
}
