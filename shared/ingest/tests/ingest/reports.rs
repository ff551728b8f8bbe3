//! The offline check and the preview (rules C6, C7).

use std::{collections::BTreeMap, io::Cursor};

use muster_domain::imports::FileEncoding;
use muster_ingest::{check::check, limits::MAX_LISTED, preview::preview};
use serde_json::json;

const FILE: &str = "First Name;last;Cell;Ward\nAnn;Lee;2125550001;1\nBob;Ray;555;2\nAnn;Lee;(212) 555-0001;3\n\"x\"y\nCyd;Fox;2125550003;\n";

#[test]
fn c7_the_check_adds_up() {
    let report = check(Cursor::new(FILE), &BTreeMap::new()).unwrap();
    assert_eq!(
        serde_json::to_value(&report).unwrap(),
        json!({
            "rows": 5, "valid": 2, "merged": 1, "rejected": 2, "opted_out": 0, "warnings": 0, "warning_reasons": {}, "warning_lines": [],
            "columns": { "First Name": "first_name", "last": "last_name", "Cell": "phone", "Ward": "custom:Ward" },
            "encoding": "UTF-8", "delimiter": ";", "rejects_truncated": false,
            "rejects": [
                { "line": 3, "reason": "phone_invalid", "column": "Cell", "value": "555" },
                { "line": 5, "reason": "quote_malformed", "column": null, "value": null },
            ],
        })
    );
}

#[test]
fn c7_a_check_that_does_not_list_every_reject_says_so() {
    let file = |rejects: usize| format!("first,last,phone\n{}A,B,2125550001\n", "x,y,1\n".repeat(rejects));
    for (rejects, truncated) in [(MAX_LISTED, false), (MAX_LISTED + 1, true)] {
        let report = check(Cursor::new(file(rejects)), &BTreeMap::new()).unwrap();
        let told = (report.rejected, report.rejects.len(), report.rejects_truncated);
        assert_eq!(told, (rejects as u64, MAX_LISTED, truncated));
    }
}

/// Rule C3: its head alone would be UTF-8 as well.
#[test]
fn c3_an_accent_that_comes_late_tells_the_check_and_the_preview() {
    let plain = "Ann,Lee,2125550001\n".repeat(5_000);
    let file = [b"first,last,phone\n", plain.as_bytes(), b"Ren\xe9,Pe\xf1a,2125550003\n\"a\"b\n"].concat();
    let report = check(Cursor::new(&file), &BTreeMap::new()).unwrap();
    let seen = (report.encoding, report.rows, report.valid, report.rejected, report.rejects.len());
    assert_eq!(seen, (FileEncoding::Windows1252, 5_002, 2, 1, 1));
    let shown = preview(Cursor::new(&file), &BTreeMap::new(), 1, |_| {}).unwrap();
    assert_eq!(shown.encoding, FileEncoding::Windows1252);
    // The beginning of a file in UTF-8, cut within its first accent, is no sign of another
    // encoding.
    let utf8 = format!("first,last,phone\n{plain}Ren\u{e9}");
    let cut = &utf8.as_bytes()[..utf8.len() - 1];
    assert_eq!(preview(Cursor::new(cut), &BTreeMap::new(), 1, |_| {}).unwrap().encoding, FileEncoding::Utf8);
}

#[test]
fn c14_the_preview_leaves_out_fields_that_are_locked() {
    let known = ["Precinct".to_owned()];
    let shown = preview(Cursor::new(FILE), &BTreeMap::new(), 1, |header| header.lock_fields(&known)).unwrap();
    assert_eq!(shown.columns.iter().map(|column| column.field.as_str()).collect::<Vec<_>>()[3], "ignore");
}

/// Rule C4: new area codes go live before anybody's table knows them.
#[test]
fn c4_an_area_code_that_no_plan_knows_is_a_warning_and_its_row_is_read() {
    let rows = (0..12).map(|nth| format!("New,N,(999) 555-{nth:04}\n"));
    let file =
        format!("first,last,phone\nAda,L,2125550001\n{}Bad,L,12345\nEve,L,8005550001\n", rows.collect::<String>());
    let report = check(Cursor::new(file), &BTreeMap::new()).unwrap();
    assert_eq!((report.rows, report.valid, report.rejected, report.warnings), (15, 14, 1, 12));
    assert_eq!(report.warning_lines, (3..13).collect::<Vec<_>>());
}

