//! `muster contacts` as an admin uses it: saved, searched, edited, moved and changed in bulk (rule
//! C16).

use std::process::Output;

use muster_local::programs::Binary;
use serde_json::{Value, json};

use crate::rig::{Rig, RigOptions};

async fn muster(rig: &Rig, args: &[&str]) -> Output {
    let mut command = tokio::process::Command::new(Binary::Cli.path().unwrap());
    let organization = rig.organization.rsplit('/').next().unwrap();
    command.env_clear().env("MUSTER_API_URL", &rig.cluster.api_url).env("MUSTER_TOKEN", &rig.cluster.bootstrap_token);
    command.arg("contacts").args(args).args(["--organization", organization]).output().await.unwrap()
}

async fn says(rig: &Rig, args: &[&str]) -> String {
    let output = muster(rig, args).await;
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

async fn json(rig: &Rig, args: &[&str]) -> Value {
    serde_json::from_str(&says(rig, &[args, &["--json"]].concat()).await).unwrap()
}

#[tokio::test]
async fn c16_contacts_are_looked_after_from_the_command_line() {
    Rig::run(RigOptions { schedulers: 1, workers: 1, behaviour: json!({}), ..RigOptions::default() }, async |rig| {
        let (group, other) = (rig.group("North", "212", 0).await, rig.group("South", "213", 0).await);
        let ada = ["--first-name", "Ada", "--tag", "vip", "--field", "ward=7", "--consent-text", "at the door"];
        let saved = json(rig, &[&["save", "(646) 555-0001", "--group", &group][..], &ada].concat()).await;
        assert_eq!(saved["outcome"], "created");
        let id = saved["id"].as_str().unwrap();
        says(rig, &["save", "6465550002", "--group", &group, "--first-name", "Grace"]).await;

        let listed = says(rig, &["list", "--group", &group, "--name", "ada"]).await;
        let lines: Vec<_> = listed.lines().collect();
        assert_eq!(lines.len(), 2, "{listed}");
        assert!(lines[1].starts_with(id) && lines[1].ends_with("active") && lines[1].contains("vip"), "{listed}");
        let edited = ["edit", id, "--last-name", "King", "--field", "ward=", "--untag", "vip", "--tag", "late"];
        let after = json(rig, &edited).await;
        assert_eq!(
            (&after["last_name"], &after["fields"], &after["tags"]),
            (&json!("King"), &json!({}), &json!(["late"]))
        );
        assert!(says(rig, &["show", id]).await.contains("Ada King"));

        says(rig, &["join", id, "--group", &other]).await;
        says(rig, &["deactivate", id, "--group", &other]).await;
        assert_eq!(json(rig, &["list", "--status", "deactivated"]).await["items"][0]["id"], id);
        says(rig, &["reactivate", id, "--group", &other]).await;
        says(rig, &["assign", id, "--group", &other]).await;
        says(rig, &["leave", id, "--group", &other]).await;
        assert!(!muster(rig, &["leave", id, "--group", &other]).await.status.success(), "only once");

        let dry = ["bulk", "start", "tag", "--with-tag", "all", "--group", &group, "--dry-run"];
        assert_eq!(says(rig, &dry).await, "2 contacts match; nothing was done\n");
        let change = json(rig, &["bulk", "start", "tag", "--with-tag", "all", "--group", &group, "--follow"]).await;
        assert_eq!((&change["state"], &change["outcomes"]), (&json!("succeeded"), &json!({ "changed": 2 })));
        let id = change["id"].as_str().unwrap();
        assert!(says(rig, &["bulk", "show", id]).await.contains("2 of 2 contacts"));
        assert!(says(rig, &["bulk", "list"]).await.contains("succeeded"));
        assert!(!muster(rig, &["bulk", "cancel", id]).await.status.success(), "it is over");
        let out = ["opt-out", saved["id"].as_str().unwrap(), "--reason", "by phone"];
        says(rig, &out).await;
        assert_eq!(
            json(rig, &["list", "--status", "opted_out", "--tag", "all"]).await["items"].as_array().unwrap().len(),
            1
        );
    })
    .await;
}
