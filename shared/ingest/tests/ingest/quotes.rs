//! Quotes, well formed and not (rule C3): a file with one bad row loses one row.

use crate::support::told;

const HEADER: &str = "first,last,phone,notes\n";

/// Returns the file's rows, with a good one before and two after.
fn among(rows: &str) -> Vec<String> {
    told(format!("{HEADER}Ann,Lee,2125550001,\n{rows}\nBob,Ray,2125550002,\nCyd,Fox,2125550003,\n"))
}

#[test]
fn c3_quoted_cells_hold_delimiters_quotes_and_line_ends() {
    assert_eq!(
        told(
            "first,last,phone,notes\n\"Ann, \"\"A\"\"\",\"Lee\r\nKim\",\"2125550001\" ,\"\"\r\n\"\",\"\"\"\",2125550002,\"x\"  \n"
        ),
        ["2: +12125550001 Ann, \"A\" Lee\r\nKim", "4: +12125550002 \" x"]
    );
}

/// A blank behind a delimiter does not change the quote's meaning; else the commas of a note would
/// make the home phone the texted one.
#[test]
fn c3_a_quote_behind_a_delimiter_and_blanks_opens_its_cell() {
    let blanks = [
        " ", "  ", "\t", "\u{a0}", " \u{a0} ", "\u{2003}", "\u{2009}", "\u{202f}", "\u{3000}", "\u{1680}", "\u{85}",
        "\u{200b}", "\u{feff}", "\x0b", "=",
    ];
    for delimiter in [",", ";", "\t", "|"] {
        for blank in blanks.iter().filter(|blank| **blank != delimiter) {
            let d = delimiter;
            let header = ["first", "last", "notes", "home", "phone", "ward"].join(d);
            for (note, wanted) in [
                (format!("{blank}\"likes tea{d} coffee\""), format!("likes tea{d} coffee")),
                (format!("{blank}\"likes tea{d} coffee\"{}", blank.replace('=', " ")), format!("likes tea{d} coffee")),
                (
                    format!("{blank}\"tea{d}{d}{d}\ncoffee{d} \"\"x\"\"{d}\""),
                    format!("tea{d}{d}{d}\ncoffee{d} \"x\"{d}"),
                ),
            ] {
                let file = format!(
                    "{header}\nAnn{d} Lee{d}{note}{d} 2125550199{d} 2125550101\nCyd{d}Fox{d}x{d}2125550103{d}2125550104{d}7\n"
                );
                let lines = told(&file);
                assert_eq!(lines.len(), 2, "{file:?}: {lines:?}");
                assert_eq!(lines[0], format!("2: +12125550101 Ann Lee {} 2125550199", wanted.trim()), "{file:?}");
                assert!(lines[1].ends_with(": +12125550104 Cyd Fox x 2125550103 7"), "{lines:?}");
            }
        }
    }
}

#[test]
fn c3_a_quote_behind_a_blank_in_the_header_opens_its_name() {
    for blank in [" ", "\t", "\u{a0}", "\u{2003}", "\u{feff}"] {
        let file =
            format!("first,{blank}\"last\",{blank}\"Notes, or\nwhatever\" ,{blank}\"phone\"\nAnn,Lee,x,2125550101\n");
        assert_eq!(told(&file), ["3: +12125550101 Ann Lee x"], "{file:?}");
    }
}

#[test]
fn c3_typographic_quotes_that_a_delimiter_parts_cost_their_row() {
    for note in ["\u{201c}likes tea, coffee\u{201d}", " \u{201c}likes tea, coffee\u{201d} ", "\u{ab}tea, coffee\u{bb}"]
    {
        let file = format!(
            "first,last,notes,home,phone,ward\nAnn,Lee,{note},2125550199,2125550101\nCyd,Fox,x,,2125550104,7\n"
        );
        assert_eq!(told(&file), ["2: quote_malformed notes", "3: +12125550104 Cyd Fox x 7"], "{note}");
    }
    let file = "first,last,notes,phone\nAnn,Lee,\u{201c}tea\u{201d} \u{201c}coffee\u{201d},2125550101\nBob,\u{201c}Ray,x\u{201d} y,2125550102\n";
    assert_eq!(told(file)[0], "2: +12125550101 Ann Lee \u{201c}tea\u{201d} \u{201c}coffee\u{201d}");
    assert_eq!(told(file)[1], "3: +12125550102 Bob \u{201c}Ray x\u{201d} y");
}

#[test]
fn c3_a_quote_amid_an_unquoted_cell_is_a_character() {
    assert_eq!(
        told(format!("{HEADER}5'10\" Ann,Lee,2125550001,say \"hi\", \n")),
        ["2: +12125550001 5'10\" Ann Lee say \"hi\""]
    );
}

