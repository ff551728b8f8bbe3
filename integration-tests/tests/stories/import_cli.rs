//! `muster import` as an admin uses it: uploads, follows, prints the report, and looks after what is there.

use std::process::Output;

use muster_local::programs::Binary;
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
    let rig = Rig::start(RigOptions { schedulers: 1, workers: 1, behaviour: json!({}), ..RigOptions::default() }).await;
    let group = rig.group("North", "212", 0).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.csv");
    let rows: Vec<String> = (0..3_000).map(|nth| format!("Ada{nth},L,646555{nth:04},7")).collect();
    std::fs::write(&path, format!("first,last,Tel,Ward\n{}\nBad,Row,1,7\n", rows.join("\n"))).unwrap();
    let file = path.to_str().unwrap();

    let known = ["--group", &group, "--map", "Tel=phone", "--tag", "spring", "--tag", "north"];
    let dry = muster(&rig, &[&["upload", file][..], &known, &["--dry-run", "--json"]].concat()).await;
    assert_eq!(dry.status.code(), Some(0), "{dry:?}");
    let dry: Value = serde_json::from_slice(&dry.stdout).unwrap();
    assert_eq!((&dry["created"], &dry["rejected"], &dry["dry_run"]), (&json!(3_000), &json!(1), &json!(true)));
    assert_eq!(rig.number("select count(*) from contact").await, 0);

    let printed = muster(&rig, &[&["upload", file][..], &known].concat()).await;
    assert_eq!(printed.status.code(), Some(0), "{printed:?}");
    let said = String::from_utf8(printed.stdout).unwrap();
    assert!(said.contains("(succeeded)") && said.contains("3001 rows: 3000 created"), "{said}");
    assert!(said.contains("phone_invalid"), "{said}");
    let id = said.split_whitespace().nth(1).unwrap().to_owned();
    assert_eq!(rig.number("select count(*) from contact_tag").await, 6_000);

    let rejects = muster(&rig, &["rejects", &id]).await;
    let rejects = String::from_utf8(rejects.stdout).unwrap();
    assert_eq!(rejects, "line,reason,column,row\r\n3002,\"phone_invalid\",\"Tel\",\"Bad,Row,1,7\"\r\n");
    let shown = muster(&rig, &["show", &id, "--json"]).await;
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!((text(&shown["id"]), &shown["created"]), (id.as_str(), &json!(3_000)));
    // Whoever has lost the id finds it.
    let listed = muster(&rig, &["list", "--limit", "2"]).await;
    let listed = String::from_utf8(listed.stdout).unwrap();
    let lines: Vec<&str> = listed.lines().collect();
    assert!(
        lines[0].starts_with(&id) && lines[0].contains("succeeded") && lines[0].ends_with("people.csv"),
        "{listed}"
    );
    assert!(lines[1].ends_with("people.csv, dry run") && lines.len() == 2, "{listed}");

    assert!(muster(&rig, &["undo", &id]).await.status.success());
    rig.until_none("contact", muster_integration_tests::seconds(30)).await;
    let again = muster(&rig, &["undo", &id]).await;
    assert!(!again.status.success());
    assert!(String::from_utf8_lossy(&again.stderr).contains("undone"), "{again:?}");

    // A file that is refused says why, and the exit code says it too.
    let refused = folder.path().join("refused.csv");
    std::fs::write(&refused, "first,last\nAda,L\n").unwrap();
    let refused = muster(&rig, &["upload", refused.to_str().unwrap(), "--group", &group]).await;
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stdout).contains("phone"), "{refused:?}");
    rig.finish().await;
}
