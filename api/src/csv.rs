//! Cells of the CSV files that the api answers. What a spreadsheet would take for a formula begins with an apostrophe.

/// How what a spreadsheet runs begins.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A cell, quoted.
pub(crate) fn cell(text: &str) -> String {
    let formula = text.starts_with(FORMULA);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}

/// A row of another file as a cell. Its own cells are defused as well, for whoever parts it into columns; numbers stay as they are. A row may be
/// broken, so that it is parted by its delimiters alone, whatever its quotes say.
pub(crate) fn row(raw: &str, delimiter: char) -> String {
    let mut safe = String::with_capacity(raw.len());
    for (nth, piece) in raw.split(delimiter).enumerate() {
        if nth > 0 {
            safe.push(delimiter);
        }
        let value = piece.strip_prefix('"').unwrap_or(piece);
        safe.push_str(&piece[..piece.len() - value.len()]);
        if value.starts_with(FORMULA) && !is_number(value.trim_end_matches('"')) {
            safe.push('\'');
        }
        safe.push_str(value);
    }
    cell(&safe)
}

/// Phones and amounts, of which a spreadsheet makes no more than a number.
fn is_number(value: &str) -> bool {
    value.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')' | '.' | ' '))
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
        assert_eq!(row("\"\rx\",\tY", ','), "\"\"\"'\rx\"\",'\tY\"");
        for plain in ["Ann,+1 (212) 555-0001,-7.5", "Ann,a=b,\"x, y\"", "\"+12125550001\"", ""] {
            assert_eq!(row(plain, ','), format!("\"{}\"", plain.replace('"', "\"\"")), "{plain}");
        }
    }
}