#[test]
fn c3_a_bad_quote_costs_its_row_alone() {
    for bad in [
        "\"Dan\" Q,Poe,2125550004,",
        "\"Dan\"Q,Poe,2125550004,",
        "Dan, \"Poe\" x,2125550004,",
        "Dan,\u{a0}\"Poe\"x,2125550004,",
        "Dan,=\"Poe\"&A1,2125550004,",
        "Dan,\"Poe \"the bard\"\",2125550004,",
        "Dan,\"P\"oe,2125550004,",
        "\"Dan\"\"\"x,Poe,2125550004,",
        "Dan,Poe,2125550004,\"5\" tall",
        "\"Dan\" \"D\",Poe,2125550004,",
        "\"Dan\"|Poe,2125550004,",
    ] {
        assert_eq!(
            among(bad),
            ["2: +12125550001 Ann Lee", "3: quote_malformed", "4: +12125550002 Bob Ray", "5: +12125550003 Cyd Fox"],
            "{bad}"
        );
    }
}

#[test]
fn c3_a_quote_that_nobody_closes_costs_its_row_alone() {
    for bad in [
        "\"Dan,Poe,2125550004,",
        "Dan,Poe,2125550004,\"",
        "Dan,\"\"\"Poe,2125550004,",
        "\"Dan\",\"Poe,2125550004,\"x\"\",",
    ] {
        let lines = among(bad);
        assert!(lines[1] == "3: quote_unclosed" || lines[1] == "3: quote_malformed", "{bad}: {lines:?}");
        assert_eq!(
            [&lines[0], &lines[2], &lines[3]],
            ["2: +12125550001 Ann Lee", "4: +12125550002 Bob Ray", "5: +12125550003 Cyd Fox"],
            "{bad}"
        );
    }
}

#[test]
fn c3_a_stray_opening_quote_does_not_reach_for_the_next_rows_quote() {
    assert_eq!(
        told(format!("{HEADER}Ann,\"Lee,2125550001,\nBob,\"Ray\",2125550002,\"a, b\"\nCyd,Fox,2125550003,\n")),
        ["2: quote_unclosed", "3: +12125550002 Bob Ray a, b", "4: +12125550003 Cyd Fox"]
    );
}

#[test]
fn c3_every_row_can_be_bad_and_each_is_told() {
    let rows = "\"x\"y,Lee,2125550001,\n".repeat(500);
    let lines = told(format!("{HEADER}{rows}Bob,Ray,2125550002,\n"));
    assert_eq!(lines.len(), 501);
    assert!(lines[..500].iter().all(|line| line.ends_with("quote_malformed")));
    assert_eq!(lines[500], "502: +12125550002 Bob Ray");
}

#[test]
fn c3_a_quote_at_the_end_of_the_file() {
    assert_eq!(told(format!("{HEADER}Ann,Lee,2125550001,\"x\"")), ["2: +12125550001 Ann Lee x"]);
    assert_eq!(told(format!("{HEADER}Ann,Lee,2125550001,\"x\"  ")), ["2: +12125550001 Ann Lee x"]);
    assert_eq!(told(format!("{HEADER}Ann,Lee,2125550001,\"x")), ["2: quote_unclosed"]);
    assert_eq!(told(format!("{HEADER}Ann,Lee,2125550001,\"")), ["2: quote_unclosed"]);
    assert_eq!(told(format!("{HEADER}Ann,Lee,2125550001,\"x\"\"")), ["2: quote_unclosed"]);
}

#[test]
fn c3_a_quote_that_nobody_closes_does_not_take_the_next_persons_phone() {
    for (rows, wanted) in [
        ("Ann,\"Lee,2125550001,\nBob,6'2\",2125550002,", ["2: quote_unclosed", "3: +12125550002 Bob 6'2\""].as_slice()),
        ("Ann,Lee,2125550001,\"\nBob,Ray,2125550002,6ft2\"", &["2: quote_unclosed", "3: +12125550002 Bob Ray 6ft2\""]),
        ("\"Ann,Lee,2125550001,\r\nBob\",Ray,2125550002,", &["2: quote_unclosed", "3: +12125550002 Bob\" Ray"]),
        // The cell behind the quote is another on each of the lines.
        ("Ann,Lee,2125550001,\"\n6'2\",Ray,2125550002,", &["2: quote_unclosed", "3: +12125550002 6'2\" Ray"]),
        ("\"Ann,Lee,2125550001,\nBob,Ray,2125550002,6ft2\"", &["2: quote_unclosed", "3: +12125550002 Bob Ray 6ft2\""]),
        // Short rows.
        ("Ann,\"Lee,2125550001\nBob,6'2\",2125550002", &["2: quote_unclosed", "3: +12125550002 Bob 6'2\""]),
        // More than one row is swallowed, the last of them shorter than a row.
        (
            "Ann,Lee,2125550001,\"x\rBob,Ray,2125550002,\r6ft2\"",
            &["2: quote_unclosed", "3: +12125550002 Bob Ray", "4: phone_missing phone"],
        ),
        // Each may do it.
        (
            "Ann,\"Lee,2125550001,\nBob,\"Ray,2125550002,\nEve,6'2\",2125550004,",
            &["2: quote_unclosed", "3: quote_unclosed", "4: +12125550004 Eve 6'2\""],
        ),
    ] {
        let lines = told(format!("{HEADER}{rows}\nCyd,Fox,2125550003,\n"));
        let (last, others) = lines.split_last().unwrap();
        assert!(last.ends_with(": +12125550003 Cyd Fox"), "{rows}: {lines:?}");
        assert_eq!(others, wanted, "{rows}");
    }
}

