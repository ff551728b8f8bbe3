use proptest::{prelude::*, sample::select};

use super::*;

#[test]
fn c4_normalises_what_is_unambiguous() {
    for cell in [
        "2125551234",
        "(212) 555-1234",
        "+1 212 555 1234",
        "(+1) 212-555-1234",
        "1-212-555-1234",
        "=\"2125551234\"",
        "=\"+1 (212) 555-1234\"",
        "\"2125551234\"",
        "'2125551234",
        "２１２５５５１２３４",
        "（２１２）５５５－１２３４",
        "\u{202d}212.555.1234\u{202c}",
        "\u{feff}212\u{a0}555\u{2011}1234\u{200b}",
        "212·555·1234",
        "tel:+12125551234",
        "sms:2125551234",
        "212/555-1234",
        "2125551234,",
        "2125551234;",
        " 212.5551234 ",
        "=2125551234",
        "=+12125551234",
        "'212-555-1234'",
        "\u{61c}212\u{2009}555\u{2212}1234\u{fe0f}",
        "\u{661}\u{662}\u{661}\u{662}\u{665}\u{665}\u{665}\u{661}\u{662}\u{663}\u{664}",
    ] {
        assert_eq!(read(cell).map(String::from), Ok("+12125551234".to_owned()), "{cell}");
    }
}

/// Cells that would need a guess, and why.
const GUESSES: &[(&str, PhoneError)] = {
    use PhoneError::{Damaged, Extension, Missing, Several, Shape};
    &[
        ("", Missing),
        (" \u{200b} ", Missing),
        ("=\"\"", Missing),
        ("2125551234.0", Damaged),
        ("12125551234.00", Damaged),
        ("2125551234,0", Damaged),
        ("2.12E+09", Damaged),
        ("2,12E+09", Damaged),
        ("2.12555e9", Damaged),
        ("2E+09", Damaged),
        ("=\"2.12E+09\"", Damaged),
        ("2,125,551,234", Damaged),
        ("+12125550110.00", Damaged),
        ("+12125550110.0", Damaged),
        ("+12,125,550,110", Damaged),
        ("12,125,550,110", Damaged),
        ("(212) 555-0110.0", Damaged),
        ("(212) 555-0110.00", Damaged),
        ("212-555-0110.0", Damaged),
        ("212.555.0110.0", Damaged),
        ("+1 (212) 555-0110,00", Damaged),
        ("+1 212 555 0110.0", Damaged),
        ("2125550110.000", Damaged),
        ("\u{ff12}125550110\u{ff0e}\u{ff10}", Damaged),
        ("=\"2125550110.0\"", Damaged),
        ("'2125550110.0", Damaged),
        ("=2125550110.0", Damaged),
        ("2,125,550,110.00", Damaged),
        ("2.125.550.110,00", Damaged),
        ("2.125.550.110", Damaged),
        ("12.125.550.110", Damaged),
        ("2 125 550 110", Damaged),
        ("2\u{a0}125\u{a0}550\u{a0}110", Damaged),
        ("2\u{202f}125\u{202f}550\u{202f}110", Damaged),
        ("2'125'550'110", Damaged),
        ("2\u{2019}125\u{2019}550\u{2019}110", Damaged),
        ("$2,125,550,110", Damaged),
        ("$2125550110.00", Damaged),
        ("\u{20ac} 2.125.550.110", Damaged),
        ("+2.12555E+09", Damaged),
        ("2.12555 E+09", Damaged),
        ("2.12555\u{d7}10^9", Damaged),
        ("##########", Damaged),
        ("#REF!", Damaged),
        ("#N/A", Damaged),
        ("#NAME?", Damaged),
        ("212-555-1234,12", Extension),
        ("212 555 123", Shape),
        ("212-555-1234 x12", Extension),
        ("212-555-1234x12", Extension),
        ("212-555-1234 X 12", Extension),
        ("212-555-1234 ext. 5", Extension),
        ("212-555-1234, ext 5", Extension),
        ("212-555-1234 extension: 512", Extension),
        ("2125551234 #12", Extension),
        ("+12125551234;ext=12", Extension),
        ("2125551234p12", Extension),
        ("2125551234w12", Extension),
        ("2125551234,,12", Extension),
        ("2125551234 ext", Extension),
        ("212-555-1234 / 646-555-1234", Several),
        ("212-555-1234/555-9876", Several),
        ("212-555-1234, 646-555-1234", Several),
        ("2125551234.6465551234", Several),
        ("212-555-1234 or 646-555-1234", Several),
        ("212-555-1234\n646-555-1234", Several),
        ("212-555-1234\r\n646-555-1234", Several),
        ("212-555-1234; 555-9876", Several),
        ("212-555-1234 | 646-555-1234", Several),
        ("2125551234 6465551234", Several),
        ("212-555-1234 x12 or 646-555-1234", Several),
        ("home: 212-555-1234, cell: 646-555-1234", Several),
        ("555-1234", Shape),
        ("112-555-1234", Shape),
        ("212-155-1234", Shape),
        ("+2125551234", Shape),
        ("212+5551234", Shape),
        ("++12125551234", Shape),
        ("-+12125551234", Shape),
        (").+1 212 555 1234", Shape),
        ("212-555-12345", Shape),
        ("+44 20 7183 8750", Shape),
        ("0012125551234", Shape),
        ("212-555-CALL", Shape),
        ("xxx-xxx-xxxx", Shape),
        ("2125551234 (home)", Shape),
        ("call me", Shape),
        ("N/A", Shape),
        ("\u{0}2125551234", Shape),
    ]
};

#[test]
fn c4_rejects_what_would_need_a_guess() {
    for (cell, why) in GUESSES {
        assert_eq!(read(cell).as_ref(), Err(why), "{cell:?}");
    }
}

proptest! {
    #[test]
    fn c4_reading_fast_and_reading_carefully_are_the_same(
        pieces in prop::collection::vec(select(vec![
            "2", "1", "5", "0", "212", "555", "1234", "2125551234", "12125551234", "+", "+1", " ", "-", ".", "(", ")", "/", ",", "x", "e", "\t",
            "\u{a0}", "２", "\u{200b}", "=\"", "\"", "'", "#", "\n",
        ]), 0..9),
    ) {
        let cell = pieces.concat();
        if let Some(number) = usual(&cell) {
            prop_assert_eq!(careful::read(&cell), Ok(number), "{:?}", cell);
        }
    }

    #[test]
    fn c4_a_usual_cell_is_read_fast(
        area in 200_u32..1_000, exchange in 200_u32..1_000, line in 0_u32..10_000, form in 0_usize..5,
    ) {
        let cell = match form {
            0 => format!("{area}{exchange}{line:04}"),
            1 => format!("({area}) {exchange}-{line:04}"),
            2 => format!("+1 {area} {exchange} {line:04}"),
            3 => format!("1.{area}.{exchange}.{line:04}"),
            _ => format!(" 1{area}{exchange}{line:04}  "),
        };
        prop_assert!(usual(&cell).is_some());
        prop_assert_eq!(careful::read(&cell).ok(), usual(&cell));
    }
}
