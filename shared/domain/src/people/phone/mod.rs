//! Reading a phone number out of a spreadsheet cell (rule C4).
//!
//! A cell that needs no guess is read: one number, with any punctuation or wrapping. Anything else
//! in the cell makes it an error with a reason. Usual cells are read without allocating; `careful`
//! reads the others, and says why one cannot be read.

mod careful;

use crate::people::e164::E164;

/// Why a cell does not hold one textable number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// The cell is blank or a null.
    #[error("no phone number")]
    Missing,
    /// A spreadsheet has turned the number into a decimal or an exponent; digits may be lost.
    #[error("damaged by a spreadsheet")]
    Damaged,
    /// There is an extension after the number.
    #[error("has an extension")]
    Extension,
    /// There is more than one number in the cell.
    #[error("more than one number in the cell")]
    Several,
    /// Not ten digits of the NANP shape.
    #[error("not a North American number")]
    Shape,
}

/// Reads one number: full-width digits, invisible marks, `="…"` wrappers, `+1` and punctuation are
/// normalised; anything that would need a guess is an error.
pub fn read(cell: &str) -> Result<E164, PhoneError> {
    match usual(cell) {
        Some(number) => Ok(number),
        None => careful::read(cell),
    }
}

/// Reads the usual shapes: ten digits, or a 1 and ten digits, with ASCII punctuation. `None` means
/// that `careful` has to look.
fn usual(cell: &str) -> Option<E164> {
    let (mut digits, mut count, mut dots, mut plus) = ([0_u8; 11], 0, 0, false);
    // Digits of the last group.
    let (mut group, mut parted) = (0, true);
    // Whether nothing came yet but characters that may stand before a plus sign.
    let mut opening = true;
    for byte in cell.bytes() {
        match byte {
            b'0'..=b'9' => {
                *digits.get_mut(count)? = byte;
                count += 1;
                group = if parted { 1 } else { group + 1 };
                parted = false;
            }
            b' ' | b'-' | b'(' | b')' => parted = true,
            b'.' => (dots, parted) = (dots + 1, true),
            b'+' if opening && !plus => plus = true,
            _ => return None,
        }
        opening &= matches!(byte, b' ' | b'(');
    }
    let national = match (count, digits[0]) {
        (10, _) if !plus => &digits[..10],
        (11, b'1') => &digits[1..],
        _ => return None,
    };
    // One dot may be a decimal point, and groups of three may be thousands.
    if dots == 1 || group <= 3 {
        return None;
    }
    E164::from_national(std::str::from_utf8(national).ok()?).ok()
}

#[cfg(test)]
mod tests;
