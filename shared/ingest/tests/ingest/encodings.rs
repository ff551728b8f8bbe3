//! Encodings and delimiters (rule C3), and files that are no list of contacts (rule C15).

use crate::support::{refusal, told};

const TEXT: &str = "first,last,phone\r\nJosé,Peña,2125550001\r\n";

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

#[test]
fn c3_every_encoding_reads_the_same() {
    let latin: Vec<u8> = TEXT.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let marked = format!("\u{feff}{TEXT}");
    for file in [
        TEXT.into(),
        marked.clone().into_bytes(),
        utf16(&marked, u16::to_le_bytes),
        utf16(&marked, u16::to_be_bytes),
        latin,
    ] {
        assert_eq!(told(file), ["2: +12125550001 José Peña"]);
    }
}

#[test]
fn c3_windows_1252_has_its_own_characters_and_holes() {
    assert_eq!(
        told(b"first,last,phone\nA\x80\x99,B\xe9,2125550001\nA\x81,B,2125550002\nC\xe9,D,2125550003\n"),
        ["2: +12125550001 A€™ Bé", "3: encoding first", "4: +12125550003 Cé D"]
    );
}

#[test]
fn c3_utf8_is_told_though_its_first_accent_comes_late() {
    let plain = "Ann,Lee,2125550001\n".repeat(5_000);
    let file = format!("first,last,phone\n{plain}José,Peña,2125550002\n");
    assert_eq!(told(&file).last().unwrap(), "5002: +12125550002 José Peña");
    let mut mixed = file.into_bytes();
    mixed.extend_from_slice(b"Ren\xe9,X,2125550003\nBob,Ray,2125550004\n");
    assert_eq!(told(mixed)[5_001..], ["5003: encoding first", "5004: +12125550004 Bob Ray"]);
}

#[test]
fn c3_a_stray_byte_in_utf8_costs_its_row() {
    assert_eq!(
        told("first,last,phone\nJosé,Peña,2125550001\nRen\u{fffd},X,2125550002\n".replace('\u{fffd}', "é").as_bytes()),
        ["2: +12125550001 José Peña", "3: +12125550002 René X"]
    );
    let file = [TEXT.as_bytes(), b"Ren\xe9,X,2125550002\nBob,Ray,2125550003"].concat();
    assert_eq!(told(file), ["2: +12125550001 José Peña", "3: encoding first", "4: +12125550003 Bob Ray"]);
}

#[test]
fn c3_a_character_cut_by_the_end_of_the_head_is_whole() {
    for pad in 0..4 {
        let mut file = format!("first,last,phone\n{}", "x".repeat(pad));
        while file.len() < 70_000 {
            file.push_str("é,漢😀,2125550001\n");
        }
        assert!(told(&file).iter().all(|line| line.contains("漢😀")), "{pad}");
    }
}

#[test]
fn c3_an_unpaired_surrogate_costs_its_row() {
    let mut file = utf16("\u{feff}first,last,phone\nA,", u16::to_le_bytes);
    file.extend_from_slice(&0xd83d_u16.to_le_bytes());
    file.extend(utf16("B,2125550001\nC,\u{fffd}😀,2125550002\n", u16::to_le_bytes));
    assert_eq!(told(&file), ["2: encoding last", "3: +12125550002 C \u{fffd}😀"]);
    // Half a character at the end belongs to a row of its own.
    file.push(b'x');
    assert_eq!(told(&file), ["2: encoding last", "3: +12125550002 C \u{fffd}😀", "4: encoding first"]);
}

#[test]
fn c3_delimiters_are_told() {
    for delimiter in [",", ";", "\t", "|"] {
        let file = ["first", "last", "phone\nA", "B", "2125550001\n"].join(delimiter);
        assert_eq!(told(file), ["2: +12125550001 A B"], "{delimiter:?}");
    }
}

#[test]
fn c3_the_delimiter_is_the_one_that_fits_the_rows() {
    // More commas than semicolons in the header, but not in the rows.
    assert_eq!(
        told("first;last;phone;\"city, state, zip, county, country\"\nA;B;2125550001;x\nC;D;2125550002;y\n"),
        ["2: +12125550001 A B x", "3: +12125550002 C D y"]
    );
    assert_eq!(
        told("first;last;phone;Likes, dislikes, and, so, on\nA;B;2125550001;a, b\n"),
        ["2: +12125550001 A B a, b"]
    );
    assert_eq!(told("\"a,b\"|first|last|phone\nx|A|B|2125550001\n"), ["2: +12125550001 A B x"]);
}

#[test]
fn c3_excels_line_names_the_delimiter() {
    for line in ["sep=;", "SEP=;", "\"sep=;\""] {
        for end in ["\n", "\r\n", "\r"] {
            let file = [line, "first;last;phone,x", "A;B;2125550001"].join(end).replace("phone,x", "phone");
            assert_eq!(told(file), ["3: +12125550001 A B"], "{line}");
        }
    }
    let excel = utf16("\u{feff}sep=\t\r\nfirst\tlast\tphone\r\nA\tB\t2125550001", u16::to_le_bytes);
    assert_eq!(told(excel), ["3: +12125550001 A B"]);
    assert!(refusal("sep=^\nfirst^last^phone\n").contains("'^'"));
}

#[test]
fn c15_what_is_no_list_of_contacts_is_refused_by_its_name() {
    for (file, word) in [
        (&b""[..], "empty"),
        (b" \r\n\t ", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\xff\xfe", "empty"),
        (b"\x01\x02\x03\x04,phone", "not text"),
        (b"%PDF-1.7\n...", "PDF"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"\n<html><body>Sign in", "web page"),
        (b"<?xml version=\"1.0\"?>", "XML"),
        (b"{\"contacts\": []}", "JSON"),
        (b"[\n  {\"first\": 1}]", "JSON"),
        (b"BEGIN:VCARD\nVERSION:3.0", "vCard"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excel"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"SQLite format 3\0", "SQLite"),
        (b"BZh91AY&SY", "bzip2"),
        (b"f\0i\0r\0s\0t\0,\0", "UTF-16"),
        (b"first,last,email\nA,B,c@d\n", "no column for phone"),
        (b"first,last,\"pho\"ne\nA,B,2125550001\n", "quotes"),
    ] {
        let why = refusal(file);
        assert!(why.contains(word), "{word}: {why}");
    }
}
