//! Residue that spreadsheets, phone books and messengers leave in cells beside their value: marks
//! that are not seen, other forms of ASCII characters, and wrappings of a text that looks like a
//! number. Phones, postal codes and headers are all read through this (rules C2 and C4).

/// Returns whether this is a mark that is not seen. Marks of direction, joiners, selectors of a
/// glyph, byte-order marks and the like; blanks are seen.
pub const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Returns the ASCII character of which this is another form; else the character itself.
pub fn plain(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{1d7ce}'..='\u{1d7ff}' => digit((u32::from(c) - 0x1d7ce) % 10),
        '\u{660}'..='\u{669}' => digit(u32::from(c) - 0x660),
        '\u{6f0}'..='\u{6f9}' => digit(u32::from(c) - 0x6f0),
        '\u{966}'..='\u{96f}' => digit(u32::from(c) - 0x966),
        '\u{58a}'
        | '\u{1806}'
        | '\u{2010}'..='\u{2015}'
        | '\u{2043}'
        | '\u{2212}'
        | '\u{2e3a}'
        | '\u{2e3b}'
        | '\u{301c}'
        | '\u{fe58}'
        | '\u{fe63}'
        | '\u{30fc}'
        | '\u{ff70}' => '-',
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2bc}' => '\'',
        '\u{201c}' | '\u{201d}' | '\u{201f}' => '"',
        '\u{2024}' | '\u{b7}' => '.',
        '\n' | '\r' | '\t' => c,
        c if c.is_whitespace() => ' ',
        c => c,
    }
}

fn digit(value: u32) -> char {
    char::from_digit(value, 10).unwrap_or_default()
}

/// Returns a cell's text in ASCII as far as that is another form of it, without marks that are not
/// seen.
pub fn plain_text(cell: &str) -> String {
    cell.chars().filter(|c| !is_invisible(*c)).map(plain).collect()
}

/// Takes off a spreadsheet's wrapping of a text that looks like a number: `="…"`, `=` before a
/// number, quotes, or an apostrophe before it.
pub fn unwrapped(text: &str) -> &str {
    let text = text.trim();
    let of_formula = |rest: &&str| rest.starts_with(['"', '+', '(']) || rest.starts_with(|c: char| c.is_ascii_digit());
    let text = text.strip_prefix('=').filter(of_formula).unwrap_or(text);
    let text = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text).trim();
    text.strip_prefix('\'').map_or(text, |rest| rest.strip_suffix('\'').unwrap_or(rest)).trim()
}

/// Returns a number as spreadsheets group its digits in threes: `2,125,550,110`, `2.125.550.110`,
/// `2 125 550 110`, `2'125'550'110`. The same mark parts all groups; how many there are is the
/// caller's to ask.
pub(crate) fn grouped(text: &str) -> Option<(usize, String)> {
    let mark = text.chars().find(|c| !c.is_ascii_digit()).filter(|c| matches!(c, ',' | '.' | ' ' | '\''))?;
    let mut groups = text.split(mark);
    let first = groups.next().unwrap_or_default();
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let rest: Vec<&str> = groups.collect();
    let in_threes =
        (1..=3).contains(&first.len()) && digits(first) && rest.iter().all(|group| group.len() == 3 && digits(group));
    in_threes.then(|| (rest.len() + 1, text.chars().filter(char::is_ascii_digit).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c4_every_form_of_a_character_is_the_ascii_one() {
        assert_eq!(plain_text("\u{feff}２１٢۱१𝟐\u{200b}–−ー（\u{2009}）’”"), "212112---( )'\"");
        assert_eq!(plain_text("Zoë\u{fe0f}\n"), "Zoë\n");
    }

    #[test]
    fn c4_what_spreadsheets_wrap_is_taken_off() {
        for text in ["=\"02134\"", "\"02134\"", "'02134", "'02134'", " = ", "=02134", "02134"] {
            assert_eq!(unwrapped(text), if text == " = " { "=" } else { "02134" }, "{text}");
        }
    }

    #[test]
    fn c4_digits_in_threes_are_one_number() {
        for text in ["2,125,550,110", "2.125.550.110", "2 125 550 110", "2'125'550'110"] {
            assert_eq!(grouped(text), Some((4, "2125550110".to_owned())), "{text}");
        }
        for text in ["212.555.0110", "2,125.550", "2,,125", "2125", "", ",125", "2-125"] {
            assert_eq!(grouped(text), None, "{text}");
        }
    }
}
