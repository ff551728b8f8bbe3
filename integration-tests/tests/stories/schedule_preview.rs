//! `muster schedule preview` without services and configuration: its output, and its words on
//! mistakes.

use std::process::{Command, Output};

use muster_local::programs::Binary;

/// Returns the run of the preview without any of Muster's environment.
fn preview(args: &[&str]) -> Output {
    let mut command = Command::new(Binary::Cli.path().unwrap());
    command.env_clear().args(["schedule", "preview"]).args(args);
    command.output().unwrap()
}

fn printed(args: &[&str]) -> String {
    let output = preview(args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

const NEW_YORK: [&str; 4] = ["--zone", "America/New_York", "--cron", "30 2 * * *"];

#[test]
fn fires_are_printed_in_utc_and_local_time_with_the_shifted_ones_marked() {
    let args = [&NEW_YORK[..], &["--from", "2027-03-13T07:30:00Z", "--count", "3"]].concat();
    assert_eq!(
        printed(&args),
        "2027-03-13T07:30:00Z  2027-03-13T02:30:00-05:00\n\
         2027-03-14T07:00:00Z  2027-03-14T03:00:00-04:00  shifted: 02:30:00 does not exist\n\
         2027-03-15T06:30:00Z  2027-03-15T02:30:00-04:00\n"
    );
    let skipping = [&args[..], &["--gap", "skip"]].concat();
    assert_eq!(
        printed(&skipping),
        "2027-03-13T07:30:00Z  2027-03-13T02:30:00-05:00\n\
         2027-03-15T06:30:00Z  2027-03-15T02:30:00-04:00\n\
         2027-03-16T06:30:00Z  2027-03-16T02:30:00-04:00\n"
    );
}

#[test]
fn json_is_a_list_with_a_note_where_there_is_one() {
    let autumn = ["--from", "2026-11-01T00:00:00Z", "--count", "3", "--overlap", "both", "--json"];
    let args = [&["--zone", "America/New_York", "--cron", "30 1 * * *"], &autumn[..]].concat();
    let rows: serde_json::Value = serde_json::from_str(&printed(&args)).unwrap();
    assert_eq!(
        rows,
        serde_json::json!([
            { "utc": "2026-11-01T05:30:00Z", "local": "2026-11-01T01:30:00-04:00", "note": "first_pass" },
            { "utc": "2026-11-01T06:30:00Z", "local": "2026-11-01T01:30:00-05:00", "note": "second_pass" },
            { "utc": "2026-11-02T06:30:00Z", "local": "2026-11-02T01:30:00-05:00", "note": null },
        ])
    );
    let args = [&NEW_YORK[..], &["--from", "2027-03-14T00:00:00Z", "--count", "1", "--json"]].concat();
    let rows: serde_json::Value = serde_json::from_str(&printed(&args)).unwrap();
    assert_eq!(
        rows,
        serde_json::json!([{ "utc": "2027-03-14T07:00:00Z", "local": "2027-03-14T03:00:00-04:00", "note": "shifted" }])
    );
}

#[test]
fn a_mistake_is_named_with_its_field() {
    for (cron, zone, said) in [
        ("0 25 * * *", "America/New_York", "hour \"25\": 25 is not within 0–23"),
        ("0 0 31 2 *", "America/New_York", "this never fires"),
        ("@daily", "America/Nowhere", "unknown IANA time zone \"America/Nowhere\""),
    ] {
        let output = preview(&["--cron", cron, "--zone", zone]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && error.contains(said), "{error}");
    }
}
