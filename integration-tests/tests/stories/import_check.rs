//! `muster import check` reads a file exactly as an import would, without any service
//! (rules C2 to C7 and C15).

use std::process::Output;

use muster_local::programs::Binary;
use serde_json::{Value, json};

async fn check(file: &[u8], args: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("contacts.csv");
    std::fs::write(&path, file).unwrap();
    let mut command = tokio::process::Command::new(Binary::Cli.path().unwrap());
    command.env_clear().args(["import", "check"]).arg(path).args(args).output().await.unwrap()
}

async fn report(file: &[u8], args: &[&str]) -> Value {
    let output = check(file, args).await;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn c7_a_file_is_told_by_its_rows_columns_and_rejects() {
    let file = "first;last;Cell Phone;Ward\r\nAda;L;(646) 555-0001;7\r\nAda;K;6465550001;8\r\nNo;Phone;;9\r\n\r\nBad;Quote;\"646\"5550002;\r\n";
    let report = report(file.as_bytes(), &["--json"]).await;
    assert_eq!(
        report,
        json!({
            "rows": 4, "valid": 1, "merged": 1, "rejected": 2, "opted_out": 0, "warnings": 0, "warning_reasons": {}, "warning_lines": [],
            "columns": { "first": "first_name", "last": "last_name", "Cell Phone": "phone", "Ward": "custom:Ward" },
            "encoding": "UTF-8", "delimiter": ";", "rejects_truncated": false,
            "rejects": [
                { "line": 4, "reason": "phone_missing", "column": "Cell Phone", "value": "" },
                { "line": 6, "reason": "quote_malformed", "column": null, "value": null },
            ],
        })
    );
}

#[tokio::test]
async fn c2_a_mapping_wins_over_what_is_recognised() {
    let file = b"first,last,Cell,Home = Phone\nAda,L,6465550001,6465550002\n";
    let args = ["--map", "Cell=ignore", "--map", "Home = Phone=phone", "--json"];
    let report = report(file, &args).await;
    assert_eq!((&report["valid"], &report["columns"]["Home = Phone"]), (&json!(1), &json!("phone")), "{report}");
    let refused = check(file, &["--map", "Cell=fone"]).await;
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stdout).contains("fone"), "{refused:?}");
}

#[tokio::test]
async fn c15_a_file_that_would_be_refused_makes_the_exit_code_2() {
    for file in [
        b"".as_slice(),
        b"first,last,email\nAda,L,a@example.org\n",
        b"PK\x03\x04\x14\0\0\0\x08\0",
        b"%PDF-1.7\n1 0 obj\n",
    ] {
        let output = check(file, &["--json"]).await;
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(said["refused"].is_string(), "{said}");
    }
    let mut nowhere = tokio::process::Command::new(Binary::Cli.path().unwrap());
    let nowhere = nowhere.args(["import", "check", "/no/such/file"]).output().await.unwrap();
    assert_eq!(nowhere.status.code(), Some(1), "a file that cannot be opened is no file that is refused");
}
