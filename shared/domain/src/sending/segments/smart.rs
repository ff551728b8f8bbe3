//! Smart encoding (rule M5): look-alikes that GSM 03.38 does not have become characters that it
//! has.
//!
//! A text is changed only when that makes it GSM-7 and it costs no more segments than before. Else
//! nothing is won, and it keeps its typography: a text with an emoji keeps its curly quotes, and
//! dots that would lengthen it stay one character.
//!
//! A look-alike is another shape of the same punctuation mark, another width of the same character,
//! the same letter in two code points or ligated, and a character that cannot be seen. Letters are
//! never exchanged for others (ç stays ç, and its text UCS-2), nor is anything that would read as
//! something else: ½ is not 1/2, because 1½ is not 11/2. Joiners and variation selectors stay,
//! since emoji and some scripts depend on them; a text that has them is UCS-2 in any case.

use crate::sending::segments::{Encoding, count};

/// Replaces typographic look-alikes by characters of GSM 03.38, where that pays (rule M5).
pub fn smart_encode(text: &str) -> String {
    let before = count(text);
    if before.encoding == Encoding::Gsm7 {
        return text.to_owned();
    }
    let replaced = replace(text);
    let after = count(&replaced);
    let pays = after.encoding == Encoding::Gsm7 && after.segments <= before.segments;
    if pays { replaced } else { text.to_owned() }
}

fn replace(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() && !matches!(c, '\t' | '\u{b}' | '`') {
            out.push(c);
        } else if let Some(letter) = composed_with_last(&out, c) {
            out.pop();
            out.push(letter);
        } else if let Some(alike) = look_alike(c) {
            out.push_str(alike);
        } else if let Some(ascii) = of_usual_width(c) {
            out.push(ascii);
        } else {
            out.push(c);
        }
    }
    out
}

/// Returns a character's replacement. The choice is in docs/segments.md.
fn look_alike(c: char) -> Option<&'static str> {
    Some(match c {
        // Apostrophes, single quotes, primes, and the accents that are typed for them.
        '\u{2018}'..='\u{201b}'
        | '\u{2032}'
        | '\u{2035}'
        | '\u{2039}'
        | '\u{203a}'
        | '\u{275b}'
        | '\u{275c}'
        | '\u{2b9}'
        | '\u{2bb}'..='\u{2bd}'
        | '\u{2c8}'
        | '\u{2ca}'
        | '\u{2cb}'
        | '\u{b4}'
        | '`' => "'",
        // Double quotes and double primes.
        '\u{201c}'..='\u{201f}'
        | '\u{2033}'
        | '\u{2036}'
        | '\u{275d}'
        | '\u{275e}'
        | '\u{301d}'..='\u{301f}'
        | '\u{2ba}'
        | '\u{2ee}'
        | '\u{ab}'
        | '\u{bb}' => "\"",
        // Hyphens, dashes, minus, and the bullets that begin a line.
        '\u{2010}'..='\u{2015}'
        | '\u{2212}'
        | '\u{2043}'
        | '\u{2022}'
        | '\u{2023}'
        | '\u{b7}'
        | '\u{2e3a}'
        | '\u{2e3b}'
        | '\u{fe58}'
        | '\u{fe63}' => "-",
        '\u{2026}' => "...",
        '\u{2025}' => "..",
        '\u{2024}' => ".",
        '\u{203c}' => "!!",
        '\u{2047}' => "??",
        '\u{2048}' => "?!",
        '\u{2049}' => "!?",
        '\u{2044}' | '\u{2215}' | '\u{29f8}' => "/",
        '\u{2223}' => "|",
        '\u{223c}' | '\u{2dc}' => "~",
        '\u{2c6}' => "^",
        '\u{2217}' | '\u{204e}' => "*",
        '\u{2236}' | '\u{2d0}' => ":",
        '\u{2017}' => "_",
        // Spaces of every width; a tab is one. Separators of lines and paragraphs.
        '\t' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => " ",
        '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{b}' => "\n",
        // Characters that cannot be seen and join nothing: zero-width space, word joiner,
        // byte-order mark, soft hyphen, marks of direction and embedding.
        '\u{200b}'
        | '\u{2060}'
        | '\u{feff}'
        | '\u{ad}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => "",
        // Ligatures, and letters with a second code point.
        '\u{fb00}' => "ff",
        '\u{fb01}' => "fi",
        '\u{fb02}' => "fl",
        '\u{fb03}' => "ffi",
        '\u{fb04}' => "ffl",
        '\u{212a}' => "K",
        '\u{212b}' => "Å",
        '\u{2126}' => "Ω",
        '\u{2206}' => "Δ",
        '\u{220f}' => "Π",
        '\u{2211}' => "Σ",
        _ => return None,
    })
}

