//! Reading a phone number out of a spreadsheet cell (rule C4).

use crate::e164::E164;

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

impl PhoneError {
    /// The stable word for reports.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Missing => "phone_missing",
            Self::Damaged => "phone_damaged",
            Self::Extension => "phone_extension",
            Self::Several => "phone_several",
            Self::Shape => "phone_invalid",
        }
    }
}

/// Reads one number: full-width digits, invisible marks, `="…"` wrappers, `+1` and punctuation are normalised; anything
/// that would need a guess is an error.
pub fn read(cell: &str) -> Result<E164, PhoneError> {
    let text: String = cell.chars().filter(|c| !is_invisible(*c)).map(half_width).collect();
    let text = unwrap_formula(text.trim());
    if text.is_empty() {
        return Err(PhoneError::Missing);
    }
    if is_damaged(text) {
        return Err(PhoneError::Damaged);
    }
    let lower = text.to_ascii_lowercase();
    let lower = lower.strip_prefix("tel:").unwrap_or(&lower);
    if lower.contains("ext") || lower.contains('x') || lower.contains('#') {
        return Err(PhoneError::Extension);
    }
    let digits: String = lower.chars().filter(char::is_ascii_digit).collect();
    if digits.len() >= 20 || (digits.len() > 11 && lower.contains(['/', ';', ',', '|', '&'])) {
        return Err(PhoneError::Several);
    }
    if lower.chars().any(|c| !c.is_ascii_digit() && !is_punctuation(c)) {
        return Err(PhoneError::Shape);
    }
    let national = match (digits.len(), digits.strip_prefix('1')) {
        (10, _) if !lower.starts_with('+') => digits.as_str(),
        (11, Some(rest)) => rest,
        _ => return Err(PhoneError::Shape),
    };
    E164::from_national(national).map_err(|_| PhoneError::Shape)
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}')
}

fn half_width(c: char) -> char {
    match c {
        '\u{ff10}'..='\u{ff19}' => char::from_u32(u32::from(c) - 0xff10 + 0x30).unwrap_or(c),
        '\u{ff0b}' => '+',
        '\u{a0}' | '\u{3000}' | '\u{2009}' | '\u{202f}' => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}' => '-',
        _ => c,
    }
}

fn unwrap_formula(text: &str) -> &str {
    text.strip_prefix("=\"")
        .and_then(|rest| rest.strip_suffix('"'))
        .or_else(|| text.strip_prefix('\''))
        .unwrap_or(text)
        .trim()
}

/// `2125551234.0` or `2.12E+09`. Dots as separators (`212.555.1234`) are not damage.
fn is_damaged(text: &str) -> bool {
    let exponent = text
        .split_once(['e', 'E'])
        .is_some_and(|(head, tail)| head.parse::<f64>().is_ok() && tail.parse::<i32>().is_ok());
    let decimal = text.split_once('.').is_some_and(|(head, tail)| {
        head.len() >= 7
            && head.bytes().all(|b| b.is_ascii_digit())
            && !tail.is_empty()
            && tail.bytes().all(|b| b.is_ascii_digit())
            && !(head.len() == 7 && tail.len() == 4)
    });
    exponent || decimal
}

fn is_punctuation(c: char) -> bool {
    matches!(c, ' ' | '-' | '.' | '(' | ')' | '+' | '/' | '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c4_normalises_what_is_unambiguous() {
        for cell in [
            "2125551234",
            "(212) 555-1234",
            "+1 212 555 1234",
            "1-212-555-1234",
            "=\"2125551234\"",
            "２１２５５５１２３４",
            "\u{202d}212.555.1234\u{202c}",
            "tel:+12125551234",
        ] {
            assert_eq!(read(cell).unwrap().as_str(), "+12125551234", "{cell}");
        }
    }

    #[test]
    fn c4_rejects_what_would_need_a_guess() {
        for (cell, why) in [
            ("", PhoneError::Missing),
            ("2125551234.0", PhoneError::Damaged),
            ("2.12E+09", PhoneError::Damaged),
            ("212-555-1234 x12", PhoneError::Extension),
            ("212-555-1234 ext. 5", PhoneError::Extension),
            ("212-555-1234 / 646-555-1234", PhoneError::Several),
            ("555-1234", PhoneError::Shape),
            ("112-555-1234", PhoneError::Shape),
            ("+44 20 7183 8750", PhoneError::Shape),
            ("call me", PhoneError::Shape),
        ] {
            assert_eq!(read(cell), Err(why), "{cell}");
        }
    }
}
