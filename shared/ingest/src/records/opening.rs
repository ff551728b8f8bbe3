//! Blanks around a quoted cell (rule C3). Programs and people write a blank behind a delimiter, and
//! spreadsheets a `=` before a text that looks like a number. The quote behind them opens the cell
//! all the same. Read as a character, it would let the delimiters of the value part cells, and give
//! the row another phone.

use muster_domain::cell::is_invisible;

/// The character at a place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blank {
    /// A blank, or a mark that is not seen, of so many bytes.
    Of(usize),
    /// The text ends here, or within a character.
    Cut,
    /// Anything else.
    Not,
}

/// Looks for a blank at the beginning of a text. A tab is none where it parts cells, and a line's
/// end is none.
pub(super) fn blank(text: &[u8], delimiter: u8) -> Blank {
    match text.first() {
        None => Blank::Cut,
        Some(byte) if *byte == delimiter => Blank::Not,
        Some(b' ' | b'\t' | 0x0b | 0x0c) => Blank::Of(1),
        Some(byte) => {
            let bytes = match byte {
                0xc2..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xf4 => 4,
                _ => return Blank::Not,
            };
            let Some(character) = text.get(..bytes) else { return Blank::Cut };
            let character = std::str::from_utf8(character).ok().and_then(|text| text.chars().next());
            if character.is_some_and(|c| c.is_whitespace() || is_invisible(c)) { Blank::Of(bytes) } else { Blank::Not }
        }
    }
}

/// Returns where the first quote of a cell is, if nothing but blanks and a `=` stands before it: it
/// opens the cell.
pub(super) fn opening_quote(cell: &[u8], delimiter: u8) -> Option<usize> {
    let mut at = 0;
    while let Blank::Of(bytes) = blank(&cell[at..], delimiter) {
        at += bytes;
    }
    at += usize::from(cell.get(at) == Some(&b'='));
    (cell.get(at) == Some(&b'"')).then_some(at)
}

/// Returns where the blanks begin that end a text, and a `=` behind them, as [`opening_quote`]
/// passes them. Looks at nothing before them, however long the text is.
pub(super) fn without_opening(text: &[u8], delimiter: u8) -> usize {
    let mut end = text.strip_suffix(b"=").unwrap_or(text).len();
    loop {
        let is_inner = |at: &usize| text[*at] & 0xc0 == 0x80;
        let Some(start) = (end.saturating_sub(4)..end).rev().find(|at| !is_inner(at)) else { return end };
        if blank(&text[start..end], delimiter) != Blank::Of(end - start) {
            return end;
        }
        end = start;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c3_every_blank_and_every_mark_that_is_not_seen_is_one() {
        for c in ['\0'..='\u{3200}', '\u{fe00}'..='\u{ffff}', '\u{1f5ff}'..='\u{1f650}', '\u{e0000}'..='\u{e1000}']
            .into_iter()
            .flatten()
        {
            let text = c.to_string();
            let is_blank = (c.is_whitespace() || is_invisible(c)) && !matches!(c, '\n' | '\r');
            assert_eq!(
                blank(text.as_bytes(), b','),
                if is_blank { Blank::Of(text.len()) } else { Blank::Not },
                "{c:?}"
            );
            for end in 1..text.len() {
                assert_eq!(blank(&text.as_bytes()[..end], b','), Blank::Cut, "{c:?}");
            }
        }
        for broken in [b"\x80".as_slice(), b"\xff", b"\xc2A", b"\xe2\x80A", b"\xa0"] {
            assert_eq!(blank(broken, b','), Blank::Not);
        }
        assert_eq!(blank(b"\t", b'\t'), Blank::Not);
    }

    #[test]
    fn c3_a_quote_behind_blanks_and_a_formulas_sign_opens_a_cell() {
        for (cell, at) in
            [("\"", 0), (" \"x", 1), ("\t \u{a0}\"", 4), ("=\"1\"", 1), (" =\"", 2), ("\u{3000}\u{200b}\"", 6)]
        {
            assert_eq!(opening_quote(cell.as_bytes(), b','), Some(at), "{cell:?}");
            let before = format!("x,{}", &cell[..at]);
            assert_eq!(without_opening(before.as_bytes(), b','), 2, "{cell:?}");
        }
        for cell in ["", " ", "=", "a\"", "==\"", "= \"", "5'10\"", " a \""] {
            assert_eq!(opening_quote(cell.as_bytes(), b','), None, "{cell:?}");
        }
        assert_eq!((opening_quote(b"\t\"", b'\t'), without_opening(b"\t ", b'\t')), (None, 1));
    }
}
