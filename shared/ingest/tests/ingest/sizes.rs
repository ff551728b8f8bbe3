//! Large cells, rows, lines and headers (rule C3), in bounded memory.

use std::collections::BTreeMap;

use muster_ingest::{
    check::check,
    limits::{
        MAX_AGENT, MAX_CELL, MAX_COLUMNS, MAX_FIELD_NAME, MAX_LINES, MAX_QUOTED, MAX_RAW, MAX_RECORD, MAX_TAG, MAX_TAGS,
    },
    preview::preview,
};

use crate::support::{Told, refusal, told, try_told};

const HEADER: &str = "first,last,phone,notes\n";

fn notes(cell: &str) -> Vec<String> {
    let rows = told(format!("{HEADER}A,B,2125550001,{cell}\nC,D,2125550002,\n"));
    rows.into_iter().map(|row| if row.len() > 100 { row[..20].to_owned() } else { row }).collect()
}

#[test]
fn c3_a_cell_of_a_megabyte_costs_its_row() {
    let long = "x".repeat(1_000_000);
    assert_eq!(notes(&long), ["2: cell_too_long notes", "3: +12125550002 C D"]);
    assert_eq!(notes(&format!("\"{long}\"")), ["2: cell_too_long notes", "3: +12125550002 C D"]);
    assert_eq!(notes(&"é".repeat(MAX_CELL)), ["2: +12125550001 A B ", "3: +12125550002 C D"]);
    assert_eq!(notes(&"é".repeat(MAX_CELL + 1)), ["2: cell_too_long notes", "3: +12125550002 C D"]);
}

#[test]
fn c8_a_tag_that_is_too_long_costs_its_row() {
    let (fits, long) = ("é".repeat(MAX_TAG), "é".repeat(MAX_TAG + 1));
    let file = |tags: &str| format!("first,last,phone,Tags,tag\nA,B,2125550001,{tags}\nC,D,2125550002,,\n");
    let whole = |tags: String| told(file(&tags))[0].clone();
    assert_eq!(whole(format!("{fits};{fits}x,")), "2: tag_too_long Tags");
    assert_eq!(whole(format!("{fits};  {fits} ,{fits}")), format!("2: +12125550001 A B #{fits} #{fits} #{fits}"));
    assert_eq!(told(file(&format!("a,\"b;{long}\""))), ["2: tag_too_long tag", "3: +12125550002 C D"]);
    assert_eq!(whole(format!("{},", "x".repeat(1_000_000))), "2: cell_too_long Tags");
    assert_eq!(told(format!("tags,first,last,phone\n{long},A,B,1\n")), ["2: tag_too_long tags"], "the first is told");
    assert_eq!(told(format!("first,last,phone,tags\nA,B,1,{long}\n")), ["2: phone_invalid phone"]);
}

#[test]
fn c2_an_agent_that_is_too_long_for_an_address_costs_its_row() {
    let file = |agent: &str| format!("first,last,phone,Assigned Agent\nA,B,2125550001,{agent}\nC,D,2125550002,\n");
    let fits = "é".repeat(MAX_AGENT);
    assert_eq!(told(file(&format!(" {fits} ")))[0], format!("2: +12125550001 A B {fits}"));
    assert_eq!(told(file(&format!("{fits}x"))), ["2: agent_too_long Assigned Agent", "3: +12125550002 C D"]);
}

#[test]
fn c15_a_custom_field_with_a_name_that_is_too_long_refuses_the_file() {
    let file = |name: &str| format!("first,last,phone,{name}\nA,B,2125550001,x\n");
    assert_eq!(told(file(&"é".repeat(MAX_FIELD_NAME))), ["2: +12125550001 A B x"]);
    let long = "é".repeat(MAX_FIELD_NAME + 1);
    assert!(refusal(file(&long)).contains("more than 200 characters"));
    // A column with another name, or none, may be kept.
    for field in ["custom:ward", "ignore"] {
        let mapping = BTreeMap::from([(long.clone(), field.to_owned())]);
        assert_eq!(check(std::io::Cursor::new(file(&long)), &mapping).unwrap().valid, 1);
    }
}

#[test]
fn c8_a_thousand_tags_of_a_file_are_tags_and_more_refuse_it() {
    let file = |tags: usize| {
        let rows: Vec<String> = (0..tags).map(|n| format!("A,B,212555{n:04},\"t{n};all\"")).collect();
        std::io::Cursor::new(format!("first,last,phone,tags\n{}\n", rows.join("\n")))
    };
    assert_eq!(check(file(MAX_TAGS - 1), &BTreeMap::new()).unwrap().valid, MAX_TAGS as u64 - 1);
    let refused = check(file(MAX_TAGS), &BTreeMap::new()).unwrap_err();
    assert!(refused.to_string().contains("more than 1000 different tags"), "{refused}");
}