#[test]
fn the_preview_shows_rows_as_they_will_be_read() {
    let preview = preview(Cursor::new(FILE), &BTreeMap::new(), 2, |_| {}).unwrap();
    assert_eq!(
        serde_json::to_value(&preview).unwrap(),
        json!({
            "encoding": "UTF-8", "delimiter": ";",
            "columns": [
                { "header": "First Name", "field": "first_name", "meaning": null }, { "header": "last", "field": "last_name", "meaning": null },
                { "header": "Cell", "field": "phone", "meaning": null }, { "header": "Ward", "field": "custom:Ward", "meaning": null },
            ],
            "lines": [
                { "line": 2, "values": { "phone": "+12125550001", "first_name": "Ann", "last_name": "Lee", "custom:Ward": "1" }, "tags": [], "opted_out": false, "warnings": [] },
                { "line": 3, "reason": "phone_invalid", "column": "Cell", "value": "555" },
            ],
            "lines_truncated": false,
        })
    );
}

#[test]
fn c17_opt_outs_that_a_file_states_are_told() {
    let file = "first,last,phone,can2_sms_status,Do Not Text,zip\nAnn,Lee,2125550001,unsubscribed,,=\"02134\"\nBob,Ray,2125550002,subscribed,Yes,2134.0\n\
                Ann,Lee,2125550001,subscribed,no,\nCyd,Fox,2125550003,bouncing,,\nDan,Poe,2125550004,,maybe,\n";
    let shown = serde_json::to_value(preview(Cursor::new(file), &BTreeMap::new(), 9, |_| {}).unwrap()).unwrap();
    assert_eq!(shown["columns"][3]["field"], "opt_out_status");
    assert_eq!(shown["columns"][4]["field"], "opt_out");
    assert!(shown["columns"][3]["meaning"].is_string() && shown["columns"][0]["meaning"].is_null(), "{shown}");
    let told: Vec<_> =
        shown["lines"].as_array().unwrap().iter().map(|line| (&line["opted_out"], &line["warnings"])).collect();
    let (plain, doubt) = (json!([]), json!(["opt_out_unknown"]));
    assert_eq!(
        told,
        [
            (&json!(true), &plain),
            (&json!(true), &plain),
            (&json!(false), &plain),
            (&json!(false), &doubt),
            (&json!(false), &doubt)
        ]
    );
    assert_eq!(
        (&shown["lines"][0]["values"]["postal_code"], &shown["lines"][1]["values"]["postal_code"]),
        (&json!("02134"), &json!("2134"))
    );
    let report = check(Cursor::new(file), &BTreeMap::new()).unwrap();
    assert_eq!((report.opted_out, report.warnings, &report.warning_lines[..]), (2, 2, &[5, 6][..]));
    assert_eq!(report.warning_reasons, BTreeMap::from([("opt_out_unknown", 2)]));
    // A mapping of the columns to something else does not mean it.
    let mapping = BTreeMap::from(
        [("can2_sms_status", "custom:Status"), ("Do Not Text", "ignore")]
            .map(|(name, field)| (name.to_owned(), field.to_owned())),
    );
    assert_eq!(check(Cursor::new(file), &mapping).unwrap().opted_out, 0);
}

/// Names of columns come again with each row.
#[test]
fn c15_a_preview_and_a_check_of_a_small_file_say_little() {
    let names: Vec<String> = (0..900).map(|nth| format!("{nth:0200}")).collect();
    let row = format!("A,B,2125550001,{}\n", "x,".repeat(899) + "x");
    let file = format!("first,last,phone,{}\n{}", names.join(","), row.repeat(100));
    let shown = preview(Cursor::new(&file), &BTreeMap::new(), 100, |_| {}).unwrap();
    assert!(shown.lines_truncated && shown.lines.len() < 100, "{}", shown.lines.len());
    assert!(serde_json::to_vec(&shown).unwrap().len() < 3 << 20);
    // The name of the phone's column may be long, and every reject names it.
    let file = format!("first,last,phone{}\n{}", "_".repeat(9_000), "x\n".repeat(10_000));
    let report = check(Cursor::new(file), &BTreeMap::new()).unwrap();
    assert_eq!(report.rejected, 10_000);
    assert!(report.rejects.iter().all(|reject| reject.column.as_ref().is_some_and(|name| name.chars().count() == 200)));
    assert!(serde_json::to_vec(&report).unwrap().len() < 4 << 20);
    let wide =
        format!("first,last,phone,{}\n", (0..600).map(|nth| format!("{nth:0500}")).collect::<Vec<_>>().join(","));
    let mapping = (0..600).map(|nth| (format!("{nth:0500}"), "ignore".to_owned())).collect();
    assert!(check(Cursor::new(wide), &mapping).unwrap_err().to_string().contains("bytes together"));
}
