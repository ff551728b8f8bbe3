//! A phone number in E.164 form, the identity of a contact (rule C1).

use serde::{Deserialize, Serialize};

/// A NANP number in E.164 form: `+1` and ten digits of the shape `[2-9]dd [2-9]dd dddd`.
///
/// `Debug` and `Display` show only the last two digits, so that a number cannot reach a log by
/// accident (rule R5). Use [`E164::as_str`] where the number itself is wanted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct E164([u8; LENGTH]);

/// Bytes of a number with its plus sign: held in place, so that a million of them cost no
/// allocation.
const LENGTH: usize = 12;

/// The text is not a NANP number in E.164 form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a North American phone number in E.164 form (+1 and ten digits)")]
pub struct NotE164;

impl E164 {
    /// Takes exactly `+1NXXNXXXXXX`.
    pub fn parse(text: &str) -> Result<Self, NotE164> {
        let digits = text.strip_prefix("+1").ok_or(NotE164)?;
        Self::from_national(digits)
    }

    /// Takes the ten digits of a national number.
    pub fn from_national(digits: &str) -> Result<Self, NotE164> {
        let bytes = digits.as_bytes();
        let shaped = bytes.len() == 10 && bytes.iter().all(u8::is_ascii_digit) && bytes[0] >= b'2' && bytes[3] >= b'2';
        if !shaped {
            return Err(NotE164);
        }
        let mut number = *b"+10000000000";
        number[2..].copy_from_slice(bytes);
        Ok(Self(number))
    }

    /// Returns the whole number with its plus sign.
    pub fn as_str(&self) -> &str {
        // Nothing but ASCII was let in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Returns the ten digits as one value, for sets and maps of numbers.
    pub fn value(&self) -> u64 {
        self.0[2..].iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0'))
    }

    /// Returns the ten digits after `+1`.
    pub fn national(&self) -> &str {
        &self.as_str()[2..]
    }

    /// Returns the first three digits of the national number.
    pub fn area_code(&self) -> &str {
        &self.as_str()[2..5]
    }
}

impl std::fmt::Debug for E164 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "E164(…{})", &self.as_str()[10..])
    }
}

impl TryFrom<String> for E164 {
    type Error = NotE164;
    fn try_from(text: String) -> Result<Self, NotE164> {
        Self::parse(&text)
    }
}

impl From<E164> for String {
    fn from(number: E164) -> Self {
        number.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_nanp_shape_is_a_number() {
        assert!(E164::parse("+12125551234").is_ok());
        for bad in ["12125551234", "+11125551234", "+12121551234", "+1212555123", "+442071838750", ""] {
            assert_eq!(E164::parse(bad), Err(NotE164), "{bad}");
        }
    }

    #[test]
    fn debug_hides_the_number() {
        let number = E164::parse("+12125551234").unwrap();
        assert_eq!(format!("{number:?}"), "E164(…34)");
    }

    #[test]
    fn a_number_is_what_was_taken() {
        let number = E164::parse("+12125551234").unwrap();
        assert_eq!((number.as_str(), number.national(), number.area_code()), ("+12125551234", "2125551234", "212"));
        assert_eq!(number.value(), 2_125_551_234);
        assert_eq!(serde_json::to_value(&number).unwrap(), "+12125551234");
    }
}
