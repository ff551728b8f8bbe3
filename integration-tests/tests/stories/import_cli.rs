//! `muster import` as an admin uses it: uploads, follows, cancels, prints the report, and looks
//! after existing imports (rules C2, C7 and C12).

use std::process::Output;

use muster_integration_tests::seconds;
use muster_local::programs::Binary;
use muster_storage::{Pool, PoolOptions, testing};
use serde_json::{Value, json};

use crate::rig::{Rig, RigOptions, text};

async fn muster(rig: &Rig, args: &[&str]) -> Output {
    let mut command = tokio::process::Command::new(Binary::Cli.path().unwrap());
    let organization = rig.organization.rsplit('/').next().unwrap();
    command.env_clear().env("MUSTER_API_URL", &rig.cluster.api_url).env("MUSTER_TOKEN", &rig.cluster.bootstrap_token);
    command.arg("import").args(args).args(["--organization", organization]).output().await.unwrap()
}

#[tokio::test]
async fn a_file_is_imported_from_the_command_line_and_taken_back() {
    Rig::run(RigOptions { schedulers: 1, workers: 1, behaviour: json!({}), ..RigOptions::default() }, async |rig| {
        let group = rig.group("North", "212", 0).await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("people.csv");
        let rows: Vec<String> = (0..3_000).map(|nth| format!("Ada{nth},L,646555{nth:04},7")).collect();
        std::fs::write(&path, format!("first,last,Tel,Ward\n{}\nBad,Row,1,7\n", rows.join("\n"))).unwrap();
        let file = path.to_str().unwrap();

        let known = ["--group", &group, "--map", "Tel=phone", "--tag", "spring", "--tag", "north"];
        let dry = muster(rig, &[&["upload", file][..], &known, &["--dry-run", "--json"]].concat()).await;
        assert_eq!(dry.status.code(), Some(0), "{dry:?}");
        let dry: Value = serde_json::from_slice(&dry.stdout).unwrap();
        assert_eq!((&dry["created"], &dry["rejected"], &dry["dry_run"]), (&json!(3_000), &json!(1), &json!(true)));
        assert_eq!(rig.number("select count(*) from contact").await, 0);

        let printed = muster(rig, &[&["upload", file][..], &known].concat()).await;
        assert_eq!(printed.status.code(), Some(0), "{printed:?}");
        let said = String::from_utf8(printed.stdout).unwrap();
        assert!(said.contains("(succeeded)") && said.contains("3001 rows: 3000 created"), "{said}");
        assert!(said.contains("phone_invalid"), "{said}");
        let id = said.split_whitespace().nth(1).unwrap().to_owned();
        assert_eq!(rig.number("select count(*) from contact_tag").await, 6_000);

        let rejects = muster(rig, &["rejects", &id]).await;
        let rejects = String::from_utf8(rejects.stdout).unwrap();
        assert_eq!(rejects, "line,reason,column,row\r\n3002,\"phone_invalid\",\"Tel\",\"Bad,Row,1,7\"\r\n");
        let shown = muster(rig, &["show", &id, "--json"]).await;
        let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
        assert_eq!((text(&shown["id"]), &shown["created"]), (id.as_str(), &json!(3_000)));
        // An admin without the id finds it in the list.
        let listed = muster(rig, &["list", "--limit", "2"]).await;
        let listed = String::from_utf8(listed.stdout).unwrap();
        let lines: Vec<&str> = listed.lines().collect();
        assert!(lines[0].starts_with("id") && lines.len() == 3, "{listed}");
        assert!(
            lines[1].starts_with(&id) && lines[1].contains("succeeded") && lines[1].ends_with("people.csv"),
            "{listed}"
        );
        assert!(lines[2].ends_with("people.csv, dry run"), "{listed}");

        assert!(muster(rig, &["undo", &id]).await.status.success());
        rig.until_none("contact", muster_integration_tests::seconds(30)).await;
        let again = muster(rig, &["undo", &id]).await;
        assert!(!again.status.success());
        assert!(String::from_utf8_lossy(&again.stderr).contains("undone"), "{again:?}");

        // A file that is refused says why, and the exit code says it too.
        let refused = folder.path().join("refused.csv");
        std::fs::write(&refused, "first,last\nAda,L\n").unwrap();
        let refused = muster(rig, &["upload", refused.to_str().unwrap(), "--group", &group]).await;
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
        assert!(String::from_utf8_lossy(&refused.stdout).contains("phone"), "{refused:?}");
    })
    .await;
}

