//! Cutting changes nothing (rule C7): the parts, read one after another, are the whole.

use proptest::{prelude::*, sample::select};

use muster_ingest::{
    cut::FilePart,
    limits::{MAX_QUOTED, MAX_RECORD},
};

use crate::support::{Dribble, cut, header, read_text};

/// Reads a text whole and in parts, and compares.
fn compare(text: &[u8], delimiter: u8, target: u64, blocks: &[usize]) -> Vec<FilePart> {
    let columns = ["first", "last", "phone", "notes"].join(&char::from(delimiter).to_string());
    let header = header(&(columns + "\n"));
    assert_eq!(header.delimiter, delimiter);
    let parts = cut(text, header.shape(), target, blocks);
    let (whole, counts) = read_text(&header, 2, Dribble(text, blocks[0].max(1)));
    let (mut told, mut added, mut offset) = (Vec::new(), muster_ingest::rows::Counts::default(), 0);
    for (index, part) in parts.iter().enumerate() {
        assert_eq!(part.offset, offset, "parts follow one another");
        assert!(part.length >= target || index + 1 == parts.len(), "no part but the last is short");
        offset += part.length;
        let text = &text[usize::try_from(part.offset).unwrap()..usize::try_from(offset).unwrap()];
        let (rows, counts) = read_text(&header, part.first_line, text);
        assert!(counts.rows() <= part.records, "{part:?}");
        told.extend(rows);
        added += &counts;
    }
    assert_eq!(offset, text.len() as u64, "nothing is left out");
    assert_eq!((told, added), (whole, counts));
    parts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn c7_parts_read_like_the_whole(
        pieces in prop::collection::vec(select(vec![
            "Ann,Lee,2125550001,x\n", "\"Bob\",\"R\"\"ay\",2125550002,\"a\nb\"\n", "Cyd;Fox;2125550003;\r\n", "\"Dan,Poe,2125550004,\n", "\"E\"e,,,\r",
            "Ann,\"Lee,2125550001,\n", "Bob,6'2\",2125550002,\r\n", "Cyd,Fox,2125550003,\"\n", "Eve;Lee;2125550005;\"\n", "6'\";;;\n",
            "\"", "\"\"", ",", ";", "\n", "\r", "\r\n", " ", "a", "\0", "\u{e9}", "NULL", "\"x\r\ny\"", "\n\n", "x\",\",y\n",
            "Ann, \"Lee\nKim\" , 2125550001,\n", "Bob,\u{a0}\"a, b\"\u{2003},2125550002,\n", "Cyd;\t\"x;\r\ny\"\t;2125550003;\n", "Dan,=\"a,\n b\",2125550004,\n",
            ", \"", "\" ,", "\u{a0}\"", "\"\u{3000}", "=\"", "\u{2003}", "\t",
        ]), 0..60),
        raw in prop::collection::vec((0_usize..400, any::<u8>()), 0..3),
        blocks in prop::collection::vec(1_usize..40, 1..4),
        target in 1_u64..120,
        semicolon in any::<bool>(),
    ) {
        let mut text = pieces.concat().into_bytes();
        for (at, byte) in raw {
            if at < text.len() {
                text[at] = byte;
            }
        }
        compare(&text, if semicolon { b';' } else { b',' }, target, &blocks);
    }
}

#[test]
fn c7_large_records_are_cut_like_small_ones() {
    let row = "Ann,Lee,2125550001,x\r\n";
    let rows = row.repeat(2_000);
    let lines = "x\r\n".repeat(1_200);
    let quoted = "y".repeat(MAX_QUOTED + 5);
    let long = "z".repeat(2 * MAX_RECORD);
    let bars = "\"a\",".repeat(MAX_RECORD / 4 + 10);
    for middle in [
        format!("Ann,\"{lines}\",2125550001,\r\n"),
        format!("Ann,\"Lee,2125550001,\r\n{lines}"),
        format!("Ann,\"{quoted}\",2125550001,\r\n"),
        format!("Ann,\"{quoted}\r\n\"x,2125550001,\r\n"),
        format!("{long}\r\n"),
        format!("{long}\r"),
        format!("{long}\n\n{long}\r\n"),
        format!("\"{long}\"\r\n"),
        format!("{bars}\"b\"c\r\n"),
        format!("\"\r\n{bars}\r\n"),
        long.clone(),
    ] {
        let text = format!("{rows}{middle}{rows}");
        let first = compare(text.as_bytes(), b',', 10_000, &[64 * 1024]);
        assert!(first.len() > 3);
        assert_eq!(first, compare(text.as_bytes(), b',', 10_000, &[1_000_003, 77]));
        assert_eq!(first, compare(text.as_bytes(), b',', 10_000, &[text.len()]));
    }
}

#[test]
fn c7_a_cut_never_parts_a_crlf() {
    let text = "Ann,Lee,2125550001,\r\n".repeat(100);
    for block in 1..45 {
        let parts = compare(text.as_bytes(), b',', 1, &[block]);
        assert_eq!(parts.len(), 100);
        assert!(parts.iter().enumerate().all(|(n, part)| part.first_line == n as u64 + 2 && part.records == 1));
    }
    let long = format!("{}\r\nAnn,Lee,2125550001,\r\n", "z".repeat(MAX_RECORD + 10));
    for block in [MAX_RECORD + 10, MAX_RECORD + 11, MAX_RECORD + 12] {
        let parts = compare(long.as_bytes(), b',', 1, &[block]);
        assert_eq!(parts.iter().map(|part| part.first_line).collect::<Vec<_>>(), [2, 3]);
    }
}

#[test]
fn a_part_of_nothing_is_none() {
    assert!(compare(b"", b',', 10, &[1]).is_empty());
    assert_eq!(compare(b"\n\r\n\r", b',', 100, &[1])[0].records, 0);
}