#[test]
fn c3_a_quoted_cell_ends_within_a_mebibyte_and_a_thousand_lines_or_was_none() {
    assert_eq!(notes(&format!("\"{}\"", "x".repeat(MAX_QUOTED)))[0], "2: cell_too_long notes");
    assert_eq!(notes(&format!("\"{}\"", "x".repeat(MAX_QUOTED + 1))), ["2: quote_unclosed", "3: +12125550002 C D"]);
    let lines = usize::try_from(MAX_LINES).unwrap();
    assert_eq!(notes(&format!("\"{}\"", "\n".repeat(lines - 1))), ["2: +12125550001 A B", "1002: +12125550002 C D"]);
    let rows = notes(&format!("\"{}\"", "\n".repeat(lines)));
    // The closing quote stands alone on a line of its own, and opens a cell there.
    assert_eq!(rows, ["2: quote_unclosed", "1002: quote_unclosed", "1003: +12125550002 C D"]);
}

#[test]
fn c3_a_line_that_is_too_long_costs_itself() {
    for end in ["\n", "\r\n", "\r"] {
        for extra in [0, 1, 300_000, 5_000_000] {
            let start = "A,B,2125550001,";
            let long = "x,".repeat((MAX_RECORD - start.len()) / 2 + extra);
            let file = format!("first,last,phone,notes{end}{start}{long}y{end}C,D,2125550002,{end}");
            let why = if start.len() + long.len() + 1 > MAX_RECORD { "record_too_long" } else { "too_many_columns" };
            assert_eq!(told(file), [format!("2: {why}"), "3: +12125550002 C D".to_owned()], "{extra}");
        }
    }
}

#[test]
fn c7_the_raw_row_of_a_reject_is_cut() {
    let file = format!("{HEADER}é{},B,2125550001,\n", "é".repeat(100_000));
    let rows = try_told(file.as_bytes()).unwrap();
    let Told::Reject { raw, value, .. } = &rows[0] else { panic!("{rows:?}") };
    assert!((MAX_RAW - 3..=MAX_RAW).contains(&raw.len()) && raw.ends_with('\u{2026}') && !raw.contains('\u{fffd}'));
    assert_eq!(value.as_ref().map(|value| value.chars().count()), Some(200));
    // Text that becomes longer when it is shown is cut as well, and no number is cut in two.
    let file = ["\u{feff}".as_bytes(), HEADER.as_bytes(), b"A,B,2125550001,", &[0xff; MAX_RAW / 2], b"\n"].concat();
    let rows = try_told(&file).unwrap();
    let Told::Reject { raw, reason: "encoding", .. } = &rows[0] else { panic!("{rows:?}") };
    assert!(raw.len() <= MAX_RAW && raw.ends_with('\u{2026}'), "{}", raw.len());
    for before in MAX_RAW - 40..MAX_RAW {
        let rows = try_told(format!("{HEADER}{} 212-555-0001 {},B,\n", "x".repeat(before), "y".repeat(50)).as_bytes())
            .unwrap();
        let Told::Reject { raw, .. } = &rows[0] else { panic!("{rows:?}") };
        assert!(raw.ends_with("x\u{2026}") || raw.contains(" 212-555-0001 "), "{}", &raw[MAX_RAW - 60..]);
    }
}

#[test]
fn c15_a_header_has_at_most_a_thousand_columns() {
    let columns = |count: usize| {
        let more: Vec<String> = (3..count).map(|n| format!("c{n}")).collect();
        format!("first,last,phone,{}\nA,B,2125550001,x\n", more.join(","))
    };
    assert_eq!(told(columns(MAX_COLUMNS)), ["2: +12125550001 A B x"]);
    assert!(refusal(columns(5_000)).contains("5000 columns"));
}

#[test]
fn c3_rows_of_five_thousand_columns_are_rejects() {
    let file = format!("{HEADER}{}\nC,D,2125550002,\n", "x,".repeat(5_000));
    assert_eq!(told(file), ["2: too_many_columns", "3: +12125550002 C D"]);
}

#[test]
fn c3_a_file_of_nothing_but_quotes_ends() {
    for piece in ["\"", "\"\"", "\",\"", "x\",\",y\n", "\"\n", "\"\r", "\"\n\n"] {
        let file = format!("{HEADER}{}", piece.repeat(20_000));
        let _ = try_told(file.as_bytes()).unwrap();
        let _ = preview(std::io::Cursor::new(file), &BTreeMap::new(), 3, |_| {}).unwrap();
    }
}
