//! The cost of a character in GSM 03.38: the default alphabet and its extension table, without
//! national shift tables.

/// The default alphabet: one septet.
const BASIC: [char; 127] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å', // 0x00
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', 'Æ', 'æ', 'ß', 'É', // 0x10, but 0x1b, the escape
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/', // 0x20
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?', // 0x30
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', // 0x40
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§', // 0x50
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', // 0x60
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à', // 0x70
];

/// The extension table: an escape and a septet. The euro sign, its tenth, lies far above the
/// others: see [`EURO`].
const EXTENSION: [char; 9] = ['\u{c}', '^', '{', '}', '\\', '[', '~', ']', '|'];

/// The only character of GSM 03.38 above [`LAST`].
const EURO: char = '€';

/// The highest character of the table.
const LAST: usize = 'Ω' as usize;

/// Septets by code point; 0 for characters that GSM 03.38 does not have.
const SEPTETS: [u8; LAST + 1] = {
    let mut septets = [0; LAST + 1];
    let mut index = 0;
    while index < BASIC.len() {
        septets[BASIC[index] as usize] = 1;
        index += 1;
    }
    index = 0;
    while index < EXTENSION.len() {
        septets[EXTENSION[index] as usize] = 2;
        index += 1;
    }
    septets
};

/// Septets of a character; 0 when GSM 03.38 does not have it.
#[inline]
pub(super) fn septets(c: char) -> u8 {
    match SEPTETS.get(c as usize) {
        Some(septets) => *septets,
        None if c == EURO => 2,
        None => 0,
    }
}

/// Returns a length as the count of units that it is; texts of four billion units are not told
/// apart.
pub(super) fn saturating(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m4_the_tables_have_the_specifications_sizes() {
        let with = |size| (0..=0x10_ffff).filter_map(char::from_u32).filter(|c| septets(*c) == size).count();
        assert_eq!(with(1), 127, "128 places, one of which is the escape");
        assert_eq!(with(2), 10);
    }
}
