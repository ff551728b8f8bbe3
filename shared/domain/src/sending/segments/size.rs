//! The size of a text: the cost of its bytes, summed in blocks.
//!
//! Both encodings' units can be told from UTF-8 byte by byte, because a character's first byte says
//! enough: in GSM 03.38 only `€` has three bytes and two septets, and in UTF-16 exactly the
//! characters of four bytes take two units. So a text is never decoded, but where it must be found
//! out whether GSM 03.38 has its characters beyond ASCII. The loops over blocks have no branches,
//! so that they are compiled to vector instructions.

use crate::sending::segments::{
    Encoding,
    table::{saturating, septets},
};

/// A text's encoding and units, before it is laid out in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) encoding: Encoding,
    pub(super) units: u32,
    /// Some characters take two units, so that a part may not be filled to its end.
    pub(super) has_pairs: bool,
}

/// Bytes that are looked at together. Their units fit in a byte.
pub(super) const BLOCK: usize = 32;

/// The first byte of the euro sign, and of no other character of GSM 03.38.
const EURO_LEAD: u8 = 0xe2;

pub(super) fn of(text: &str) -> Size {
    let bytes = text.as_bytes();
    if let Some(pairs) = pairs_of_gsm_ascii(bytes) {
        let units = saturating(bytes.len() + pairs);
        return Size { encoding: Encoding::Gsm7, units, has_pairs: pairs > 0 };
    }
    let characters = sum(bytes, characters);
    let (encoding, units) =
        if is_gsm(text) { (Encoding::Gsm7, sum(bytes, gsm_units)) } else { (Encoding::Ucs2, sum(bytes, ucs2_units)) };
    Size { encoding, units: saturating(units), has_pairs: units > characters }
}

/// Returns how many characters take two septets, where all are ASCII and in GSM 03.38, as in most
/// texts.
fn pairs_of_gsm_ascii(bytes: &[u8]) -> Option<usize> {
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    let mut sum = 0;
    let rest = padded(rest, b' ');
    for block in blocks.iter().chain([&rest]) {
        let (mut foreign, mut pairs) = (0, 0);
        for &byte in block {
            foreign |= is_foreign(byte);
            pairs += is_pair(byte);
        }
        if foreign != 0 {
            return None;
        }
        sum += usize::from(pairs);
    }
    Some(sum)
}

/// Returns the end of a text as a block.
#[inline]
fn padded(rest: &[u8], with: u8) -> [u8; BLOCK] {
    let mut block = [with; BLOCK];
    block[..rest.len()].copy_from_slice(rest);
    block
}

/// Returns whether GSM 03.38 has every character of the text.
fn is_gsm(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut done = 0;
    while let Some(block) = bytes[done..].first_chunk::<BLOCK>() {
        let end = done + BLOCK;
        if block.iter().fold(0, |foreign, &byte| foreign | is_foreign(byte)) == 0 {
            done = end;
            continue;
        }
        for c in text[done..].chars() {
            if septets(c) == 0 {
                return false;
            }
            done += c.len_utf8();
            if done >= end {
                break;
            }
        }
    }
    text[done..].chars().all(|c| septets(c) != 0)
}

/// 1 for a byte that is not a character of GSM 03.38 in itself, else 0.
#[inline]
fn is_foreign(byte: u8) -> u8 {
    let control = u8::from(byte < b' ') & u8::from(byte != b'\n') & u8::from(byte != b'\r') & u8::from(byte != b'\x0c');
    control | u8::from(byte == b'`') | u8::from(byte > b'~')
}

/// 1 for the first byte of a character, else 0.
#[inline]
fn characters(byte: u8) -> u8 {
    u8::from(byte & 0xc0 != 0x80)
}

/// Septets of the character that begins with this byte, if GSM 03.38 has it; 0 inside a character.
#[inline]
pub(super) fn gsm_units(byte: u8) -> u8 {
    characters(byte) + (is_pair(byte) | u8::from(byte == EURO_LEAD))
}

/// 1 for the ASCII characters of the extension table, else 0.
#[inline]
fn is_pair(byte: u8) -> u8 {
    // [ \ ] ^ and { | } ~ are four in a row each, and differ in one bit.
    u8::from((byte & !0x20).wrapping_sub(b'[') < 4) | u8::from(byte == b'\x0c')
}

/// UTF-16 code units of the character that begins with this byte; 0 inside a character.
#[inline]
pub(super) fn ucs2_units(byte: u8) -> u8 {
    characters(byte) + u8::from(byte >= 0xf0)
}

#[inline]
pub(super) fn sum_of_block(block: &[u8; BLOCK], units: impl Fn(u8) -> u8) -> u8 {
    block.iter().fold(0, |sum, &byte| sum + units(byte))
}

#[inline]
fn sum(bytes: &[u8], units: impl Fn(u8) -> u8) -> usize {
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    // Bytes from inside a character cost nothing.
    let rest = padded(rest, 0x80);
    blocks.iter().chain([&rest]).map(|block| usize::from(sum_of_block(block, &units))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m4_every_ascii_character_costs_what_the_table_says() {
        for byte in 0..128_u8 {
            let expected = septets(byte.into());
            assert_eq!(is_foreign(byte) == 1, expected == 0, "{byte:#x}");
            assert!(expected == 0 || gsm_units(byte) == expected, "{byte:#x}");
        }
        assert!((128..=255_u8).all(|byte| is_foreign(byte) == 1));
    }

    #[test]
    fn m4_every_character_costs_what_its_bytes_say() {
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            let mut utf8 = [0; 4];
            let bytes = c.encode_utf8(&mut utf8).as_bytes();
            assert_eq!(sum(bytes, ucs2_units), c.len_utf16());
            assert!(septets(c) == 0 || sum(bytes, gsm_units) == usize::from(septets(c)), "{c:?}");
        }
    }

    #[test]
    fn m4_a_character_is_seen_at_every_place_of_a_block() {
        for place in 0..3 * BLOCK {
            let text = |c: char| {
                let mut text = "a".repeat(3 * BLOCK + 5);
                text.insert(place, c);
                of(&text)
            };
            let plain = saturating(3 * BLOCK + 6);
            let size = |encoding, units, has_pairs| Size { encoding, units, has_pairs };
            assert_eq!(text('b'), size(Encoding::Gsm7, plain, false), "{place}");
            assert_eq!(text('~'), size(Encoding::Gsm7, plain + 1, true), "{place}");
            assert_eq!(text('é'), size(Encoding::Gsm7, plain, false), "{place}");
            assert_eq!(text('€'), size(Encoding::Gsm7, plain + 1, true), "{place}");
            assert_eq!(text('`'), size(Encoding::Ucs2, plain, false), "{place}");
            assert_eq!(text('漢'), size(Encoding::Ucs2, plain, false), "{place}");
            assert_eq!(text('😀'), size(Encoding::Ucs2, plain + 1, true), "{place}");
        }
    }
}