/// Returns the ASCII character of which this is the full-width form.
fn of_usual_width(c: char) -> Option<char> {
    let wide = matches!(c, '\u{ff01}'..='\u{ff5e}');
    // The full-width grave accent would only become another character that GSM 03.38 lacks.
    (wide && c != '\u{ff40}').then(|| char::from_u32(u32::from(c) - 0xfee0)).flatten()
}

fn composed_with_last(text: &str, mark: char) -> Option<char> {
    let is_mark = matches!(mark, '\u{300}'..='\u{36f}');
    is_mark.then(|| text.chars().next_back()).flatten().and_then(|base| composed(base, mark))
}

/// Returns a letter of GSM 03.38 that was written as a letter and a combining mark, as macOS does
/// in names of files.
fn composed(base: char, mark: char) -> Option<char> {
    Some(match (base, mark) {
        ('a', '\u{300}') => 'à',
        ('e', '\u{300}') => 'è',
        ('i', '\u{300}') => 'ì',
        ('o', '\u{300}') => 'ò',
        ('u', '\u{300}') => 'ù',
        ('e', '\u{301}') => 'é',
        ('E', '\u{301}') => 'É',
        ('a', '\u{308}') => 'ä',
        ('o', '\u{308}') => 'ö',
        ('u', '\u{308}') => 'ü',
        ('A', '\u{308}') => 'Ä',
        ('O', '\u{308}') => 'Ö',
        ('U', '\u{308}') => 'Ü',
        ('n', '\u{303}') => 'ñ',
        ('N', '\u{303}') => 'Ñ',
        ('a', '\u{30a}') => 'å',
        ('A', '\u{30a}') => 'Å',
        ('C', '\u{327}') => 'Ç',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m5_smart_encoding_saves_a_segment() {
        let text = format!("It\u{2019}s today\u{2026} {}", "a".repeat(60));
        assert_eq!(count(&text).segments, 2);
        assert_eq!(count(&smart_encode(&text)).segments, 1);
    }

    #[test]
    fn m5_look_alikes_become_what_the_table_has() {
        let rows = [
            (
                "\u{201c}It\u{2019}s \u{2018}on\u{2019}\u{201d} \u{2014} 5\u{2013}7\u{a0}pm\u{2026}",
                "\"It's 'on'\" - 5-7 pm...",
            ),
            ("\u{ab} Hol\u{200b}a \u{bb}\tJose\u{301}", "\" Hola \" José"),
            ("\u{ff28}\u{ff29}\u{ff01} \u{2022} o\u{fb03}ce", "HI! - office"),
            ("\u{2068}Ana\u{2069}", "Ana"),
        ];
        for (text, expected) in rows {
            assert_eq!(smart_encode(text), expected);
        }
    }

    #[test]
    fn m5_a_text_that_stays_ucs2_is_left_as_it_is() {
        for text in ["It\u{2019}s on 😀", "garçon\u{2026}", "1½ \u{2014} 2", "👩\u{200d}🔬\u{2026}"] {
            assert_eq!(smart_encode(text), text);
        }
    }

    #[test]
    fn m5_what_would_cost_more_is_not_done() {
        // 70 units of UCS-2 are one segment, 210 septets are two.
        let dots = "\u{2026}".repeat(70);
        assert_eq!(smart_encode(&dots), dots);
    }

    #[test]
    fn m5_every_replacement_is_gsm_and_no_gsm_character_is_replaced() {
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            let replaced = replace(&c.to_string());
            if count(&c.to_string()).encoding == Encoding::Gsm7 {
                assert_eq!(replaced, c.to_string());
            } else if replaced != c.to_string() {
                assert_eq!(count(&replaced).encoding, Encoding::Gsm7, "U+{:04X}", u32::from(c));
            }
        }
    }
}
