//! Segments, the unit of carriers' bills (rules M4 and M5).
//!
//! `table` has the cost of a character, `size` adds a text up, `parts` lays it out in parts, and
//! `smart` replaces look-alikes. docs/segments.md compares the counts with published calculators.

mod parts;
mod size;
mod smart;
mod table;

use serde::{Deserialize, Serialize};
use strum::{VariantArray, VariantNames};

use crate::text_enum;

pub use parts::{TextPart, TextParts, parts};
pub use smart::smart_encode;

/// How a text travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Encoding {
    /// GSM 03.38, units are septets.
    #[strum(serialize = "GSM-7")]
    Gsm7,
    /// UTF-16 code units.
    #[strum(serialize = "UCS-2")]
    Ucs2,
}

text_enum!(Encoding);

impl Encoding {
    /// Units that fit in a text of one part.
    pub const fn single(self) -> u32 {
        match self {
            Self::Gsm7 => 160,
            Self::Ucs2 => 70,
        }
    }

    /// Units that fit in each part of a longer text, beside the header that joins the parts.
    pub const fn part(self) -> u32 {
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
///
/// Where no character takes two units, parts are full and their number is a division. Only a long
/// text with pairs has to be laid out, because a pair never straddles two parts.
pub fn count(text: &str) -> Segments {
    let size = size::of(text);
    let (encoding, units) = (size.encoding, size.units);
    let segments = if units <= encoding.single() {
        u32::from(units > 0)
    } else if size.has_pairs {
        table::saturating(TextParts::sized(text, size).count())
    } else {
        units.div_ceil(encoding.part())
    };
    Segments { encoding, units, segments }
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
    fn m4_units_are_septets_or_code_units() {
        assert_eq!(count("10€").units, 4);
        assert_eq!(count("10€ ж").units, 5, "the euro sign is one unit of UTF-16");
        assert_eq!(count("😀!").units, 3);
    }
}
