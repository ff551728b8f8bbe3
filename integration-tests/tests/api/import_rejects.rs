//! Rejects are bounded, told and forgotten; all of them are counted (rule C7).

use muster_integration_tests::{Organization, World, text};
use muster_jobs::kinds::{Task, Upkeep};
use serde_json::{Value, json};

/// The counters add up, and every reject is either kept or counted alone.
#[track_caller]
fn adds_up(report: &Value) -> (i64, i64) {
    let number = |name: &str| report[name].as_i64().unwrap();
    let fates = ["created", "updated", "unchanged", "merged", "rejected"].map(number);
    assert_eq!(number("rows_read"), fates.iter().sum::<i64>(), "{report}");
    let reasons: i64 = report["reject_reasons"].as_object().unwrap().values().filter_map(Value::as_i64).sum();
    assert_eq!((reasons, number("rejects_kept") + number("rejects_not_kept")), (fates[4], fates[4]), "{report}");
    (number("rejects_kept"), number("rejects_not_kept"))
}

async fn listed(organization: &Organization, report: &Value) -> usize {
    let path = organization.at(&format!("imports/{}/rejects.csv", text(&report["id"])));
    organization.admin.get(&path).await.text.matches("\r\n").count() - 1
}

/// Bytes that the rejects take in the database, with their index.
async fn stored(world: &World) -> i64 {
    world.row("select to_json(pg_total_relation_size('import_reject'))").await
}

