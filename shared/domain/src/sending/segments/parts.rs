//! The parts of a text, as a carrier cuts it.

use crate::sending::segments::{
    Encoding,
    size::{self, BLOCK, Size, gsm_units, sum_of_block, ucs2_units},
};

/// A part of a text, which is billed as one segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextPart<'a> {
    /// The piece of the text in this part.
    pub text: &'a str,
    /// Its septets or UTF-16 code units, without the header that joins parts.
    pub units: u32,
}

/// The parts of a text, in order.
#[derive(Debug, Clone)]
pub struct TextParts<'a> {
    rest: &'a str,
    encoding: Encoding,
    /// Units that fit in each part.
    limit: u32,
}

/// Cuts a rendered text into the parts that [`count`](super::count) counts. An escape pair or a
/// surrogate pair never straddles two parts; an empty text has none.
pub fn parts(text: &str) -> TextParts<'_> {
    TextParts::sized(text, size::of(text))
}

impl<'a> TextParts<'a> {
    pub(super) fn sized(text: &'a str, size: Size) -> Self {
        let Size { encoding, units, .. } = size;
        let limit = if units <= encoding.single() { encoding.single() } else { encoding.part() };
        Self { rest: text, encoding, limit }
    }
}

/// Returns the longest beginning that takes at most so many units: its end, and its units. Inside a
/// character bytes cost nothing, so that it ends between two.
#[inline]
fn fill(bytes: &[u8], limit: u32, units: impl Fn(u8) -> u8) -> (usize, u32) {
    let (mut end, mut filled) = (0, 0);
    for block in bytes.as_chunks::<BLOCK>().0 {
        let more = u32::from(sum_of_block(block, &units));
        if filled + more > limit {
            break;
        }
        filled += more;
        end += BLOCK;
    }
    for &byte in &bytes[end..] {
        let more = u32::from(units(byte));
        if filled + more > limit {
            break;
        }
        filled += more;
        end += 1;
    }
    (end, filled)
}

impl<'a> Iterator for TextParts<'a> {
    type Item = TextPart<'a>;

    fn next(&mut self) -> Option<TextPart<'a>> {
        let bytes = self.rest.as_bytes();
        let (end, units) = match self.encoding {
            Encoding::Gsm7 => fill(bytes, self.limit, gsm_units),
            Encoding::Ucs2 => fill(bytes, self.limit, ucs2_units),
        };
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!text.is_empty()).then_some(TextPart { text, units })
    }
}

impl std::iter::FusedIterator for TextParts<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Vec<u32> {
        parts(text).map(|part| part.units).collect()
    }

    #[test]
    fn m4_parts_are_filled_one_after_the_other() {
        assert!(units("").is_empty());
        assert_eq!(units(&"a".repeat(160)), [160]);
        assert_eq!(units(&"a".repeat(161)), [153, 8]);
        assert_eq!(units(&"ж".repeat(135)), [67, 67, 1]);
    }

    #[test]
    fn m4_a_pair_never_straddles_two_parts() {
        assert_eq!(units(&"]".repeat(153)), [152, 152, 2]);
        assert_eq!(units(&"😀".repeat(67)), [66, 66, 2]);
        let text = format!("{}€{}", "a".repeat(152), "b".repeat(20));
        let cut: Vec<TextPart<'_>> = parts(&text).collect();
        assert_eq!((cut[0].units, cut[1].units), (152, 22));
        assert!(cut[1].text.starts_with('€'));
    }
}
