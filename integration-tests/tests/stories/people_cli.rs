//! `muster tags` and `muster opt-outs` as an admin uses them (rules C16, R2 and W8).

use std::process::Output;

use muster_local::programs::Binary;
use serde_json::{Value, json};

use crate::rig::{Rig, RigOptions};

async fn muster(rig: &Rig, args: &[&str]) -> Output {
    let mut command = tokio::process::Command::new(Binary::Cli.path().unwrap());
    let organization = rig.organization.rsplit('/').next().unwrap();
    command.env_clear().env("MUSTER_API_URL", &rig.cluster.api_url).env("MUSTER_TOKEN", &rig.cluster.bootstrap_token);
    command.args(args).args(["--organization", organization]).output().await.unwrap()
}

/// Returns the output of a command that succeeded.
async fn said(rig: &Rig, args: &[&str]) -> String {
    let output = muster(rig, args).await;
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

#[tokio::test]
async fn c16_tags_are_merged_and_opt_outs_read_from_the_command_line() {
    Rig::run(RigOptions { schedulers: 1, workers: 1, behaviour: json!({}), ..RigOptions::default() }, async |rig| {
        let group = rig.group("North", "212", 0).await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("people.csv");
        std::fs::write(&path, "first,last,phone,tags,opt_out\nA,L,6465550001,a,\nB,L,6465550002,a,yes\n").unwrap();
        said(rig, &["import", "upload", path.to_str().unwrap(), "--group", &group]).await;

        let other = said(rig, &["tags", "create", "b", "--reason"]).await;
        let tags: Vec<Value> = serde_json::from_str(&said(rig, &["tags", "list", "--json"]).await).unwrap();
        let first = tags.iter().find(|tag| tag["name"] == "a").unwrap()["id"].as_str().unwrap().to_owned();
        assert_eq!(said(rig, &["tags", "rename", &first, "--name", "c"]).await, "c");
        assert_eq!(said(rig, &["tags", "lock", &first]).await, "c, locked");
        assert_eq!(said(rig, &["tags", "unlock", &first]).await, "c");
        let merged = said(rig, &["tags", "merge", &first, "--into", &other]).await;
        assert_eq!(merged, "2 contacts have the other tag");
        let table = said(rig, &["tags", "list"]).await;
        assert!(table.starts_with("id") && table.lines().count() == 2 && table.contains("reason"), "{table}");
        let again = muster(rig, &["tags", "merge", &first, "--into", &other]).await;
        assert!(!again.status.success() && String::from_utf8_lossy(&again.stderr).contains("no such tag"), "{again:?}");

        let file = folder.path().join("out.csv");
        let columns = ["--column", "phone", "--column", "tags", "--tag", "b"];
        let start = ["export", "start", "contacts", "--output", file.to_str().unwrap()];
        let shown = said(rig, &[&start[..], &columns].concat()).await;
        assert!(shown.contains("(contacts: succeeded)") && shown.contains("2 records"), "{shown}");
        let written = std::fs::read_to_string(&file).unwrap();
        assert!(
            written.starts_with("\"phone\",\"tags\"\r\n") && written.contains("\"+16465550002\",\"b\""),
            "{written}"
        );
        let exports: Value = serde_json::from_str(&said(rig, &["export", "list", "--json"]).await).unwrap();
        let id = exports["items"][0]["id"].as_str().unwrap().to_owned();
        assert!(said(rig, &["export", "link", &id]).await.starts_with("/v1/downloads/muster_"));
        let links = said(rig, &["export", "links", &id]).await;
        assert!(links.lines().count() == 3 && links.contains("127.0.0.1"), "{links}");
        assert!(said(rig, &["export", "follow", &id]).await.contains("kept until"));
        let over = muster(rig, &["export", "cancel", &id]).await;
        assert!(
            !over.status.success() && String::from_utf8_lossy(&over.stderr).contains("the export is over"),
            "{over:?}"
        );

        let counted = said(rig, &["access-request", "start", "646-555-0001", "--reason", "asked", "--dry-run"]).await;
        assert!(counted.contains("Profile") && !counted.contains("access request"), "{counted}");
        let file = folder.path().join("all.html");
        let start =
            ["access-request", "start", "646-555-0001", "--reason", "asked", "--output", file.to_str().unwrap()];
        let shown = said(rig, &start).await;
        assert!(shown.contains("(succeeded)") && shown.contains("kept until"), "{shown}");
        let written = std::fs::read_to_string(&file).unwrap();
        assert!(written.starts_with("<!doctype html>") && written.contains("+16465550001"), "{written}");
        let requests: Value = serde_json::from_str(&said(rig, &["access-request", "list", "--json"]).await).unwrap();
        let id = requests["items"][0]["id"].as_str().unwrap().to_owned();
        assert!(said(rig, &["access-request", "link", &id]).await.starts_with("/v1/downloads/muster_"));
        assert_eq!(said(rig, &["access-request", "links", &id]).await.lines().count(), 3);
        let over = muster(rig, &["access-request", "cancel", &id]).await;
        assert!(!over.status.success() && String::from_utf8_lossy(&over.stderr).contains("is over"), "{over:?}");

        assert_eq!(said(rig, &["opt-outs", "check", "646-555-0001"]).await, "not opted out");
        let found = said(rig, &["opt-outs", "check", "(646) 555-0002"]).await;
        assert!(found.starts_with("opted out since ") && found.contains("recorded by file"), "{found}");
        assert!(said(rig, &["opt-outs", "list", "--origin", "file"]).await.contains("+16465550002"));
        assert_eq!(said(rig, &["opt-outs", "list", "--origin", "agent", "--json"]).await, "[]");
        let file = said(rig, &["opt-outs", "export"]).await;
        assert_eq!(file.lines().count(), 2, "{file}");
    })
    .await;
}
