//! A single process: its log, its environment, its signals, its second life.

use std::time::Duration;

use muster_local::{Process, ProcessSpec};
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(10);

fn shell(folder: &TempDir, script: &str) -> ProcessSpec {
    ProcessSpec::new("shell", "/bin/sh", folder.path().join("log")).args(["-c", script])
}

#[tokio::test]
async fn output_of_every_life_is_in_one_log() {
    let folder = TempDir::new().unwrap();
    let process = Process::spawn(shell(&folder, "echo $WORD; env >&2").env("WORD", "hello")).unwrap();
    assert!(process.wait(LIMIT).await.unwrap().success());
    process.restart().await.unwrap();
    process.wait(LIMIT).await.unwrap();
    let log = std::fs::read_to_string(process.log()).unwrap();
    assert_eq!(log.matches("hello\n").count(), 4, "{log}");
    assert!(!log.contains("CARGO"), "only PATH, HOME and TMPDIR are handed on: {log}");
}

#[tokio::test]
async fn a_process_ends_when_asked_killed_or_dropped() {
    let folder = TempDir::new().unwrap();
    let process = Process::spawn(shell(&folder, "exec sleep 600")).unwrap();
    assert!(process.is_running());
    process.terminate();
    assert!(!process.wait(LIMIT).await.unwrap().success());
    assert!(!process.is_running());

    let first = process.pid();
    process.restart().await.unwrap();
    assert_ne!(process.pid(), first);
    process.pause();
    process.terminate();
    process.wait(Duration::from_millis(200)).await.unwrap_err();
    process.resume();
    process.wait(LIMIT).await.unwrap();

    process.restart().await.unwrap();
    process.kill();
    process.wait(LIMIT).await.unwrap();

    process.restart().await.unwrap();
    let at = format!("/proc/{}", process.pid());
    drop(process);
    assert!(!std::fs::exists(at).unwrap());
}

#[tokio::test]
async fn a_killed_family_includes_children_who_left_the_group() {
    let folder = TempDir::new().unwrap();
    let script = "setsid sh -c 'echo $$ > child; exec sleep 600' & wait";
    let process = Process::spawn(shell(&folder, script)).unwrap();
    let file = folder.path().join("child");
    let child = loop {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        if text.ends_with('\n') {
            break text;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    process.kill_family().await.unwrap();
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
    assert!(stat.is_empty() || stat.contains(") Z "), "{stat}");
}

#[test]
fn a_missing_program_is_named() {
    let folder = TempDir::new().unwrap();
    let error = Process::spawn(ProcessSpec::new("ghost", "/no/such/program", folder.path().join("log"))).unwrap_err();
    assert!(error.to_string().contains("/no/such/program"));
}
