//! Rows and cells (rules C3, C4 and C7).

use crate::support::{Told, told, try_told};

#[test]
fn c3_line_ends_of_every_kind_count_as_one() {
    for end in ["\n", "\r\n", "\r"] {
        let lines = ["first,last,phone", "Ann,\"Lee", "Kim\",2125550001", "", "", "Bob,Ray,2125550002", "", ""];
        let said = told(lines.join(end));
        let within = format!("2: +12125550001 Ann Lee{end}Kim");
        assert_eq!(said, [within.as_str(), "6: +12125550002 Bob Ray"], "{end:?}");
    }
    assert_eq!(
        told("first,last,phone\r\rA,B,2125550001\n\nC,D,2125550002\r\n\r\nE,F,2125550003"),
        ["3: +12125550001 A B", "5: +12125550002 C D", "7: +12125550003 E F"]
    );
}

#[test]
fn c3_blank_lines_and_rows_without_values_are_not_rows() {
    assert_eq!(
        told("\n,,\n  \nfirst,last,phone\n\n,,\n \t, ,\"\"\n\\N,NULL,\nA,B,2125550001\n,,,,,\n\n"),
        ["9: +12125550001 A B"]
    );
}

#[test]
fn c3_ragged_rows() {
    assert_eq!(
        told(
            "first,last,phone,email,notes\nA,B,2125550001\nC,D\nE,F,2125550003,,,,\nG,H,2125550004,,,x\nI,J,2125550005,,, \n"
        ),
        [
            "2: +12125550001 A B",
            "3: phone_missing phone",
            "4: +12125550003 E F",
            "5: too_many_columns",
            "6: +12125550005 I J"
        ]
    );
}

#[test]
fn c3_nulls_and_spaces_are_no_values() {
    assert_eq!(
        told("first,last,phone,email,Ward\n \\N , NULL ,2125550001,\\N,\"NULL\"\nNull,\\n,2125550002,\" a@b \",null\n"),
        ["2: +12125550001", "3: +12125550002 Null \\n a@b null"]
    );
}

#[test]
fn c3_a_nul_becomes_a_replacement_character() {
    assert_eq!(
        told(b"first,last,phone,notes\nA\0n,B,2125550001,\"\"\"x\0\"\"\"\n"),
        ["2: +12125550001 A\u{fffd}n B \"x\u{fffd}\""]
    );
    assert_eq!(told(b"first,last,phone,notes\nC,D,212555\x000002,\n"), ["2: phone_invalid phone"]);
}

#[test]
fn c4_phones_in_a_file() {
    let file = "first,last,phone\nA,B,\"=\"\"2125550001\"\"\"\nA,B,２１２５５５０００２\nA,B,2125550003.0\nA,B,2.12E+09\n\
                A,B,2125550004 x5\nA,B,\"2125550005, 2125550006\"\nA,B,NULL\nA,B,5550007\nA,B,\"2125550008\n2125550009\"\nA,B,(436) 555-0010\n";
    assert_eq!(
        told(file),
        [
            "2: +12125550001 A B",
            "3: +12125550002 A B",
            "4: phone_damaged phone",
            "5: phone_damaged phone",
            "6: phone_extension phone",
            "7: phone_several phone",
            "8: phone_missing phone",
            "9: phone_invalid phone",
            "10: phone_several phone",
            "12: +14365550010 A B"
        ]
    );
}

#[test]
fn c7_a_reject_tells_what_stands_there() {
    let told = try_told(
        b"first,last,Cell Phone,notes\nA,\"B \"\"C\"\"\", 555-1234 ,\"\xc3\xa9\r\n\xc3\xa9\"\n\"A\"b,\0\nA,\xff\xe9,2125550001,\n",
    )
    .unwrap();
    let reject = |line, reason, column: Option<&str>, value: Option<&str>, raw: &str| Told::Reject {
        line,
        reason,
        column: column.map(ToOwned::to_owned),
        value: value.map(ToOwned::to_owned),
        raw: raw.to_owned(),
    };
    assert_eq!(
        told,
        [
            reject(2, "phone_invalid", Some("Cell Phone"), Some("555-1234"), "A,\"B \"\"C\"\"\", 555-1234 ,\"é\r\né\""),
            reject(4, "quote_malformed", None, None, "\"A\"b,\u{fffd}"),
            reject(5, "encoding", Some("last"), Some("\u{fffd}\u{fffd}"), "A,\u{fffd}\u{fffd},2125550001,"),
        ]
    );
}

#[test]
fn c8_tags_of_a_column() {
    assert_eq!(told("first,last,phone,tags,Tag\nA,B,2125550001,\"a; b,c\",;d\n"), ["2: +12125550001 A B #a #b #c #d"]);
}
