//! Verdicts on contacts' texts, asked of the command line (rules I2, I2a and I3).

use std::process::{Output, Stdio};

use muster_local::programs::Binary;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::Command,
};

/// Returns the command, without configuration and without services.
fn muster(args: &[&str]) -> Command {
    let mut command = Command::new(Binary::Cli.path().unwrap());
    command.env_clear().arg("classify").args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

async fn said(args: &[&str]) -> String {
    let Output { status, stdout, stderr } = muster(args).output().await.unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

#[tokio::test]
async fn i2_the_command_line_says_the_verdict_and_the_rule() {
    for (args, verdict) in [
        (&["Stop texting me"][..], "opt_out"),
        (&["STOP to end"], "opt_out"),
        (&["I'll stop at the polls"], "none"),
        (&["Liked “Reply STOP to opt out”"], "none"),
        (&["START"], "opt_in"),
        (&["--opted-out", "yes"], "opt_in"),
        (&["yes"], "none"),
        (&["help!"], "help"),
        (&["--own", "Halt", "halt"], "opt_out"),
        (&["halt"], "none"),
        (&[""], "none"),
    ] {
        let line = said(args).await;
        let (told, rule) = line.trim_end().split_once('\t').unwrap();
        assert_eq!(told, verdict, "{args:?}: {rule}");
        assert!(!rule.is_empty());
        let json: Value = serde_json::from_str(&said(&[&["--json"], args].concat()).await).unwrap();
        assert_eq!((json["verdict"].as_str(), json["rule"].as_str()), (Some(verdict), Some(rule)));
    }
}

#[tokio::test]
async fn i2_the_command_line_answers_each_line_as_it_comes() {
    let mut child = muster(&["--json", "-"]).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    // Each answer is awaited before the next line is written.
    for (line, verdict) in [
        ("no more texts\n", "opt_out"),
        ("\n", "none"),
        ("I quit my job\r\n", "none"),
        ("déjenme en paz\n", "opt_out"),
        ("INFO\n", "help"),
    ] {
        stdin.write_all(line.as_bytes()).await.unwrap();
        stdin.flush().await.unwrap();
        let answer: Value = serde_json::from_str(&answers.next_line().await.unwrap().unwrap()).unwrap();
        assert_eq!(answer["verdict"], verdict, "{line:?}: {answer}");
    }
    // Bytes that are no UTF-8, and a last line without an end.
    stdin.write_all(b"\xff\xfe\nunstop").await.unwrap();
    drop(stdin);
    for verdict in ["none", "opt_in"] {
        let answer: Value = serde_json::from_str(&answers.next_line().await.unwrap().unwrap()).unwrap();
        assert_eq!(answer["verdict"], verdict);
    }
    assert_eq!(answers.next_line().await.unwrap(), None);
    assert!(child.wait().await.unwrap().success());
}
