//! How many segments a text is billed as (rule M4), written independently of the engine's own
//! count.
//!
//! It packs greedily, part by part, because a pair that would straddle two parts moves whole to the
//! next one, which a division by the size of a part does not see.

use serde::{Deserialize, Serialize};

/// How a text is encoded on the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    /// The GSM 03.38 default alphabet and its extension table, in septets.
    #[serde(rename = "GSM-7")]
    Gsm7,
    /// UTF-16 code units.
    #[serde(rename = "UCS-2")]
    Ucs2,
}

/// The bill of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bill {
    /// The encoding that the whole text needs.
    pub encoding: Encoding,
    /// The number of parts, at least 1.
    pub segments: u32,
}

/// The GSM 03.38 basic table, without the escape character.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
    ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// The extension table: each costs an escape and a septet.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// Counts the segments of a text as carriers bill it.
pub fn bill(text: &str) -> Bill {
    let septets: Option<Vec<u32>> = text.chars().map(septets).collect();
    let (encoding, widths, single, part) = match septets {
        Some(widths) => (Encoding::Gsm7, widths, 160, 153),
        None => (Encoding::Ucs2, code_units(text), 70, 67),
    };
    let segments = if widths.iter().sum::<u32>() <= single { 1 } else { pack(&widths, part) };
    Bill { encoding, segments }
}

/// Returns the septets of a character, or `None` if the alphabet lacks it.
fn septets(character: char) -> Option<u32> {
    if BASIC.contains(character) {
        Some(1)
    } else if EXTENSION.contains(character) {
        Some(2)
    } else {
        None
    }
}

fn code_units(text: &str) -> Vec<u32> {
    let units = |character: char| if character.len_utf16() == 2 { 2 } else { 1 };
    text.chars().map(units).collect()
}

/// Returns the number of parts of the given size that the characters fill, none of them cut in two.
fn pack(widths: &[u32], part: u32) -> u32 {
    let mut parts = 1;
    let mut used = 0;
    for width in widths {
        if used + width > part {
            parts += 1;
            used = 0;
        }
        used += width;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(text: &str, times: usize) -> u32 {
        bill(&text.repeat(times)).segments
    }

    #[test]
    fn the_worked_examples_hold() {
        let examples = [
            ("a", 160, 1),
            ("a", 161, 2),
            ("a", 306, 2),
            ("a", 307, 3),
            ("[", 80, 1),
            ("[", 81, 2),
            ("]", 153, 3),
            ("ж", 70, 1),
            ("ж", 71, 2),
            ("😀", 35, 1),
            ("😀", 36, 2),
        ];
        for (text, times, expected) in examples {
            assert_eq!(segments(text, times), expected, "{times} × {text}");
        }
    }

    #[test]
    fn some_characters_are_gsm_and_their_neighbours_are_not() {
        assert_eq!(bill("Ç").encoding, Encoding::Gsm7);
        for text in ["ç", "`", "\t", "\u{a0}", "’", "\u{1b}"] {
            assert_eq!(bill(text).encoding, Encoding::Ucs2, "{text:?}");
        }
        assert_eq!(bill("^{}\\[~]|€\u{c}").encoding, Encoding::Gsm7);
    }

    #[test]
    fn the_basic_table_has_its_127_characters_and_the_extension_10() {
        assert_eq!(BASIC.chars().count(), 127);
        assert_eq!(EXTENSION.chars().count(), 10);
        assert!(!EXTENSION.chars().any(|character| BASIC.contains(character)));
    }

    #[test]
    fn one_foreign_character_makes_the_whole_text_ucs2() {
        let text = format!("{}ж", "a".repeat(70));
        assert_eq!(bill(&text).segments, 2);
        assert_eq!(bill(&text).encoding, Encoding::Ucs2);
    }

    #[test]
    fn a_surrogate_pair_moves_whole_to_the_next_part() {
        // 66 units, then pairs: each part of 67 holds 33 pairs, so one unit of each stays empty.
        assert_eq!(segments("😀", 66), 2);
        assert_eq!(segments("😀", 67), 3);
    }

    #[test]
    fn an_escape_pair_moves_whole_to_the_next_part() {
        // 152 septets and a pair: the pair does not fit the one septet left, so the rest starts
        // at 2.
        let text = format!("{}€{}", "a".repeat(152), "a".repeat(152));
        assert_eq!(bill(&text).segments, 3);
        let text = format!("{}€{}", "a".repeat(151), "a".repeat(153));
        assert_eq!(bill(&text).segments, 2);
    }
}
