//! Process lists: no secret is an argument of a process, where everybody on the machine sees it.

use std::{collections::BTreeSet, fs};

use muster_integration_tests::S3_SECRET;
use serde_json::json;

use crate::rig::{Rig, RigOptions};

/// Returns the command lines of all processes of this machine that can be read.
fn command_lines() -> impl Iterator<Item = String> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.filter_map(|entry| {
        entry.file_name().to_str()?.parse::<u32>().ok()?;
        let line = fs::read(entry.path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&line).replace('\0', " "))
    })
}

/// Returns the parts of URLs and settings that nobody is to see.
fn secrets(rig: &Rig) -> Vec<(String, String)> {
    let mut secrets: Vec<(String, String)> = rig
        .cluster
        .environment()
        .iter()
        .filter_map(|(name, value)| {
            let secret = match value.split_once("://") {
                Some((_, rest)) => rest.split_once('@')?.0.split_once(':')?.1,
                None if name.ends_with("_KEY") || name.ends_with("_TOKEN") || name.ends_with("_SECRET") => value,
                None => return None,
            };
            Some((name.clone(), secret.to_owned()))
        })
        .collect();
    secrets.push(("the admin's token".to_owned(), rig.cluster.bootstrap_token.clone()));
    secrets
}

#[tokio::test]
async fn no_secret_is_in_the_process_list_while_everything_runs() {
    let env =
        vec![("MUSTER_OBJECT_STORE_KEY_ID", "id".to_owned()), ("MUSTER_OBJECT_STORE_KEY_SECRET", S3_SECRET.to_owned())];
    let rig = Rig::start(RigOptions {
        own_servers: true,
        schedulers: 1,
        workers: 1,
        behaviour: json!({}),
        env,
        ..RigOptions::default()
    })
    .await;
    let secrets = secrets(&rig);
    let names: Vec<_> = secrets.iter().map(|(name, _)| name.as_str()).collect();
    for name in [
        "MUSTER_DATABASE_URL",
        "MUSTER_AMQP_URL",
        "MUSTER_CARRIER_AUTH_TOKEN",
        "MUSTER_PHONE_HASH_KEY",
        "MUSTER_OBJECT_STORE_KEY_SECRET",
    ] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    // Commands come and go: they are looked for while they run.
    let mut seen = BTreeSet::new();
    let commands = async {
        for _ in 0..3 {
            rig.cluster.muster(&["queues", "--json"]).await.unwrap();
            rig.rows("select pg_sleep(0.2)").await.unwrap();
            rig.cluster.muster(&["doctor", "--json"]).await.unwrap_or_default();
        }
    };
    let looks = async {
        loop {
            seen.extend(command_lines());
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        () = commands => {}
        () = looks => {}
    }
    assert!(seen.iter().any(|line| line.contains("muster-worker")), "the daemons are among them");
    assert!(seen.iter().any(|line| line.contains("psql")), "and commands are");
    for (name, secret) in &secrets {
        for line in &seen {
            assert!(!line.contains(secret.as_str()), "{name} is in {line}");
        }
    }
    rig.finish().await;
}
