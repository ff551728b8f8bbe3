//! Segments: what a carrier bills (rules M4 and M5).

use serde::{Deserialize, Serialize};

/// How a text travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    /// GSM 03.38, units are septets.
    #[serde(rename = "GSM-7")]
    Gsm7,
    /// UTF-16 code units.
    #[serde(rename = "UCS-2")]
    Ucs2,
}

impl Encoding {
    /// The name as carriers' calculators write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gsm7 => "GSM-7",
            Self::Ucs2 => "UCS-2",
        }
    }
    /// Units that fit in a text of one part.
    const fn single(self) -> u32 {
        match self {
            Self::Gsm7 => 160,
            Self::Ucs2 => 70,
        }
    }
    /// Units that fit in each part of a longer text, beside the header that joins the parts.
    const fn part(self) -> u32 {
        match self {
            Self::Gsm7 => 153,
            Self::Ucs2 => 67,
        }
    }
}

/// The count of one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segments {
    /// How the text travels.
    pub encoding: Encoding,
    /// Septets or UTF-16 code units in all.
    pub units: u32,
    /// Parts that the carrier bills. An empty text has none.
    pub segments: u32,
}

/// Counts a rendered text.
pub fn count(text: &str) -> Segments {
    if let Some(count) = pack(Encoding::Gsm7, text.chars().map(septets)) {
        return count;
    }
    let units = text.chars().map(|c| Some(if u32::from(c) > 0xffff { 2 } else { 1 }));
    pack(Encoding::Ucs2, units).unwrap_or(Segments { encoding: Encoding::Ucs2, units: 0, segments: 0 })
}

/// Fills parts greedily: a pair of units never straddles two parts. `None` when a character has no size.
fn pack(encoding: Encoding, sizes: impl Iterator<Item = Option<u32>>) -> Option<Segments> {
    let (mut units, mut parts, mut filled) = (0, 0, 0);
    for size in sizes {
        let size = size?;
        units += size;
        if parts == 0 || filled + size > encoding.part() {
            parts += 1;
            filled = 0;
        }
        filled += size;
    }
    let segments = if units == 0 {
        0
    } else if units <= encoding.single() {
        1
    } else {
        parts
    };
    Some(Segments { encoding, units, segments })
}

/// Septets of a character in GSM 03.38, default and extension tables; no national shift tables.
fn septets(c: char) -> Option<u32> {
    match c {
        '\u{c}' | '^' | '{' | '}' | '\\' | '[' | '~' | ']' | '|' | '€' => Some(2),
        '`' => None,
        '\n'
        | '\r'
        | ' '..='\u{7e}'
        | '£'
        | '¥'
        | 'è'
        | 'é'
        | 'ù'
        | 'ì'
        | 'ò'
        | 'Ç'
        | 'Ø'
        | 'ø'
        | 'Å'
        | 'å'
        | 'Δ'
        | 'Φ'
        | 'Γ'
        | 'Λ'
        | 'Ω'
        | 'Π'
        | 'Ψ'
        | 'Σ'
        | 'Θ'
        | 'Ξ'
        | 'Æ'
        | 'æ'
        | 'ß'
        | 'É'
        | '¤'
        | '¡'
        | 'Ä'
        | 'Ö'
        | 'Ñ'
        | 'Ü'
        | '§'
        | '¿'
        | 'ä'
        | 'ö'
        | 'ñ'
        | 'ü'
        | 'à' => Some(1),
        _ => None,
    }
}

/// Replaces typographic look-alikes by what the GSM table has (rule M5).
pub fn smart_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{2032}' => out.push('\''),
            '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{2033}' => out.push('"'),
            '\u{2010}'..='\u{2015}' | '\u{2212}' => out.push('-'),
            '\u{2026}' => out.push_str("..."),
            '\u{a0}' | '\u{202f}' | '\u{2009}' => out.push(' '),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m4_worked_examples() {
        let rows: [(&str, usize, u32); 11] = [
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
        for (unit, times, segments) in rows {
            assert_eq!(count(&unit.repeat(times)).segments, segments, "{times} × {unit}");
        }
        assert_eq!(count("").segments, 0);
        assert_eq!(count("Ç").encoding, Encoding::Gsm7);
        for ucs2 in ["ç", "`", "\t", "\u{a0}"] {
            assert_eq!(count(ucs2).encoding, Encoding::Ucs2, "{ucs2:?}");
        }
    }

    #[test]
    fn m5_smart_encoding_saves_a_segment() {
        let text = format!("It\u{2019}s today\u{2026} {}", "a".repeat(60));
        assert_eq!(count(&text).segments, 2);
        assert_eq!(count(&smart_encode(&text)).segments, 1);
    }
}
