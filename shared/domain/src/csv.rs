//! Cells of the CSV files that people download. A cell that a spreadsheet would take for a formula
//! begins with an apostrophe.
//!
//! A reader may part lines by another delimiter than ours, as spreadsheets do where the comma parts
//! decimals: then quotes in the middle mean nothing, and text behind a semicolon is a cell. So
//! every piece behind a delimiter or a line break is defused, whichever that is, also behind blanks
//! and marks that cannot be seen. Phones and amounts, digits with `+ - ( ) .` and blanks alone,
//! stay as they are: of them a spreadsheet makes no more than a number.

/// Beginnings of cells that a spreadsheet runs, in any width.
const FORMULA: [char; 12] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '﹦', '﹢', '﹣', '−'];
/// Characters that part cells or rows, for one reader or another.
const SEPARATORS: [char; 6] = [',', ';', '\t', '|', '\r', '\n'];

/// Returns a cell, quoted.
pub fn cell(text: &str) -> String {
    let mut cell = String::with_capacity(text.len() + 2);
    put(&mut cell, text);
    cell
}

/// Writes a cell, quoted.
pub fn put(line: &mut String, text: &str) {
    if is_harmless(text) {
        line.push('"');
        line.push_str(text);
        line.push('"');
    } else {
        line.push_str(&quoted(&defused(text, None)));
    }
}

/// Returns whether a text has neither a quote nor a beginning of a formula, as most have: nothing
/// of it is to be defused, at whatever delimiter it is cut.
fn is_harmless(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'=' | b'+' | b'-' | b'@'))
}

/// Returns a row of another file as a cell. Its own cells are parted by `delimiter`. A row may be
/// broken, so that it is parted by its delimiters alone, and its quotes mean nothing.
pub fn row(raw: &str, delimiter: char) -> String {
    quoted(&defused(raw, Some(delimiter)))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// Returns the text with an apostrophe before each piece that would run. The first piece is all of
/// the text, or its first cell if it is a row.
fn defused(text: &str, delimiter: Option<char>) -> String {
    let parts = |c: char| SEPARATORS.contains(&c) || delimiter == Some(c);
    let mut safe = String::with_capacity(text.len() + 8);
    let mut at = 0;
    let first = delimiter.and_then(|delimiter| text.split(delimiter).next()).unwrap_or(text);
    let mut whole = first;
    loop {
        let rest = &text[at..];
        let end = rest.find(parts).unwrap_or(rest.len());
        let piece = &rest[..end];
        // A spreadsheet runs `+1|cmd`. A bar that parts nothing belongs to the value.
        let value_end = rest.find(|c| parts(c) && (c != '|' || delimiter == Some('|'))).unwrap_or(rest.len());
        let value = piece.strip_prefix('"').unwrap_or(piece);
        safe.push_str(&piece[..piece.len() - value.len()]);
        // Some spreadsheets leave out a tab or a return at the very beginning.
        let odd = at == 0 && text.trim_start_matches('"').starts_with(['\t', '\r']);
        if odd || runs(if at == 0 { whole } else { &rest[..value_end] }) {
            safe.push('\'');
        }
        safe.push_str(value);
        let Some(part) = rest[end..].chars().next() else { return safe };
        safe.push(part);
        at += end + part.len_utf8();
        whole = "";
    }
}

/// Returns whether a spreadsheet would run this.
fn runs(piece: &str) -> bool {
    let seen = piece.trim_start_matches(|c: char| c == '"' || c == '\'' || !is_seen(c));
    // An apostrophe that is there already makes it a text.
    !piece.trim_start_matches('"').starts_with('\'')
        && seen.starts_with(FORMULA)
        && !is_number(seen.trim_end_matches('"'))
}

/// Returns whether it is neither a blank nor a mark without width.
fn is_seen(c: char) -> bool {
    !(c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{2069}' | '\u{feff}'))
}

/// Phones and amounts.
fn is_number(value: &str) -> bool {
    value.chars().all(|c| {
        c.is_ascii_digit()
            || ('０'..='９').contains(&c)
            || matches!(c, '+' | '-' | '(' | ')' | '.' | ' ' | '＋' | '－' | '−')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c7_cells_that_look_like_formulas_are_escaped() {
        assert_eq!(cell("=cmd()"), "\"'=cmd()\"");
        assert_eq!(cell("say \"hi\""), "\"say \"\"hi\"\"\"");
    }

    #[test]
    fn c7_every_cell_of_a_rejected_row_that_looks_like_a_formula_is_escaped() {
        assert_eq!(row("Ann,=cmd(),\"@x\",-1+2", ','), "\"Ann,'=cmd(),\"\"'@x\"\",-1+2\"");
        assert_eq!(row("=a();\"=b(\"\"c\"\")\";+1|cmd", ';'), "\"'=a();\"\"'=b(\"\"\"\"c\"\"\"\")\"\";'+1|cmd\"");
        for plain in ["Ann,+1 (212) 555-0001,-7.5", "Ann,a=b,\"x, y\"", "\"+12125550001\"", "+12125550001,Ann", ""] {
            assert_eq!(row(plain, ','), format!("\"{}\"", plain.replace('"', "\"\"")), "{plain}");
        }
    }

    #[test]
    fn c7_formulas_are_found_behind_blanks_in_any_width_and_behind_any_delimiter() {
        let marks = ["", " ", "\u{a0}", "\u{3000}", "\u{feff}", "\u{200b}", " \u{2060} "];
        for start in ["", "Ann;", "Ann,", "Ann|", "Ann\t", "Ann\n", "Ann\r\n", "a b;c,"] {
            for mark in marks {
                for sign in FORMULA {
                    let text = format!("{start}{mark}{sign}cmd|' /C calc'!A0");
                    for escaped in [cell(&text), row(&text, ','), row(&text, ';')] {
                        let wanted = format!("{start}'{mark}{sign}cmd");
                        assert!(escaped.contains(&wanted), "{text:?} became {escaped:?}");
                    }
                }
            }
        }
        assert_eq!(cell("\t=x"), "\"'\t'=x\"");
        assert_eq!(cell("\rY"), "\"'\rY\"");
    }

    #[test]
    fn c7_the_quick_way_for_harmless_cells_writes_the_same() {
        for text in ["", "Ann", "a;b|c,d", "it's", " blank ", "x=1", "=1", "say \"hi\"", "a\tb", "-1", "Zoë", "\t"] {
            assert_eq!(cell(text), quoted(&defused(text, None)), "{text:?}");
        }
    }

    #[test]
    fn c7_phones_and_amounts_stay_as_they_are() {
        for number in ["+1 (212) 555-0100", "+12125550100", "-7.50", "＋１２１２５５５０１００", "a;-3;+12125550100"]
        {
            assert_eq!(cell(number), format!("\"{number}\""));
        }
        assert_eq!(cell("it's; 'twas"), "\"it's; 'twas\"");
    }
}
