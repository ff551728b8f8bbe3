//! The offline check and the preview (rules C6, C7).

use std::{collections::BTreeMap, io::Cursor};

use muster_ingest::{
    check::{check, check_each},
    preview::preview,
};
use serde_json::json;

const FILE: &str = "First Name;last;Cell;Ward\nAnn;Lee;2125550001;1\nBob;Ray;555;2\nAnn;Lee;(212) 555-0001;3\n\"x\"y\nCyd;Fox;2125550003;\n";

#[test]
fn c7_the_check_adds_up() {
    let report = check(Cursor::new(FILE), &BTreeMap::new()).unwrap();
    assert_eq!(
        serde_json::to_value(&report).unwrap(),
        json!({
            "rows": 5, "valid": 2, "merged": 1, "rejected": 2,
            "columns": { "First Name": "first_name", "last": "last_name", "Cell": "phone", "Ward": "custom:Ward" },
            "encoding": "UTF-8", "delimiter": ";",
            "rejects": [
                { "line": 3, "reason": "phone_invalid", "column": "Cell", "value": "555" },
                { "line": 5, "reason": "quote_malformed", "column": null, "value": null },
            ],
        })
    );
    let mut lines = Vec::new();
    let streamed = check_each(Cursor::new(FILE), &BTreeMap::new(), |reject| lines.push(reject.line)).unwrap();
    assert_eq!((lines, streamed.rejected, streamed.rejects.len()), (vec![3, 5], 2, 0));
}

#[test]
fn the_preview_shows_rows_as_they_will_be_read() {
    let preview = preview(Cursor::new(FILE), &BTreeMap::new(), 2).unwrap();
    assert_eq!(
        serde_json::to_value(&preview).unwrap(),
        json!({
            "encoding": "UTF-8", "delimiter": ";",
            "columns": [
                { "header": "First Name", "field": "first_name" }, { "header": "last", "field": "last_name" },
                { "header": "Cell", "field": "phone" }, { "header": "Ward", "field": "custom:Ward" },
            ],
            "lines": [
                { "line": 2, "values": { "phone": "+12125550001", "first_name": "Ann", "last_name": "Lee", "custom:Ward": "1" }, "tags": [] },
                { "line": 3, "reason": "phone_invalid", "column": "Cell", "value": "555" },
            ],
        })
    );
}