fn gzip(text: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

/// Short rows become long: the name of their column comes again with each, the file unpacks to a
/// thousand times its size, unreadable bytes become longer when they are shown, and a row over a
/// limit is told in all its columns.
#[tokio::test]
async fn c7_a_small_file_keeps_few_bytes_of_rejects_however_it_makes_them() {
    World::with_engine()
        .with_all(&[("import_part_bytes", "100000")])
        .run(async |world| {
            let ours = world.organization("Ours").await;
            ours.set(json!({ "group_contact_limit": 1 })).await;
            let group = ours.group("One").await;
            ours.contacts(&group, 1).await;
            let people = |rows: usize| (0..rows).map(|nth| format!("a,b,64655{nth:05}\n")).collect::<Vec<_>>().concat();
            let columns: Vec<String> = (0..900).map(|nth| format!("c{nth}")).collect();
            let files = [
                (
                    "a long name",
                    format!("first,last,phone{}\n{}", "_".repeat(9_000), "x\n".repeat(20_000)).into_bytes(),
                ),
                ("packed", gzip(format!("first,last,phone\n{}", "x,y,1234\n".repeat(60_000)).as_bytes())),
                (
                    "packed, and long",
                    gzip(
                        format!("first,last,phone\n{}", format!("{},y,1234\n", "x".repeat(4_000)).repeat(2_000))
                            .as_bytes(),
                    ),
                ),
                (
                    "not text",
                    gzip(
                        &[
                            "\u{feff}first,last,phone\n".as_bytes(),
                            &b"x,y,\xff\xff\xff\xff\xff\xff\xff\xff\n".repeat(20_000),
                        ]
                        .concat(),
                    ),
                ),
                (
                    "over the limit",
                    gzip(format!("first,last,phone,{}\n{}", columns.join(","), people(12_000)).as_bytes()),
                ),
            ];
            for (name, file) in files {
                for dry in [true, false] {
                    world.execute(&["truncate import_reject"]).await;
                    let report =
                        ours.import(&format!("file_name=a.csv&group_id={group}&dry_run={dry}"), file.clone()).await;
                    assert_eq!(report["state"], "succeeded", "{name}: {report}");
                    let (kept, not_kept) = adds_up(&report);
                    assert!(kept > 0 && not_kept > 0, "{name}: {report}");
                    assert_eq!(listed(&ours, &report).await, usize::try_from(kept).unwrap(), "{name}");
                    let (stored, most) =
                        (stored(&world).await, 2 * (1_048_576 + 4 * i64::try_from(file.len()).unwrap()));
                    assert!(stored < most, "{name}: a file of {} bytes keeps {stored}", file.len());
                }
            }
        })
        .await;
}

#[tokio::test]
async fn c7_the_installation_says_how_many_rejects_are_kept_and_parts_keep_no_more_together() {
    let settings = [("import_part_bytes", "1000"), ("import_shard_bytes", "1000"), ("import_rejects_kept", "50")];
    World::with_engine()
        .with_all(&settings)
        .run(async |world| {
            let ours = world.organization("Ours").await;
            ours.set(json!({ "group_contact_limit": 10 })).await;
            let group = ours.group("One").await;
            let bad = "x,y,1234\n".repeat(1_000);
            let good = (0..1_000).map(|nth| format!("a,b,646555{nth:04}\n")).collect::<Vec<_>>().concat();
            let report = ours
                .import(&format!("file_name=a.csv&group_id={group}"), format!("first,last,phone\n{bad}{good}"))
                .await;
            assert_eq!(report["reject_reasons"], json!({ "group_full": 990, "phone_invalid": 1_000 }), "{report}");
            assert_eq!(adds_up(&report), (50, 1_940));
            assert_eq!(listed(&ours, &report).await, 50);
            // Rows within the bounds are all kept.
            let report = ours
                .import(
                    &format!("file_name=b.csv&group_id={group}"),
                    format!("first,last,phone\n{}", "x,y,1\n".repeat(50)),
                )
                .await;
            assert_eq!((adds_up(&report), listed(&ours, &report).await), ((50, 0), 50));
            // Without room for any in reading, those of applying still have theirs.
            let ready = ours.group("Two").await;
            let report =
                ours.import(&format!("file_name=c.csv&group_id={ready}"), format!("first,last,phone\n{good}")).await;
            let (kept, not_kept) = adds_up(&report);
            assert!(kept <= 50 && kept + not_kept == 990, "{report}");
        })
        .await;
}

#[tokio::test]
async fn c7_a_long_row_is_kept_as_its_beginning() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let file = format!("first,last,phone,notes\nAnn,Lee,1234,\"{}\"\n", "note ".repeat(1_900));
            let report = ours.import(&format!("file_name=a.csv&group_id={group}"), file).await;
            assert_eq!(adds_up(&report), (1, 0));
            let rejects = ours.admin.get(&ours.at(&format!("imports/{}/rejects.csv", text(&report["id"])))).await.text;
            assert!(rejects.ends_with("\u{2026}\"\r\n") && rejects.len() < 5_000, "{} bytes", rejects.len());
        })
        .await;
}

#[tokio::test]
async fn c7_rejects_leave_after_their_time_and_stay_counted() {
    World::with_engine()
        .run(async |world| {
            let ours = world.organization("Ours").await;
            let group = ours.group("One").await;
            let old =
                ours.import(&format!("file_name=a.csv&group_id={group}"), "first,last,phone\nA,B,1\nC,D,\n").await;
            let young = ours.import(&format!("file_name=b.csv&group_id={group}"), "first,last,phone\nA,B,1\n").await;
            let age =
                format!("update import set finished_at = now() - interval '91 days' where id = '{}'", text(&old["id"]));
            world.execute(&[&age]).await;
            world.enqueue(&Upkeep { task: Task::ImportRejects }).await;
            world.imports().has("rejects_forgotten_at").until(1).await;
            let after = ours.report(&text(&old["id"])).await;
            assert_eq!(adds_up(&after), (0, 2));
            assert_eq!(
                (&after["reject_reasons"], after["rejects_forgotten_at"].is_string()),
                (&old["reject_reasons"], true)
            );
            assert_eq!((listed(&ours, &old).await, listed(&ours, &young).await), (0, 1));
            assert_eq!(adds_up(&ours.report(&text(&young["id"])).await), (1, 0));
        })
        .await;
}