#[test]
fn c3_cells_of_several_lines_are_read_with_delimiters_in_them() {
    for (row, wanted) in [
        ("Ann,Lee,2125550001,\"dogs, cats\nand, maybe, birds\"", "Ann Lee dogs, cats\nand, maybe, birds"),
        ("Ann,Lee,2125550001,\"a, b, c, d, e\n\nf\"", "Ann Lee a, b, c, d, e\n\nf"),
        ("Ann,Lee,2125550001,\"a\nb, c, d\ne\"", "Ann Lee a\nb, c, d\ne"),
        ("\"Ann\nMarie\",Lee,2125550001,", "Ann\nMarie Lee"),
        ("Ann,\"Lee, Jr.\nII\",2125550001,\"a, b\nc, d\"", "Ann Lee, Jr.\nII a, b\nc, d"),
        ("\"Ann\nB\",\"Lee\nC\",\"2125550001\",\"\"\"x\"\"\ny\"", "Ann\nB Lee\nC \"x\"\ny"),
        ("Ann,Lee,2125550001,\"a\nb\",,", "Ann Lee a\nb"),
    ] {
        let lines = told(format!("{HEADER}{row}\nCyd,Fox,2125550003,\n"));
        assert_eq!(lines.len(), 2, "{row}: {lines:?}");
        assert_eq!(lines[0], format!("2: +12125550001 {wanted}"), "{row}");
    }
    // Where another character parts the cells, commas part none.
    let file = "first;last;phone;notes\nAnn;Lee;2125550001;\"a, b, c, d\ne, f, g, h\"\n";
    assert_eq!(told(file), ["2: +12125550001 Ann Lee a, b, c, d\ne, f, g, h"]);
}

/// Such a line cannot be told from a row, so that it is reported, and no row before or behind it is
/// lost.
#[test]
fn c3_a_line_of_a_note_that_could_be_a_row_is_told() {
    let file = |second: &str| told(format!("{HEADER}Ann,Lee,2125550001,\"x\n{second}\ny\"\nCyd,Fox,2125550003,\n"));
    assert_eq!(
        file("a, b, 212 555 0004, d"),
        ["2: quote_unclosed", "3: +12125550004 a b d", "4: phone_missing phone", "5: +12125550003 Cyd Fox"]
    );
    for note in ["a, b, c, d", "a, b, 212 555, 0004", "212 555 0004", "at 9, 10, 11, 12, 13 and 14"] {
        assert_eq!(file(note)[0], format!("2: +12125550001 Ann Lee x\n{note}\ny"));
    }
}

#[test]
fn c3_a_cell_of_several_lines_before_the_phone_is_read_with_delimiters_in_it() {
    let file = "first,last,address,phone\nAnn,Lee,\"12 Main St, Apt 3\nSpringfield, IL, USA\",2125550001\nCyd,Fox,x,2125550003\n";
    assert_eq!(
        told(file),
        ["2: +12125550001 Ann Lee 12 Main St, Apt 3\nSpringfield, IL, USA", "4: +12125550003 Cyd Fox x"]
    );
    let file = "first,last,notes,phone\nAnn,Lee,\"Met, nice\nWants sign, ride, and lunch\",2125550001\n";
    assert_eq!(told(file), ["2: +12125550001 Ann Lee Met, nice\nWants sign, ride, and lunch"]);
}

#[test]
fn c3_a_row_of_fewer_cells_is_read_over_several_lines() {
    let file = "first,last,phone,notes,ward\nAnn,Lee,2125550001,\"x\ny\"\nCyd,Fox,2125550003,\"z\n\"\n";
    assert_eq!(told(file), ["2: +12125550001 Ann Lee x\ny", "4: +12125550003 Cyd Fox z"]);
}