/// Rules C2, C6 and C7: without any service, a file is told as the import tells it.
#[tokio::test]
async fn c12_the_check_of_a_file_is_its_dry_run() {
    Rig::run(RigOptions { schedulers: 1, workers: 1, behaviour: json!({}), ..RigOptions::default() }, async |rig| {
        let group = rig.group("North", "212", 0).await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("people.csv");
        let people = "first;last;Tel;Ward;tags\nAda;L;6465550001;7;a\nAda;K;(646) 555-0001;8;b\nNo;Phone;;9;\nEve;\"L;6465550002;1;\n\
                    Bob;6'2\";6465550003;2;\nZed;L;9995550004;3;\nLong;Row;6465550005;4;;x\n\"Two\nlines\";L;6465550006;5;\nBad;L;2.12E+09;;\n";
        std::fs::write(&path, people).unwrap();
        let file = path.to_str().unwrap();
        let dry = muster(rig, &["upload", file, "--group", &group, "--map", "Tel=phone", "--dry-run", "--json"]).await;
        let dry: Value = serde_json::from_slice(&dry.stdout).unwrap();
        let mut check = tokio::process::Command::new(Binary::Cli.path().unwrap());
        let check =
            check.env_clear().args(["import", "check", file, "--map", "Tel=phone", "--json"]).output().await.unwrap();
        let check: Value = serde_json::from_slice(&check.stdout).unwrap();

        let numbers = |told: &Value, names: [&str; 4]| json!(names.map(|name| &told[name]));
        assert_eq!(
            numbers(&check, ["rows", "merged", "rejected", "warnings"]),
            numbers(&dry, ["rows_read", "merged", "rejected", "warnings"]),
            "{check} {dry}"
        );
        assert_eq!(numbers(&check, ["rows", "valid", "merged", "rejected"]), json!([9, 4, 1, 4]), "{check}");
        assert_eq!(check["valid"], dry["created"]);
        let format = ["encoding", "delimiter", "warnings", "warning_lines"];
        assert_eq!(numbers(&check, format), numbers(&dry, format));
        let mut reasons = serde_json::Map::new();
        for reject in check["rejects"].as_array().unwrap() {
            let count = reasons.entry(text(&reject["reason"])).or_insert(json!(0));
            *count = json!(count.as_i64().unwrap() + 1);
        }
        assert_eq!(Value::Object(reasons), dry["reject_reasons"]);
        let columns = dry["columns"].as_array().unwrap().iter();
        let columns = columns.map(|column| (text(&column["header"]).to_owned(), column["field"].clone()));
        assert_eq!(check["columns"], Value::Object(columns.collect()));
    })
    .await;
}

#[tokio::test]
async fn c12_an_import_is_followed_and_cancelled_from_the_command_line() {
    let env = vec![("MUSTER_IMPORT_SHARD_BYTES", "5000".to_owned())];
    Rig::run(
        RigOptions { schedulers: 1, workers: 1, behaviour: json!({}), env, ..RigOptions::default() },
        async |rig| {
            let group = rig.group("North", "212", 0).await;
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("people.csv");
            let rows: Vec<String> = (0..3_000).map(|nth| format!("Ada{nth},L,646555{nth:04}")).collect();
            std::fs::write(&path, format!("first,last,phone\n{}\n", rows.join("\n"))).unwrap();
            // The worker that applies a shard stops in the middle of it. One connection, so that
            // all statements are one transaction's.
            let one = PoolOptions { max_connections: 1, ..PoolOptions::default() };
            let lock = Pool::connect_lazily(&rig.stack.postgres.url(&rig.database).as_str().into(), &one).unwrap();
            for statement in ["begin", "lock table membership in share row exclusive mode"] {
                testing::execute(&lock, statement).await.unwrap();
            }
            let known = ["upload", path.to_str().unwrap(), "--group", &group, "--json"];
            let cancelled = async {
                rig.until_some(
                    "pg_stat_activity where wait_event_type = 'Lock' and query like '%into membership%'",
                    seconds(30),
                )
                .await;
                let id = rig.rows("select id from import").await.unwrap().remove(0);
                let asked = muster(rig, &["cancel", &id]).await;
                assert!(asked.status.success(), "{asked:?}");
                let follow = ["follow", &id, "--json"];
                let opened = async { testing::execute(&lock, "rollback").await.unwrap() };
                tokio::join!(muster(rig, &follow), opened).0
            };
            let (uploaded, followed) = tokio::join!(muster(rig, &known), cancelled);
            for told in [uploaded, followed] {
                assert_eq!(told.status.code(), Some(2), "{told:?}");
                let told: Value = serde_json::from_slice(&told.stdout).unwrap();
                assert_eq!(told["state"], "cancelled", "{told}");
                assert!(told["created"].as_i64() < Some(3_000), "{told}");
                assert_eq!(told["created"], json!(rig.number("select count(*) from contact").await));
            }
            lock.close().await;
        },
    )
    .await;
}
