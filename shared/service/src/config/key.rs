//! Keys and the types of their values.

use std::ops::RangeInclusive;

use figment::value::Value;
use secrecy::SecretString;
use serde_json::Value as Json;

/// Shown in place of a secret.
pub(super) const REDACTED: &str = "[REDACTED]";

/// A key of the configuration.
#[derive(Debug)]
pub struct Key {
    /// The table in the TOML file that it is in.
    pub section: &'static str,
    /// Its name in that table.
    pub name: &'static str,
    /// Its name in the environment, in lower case without the prefix.
    pub flat: &'static str,
    /// The form of its value.
    pub form: Form,
    /// The least and the greatest number.
    pub bounds: Option<(u64, u64)>,
    /// Its value where it is not set.
    pub(super) fallback: fn() -> Fallback,
    /// The documentation of a default that is no constant.
    pub(super) shown: Option<&'static str>,
    pub(super) doc: &'static str,
}

/// The form of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Text, which stays text in any form: a password of digits is no number.
    Text,
    /// Text that is never shown, and that may be in a file of its own.
    Secret,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Switch,
    /// A list of texts.
    List,
}

/// The value of a key that is not set.
#[derive(Debug)]
pub(super) enum Fallback {
    /// Nothing: the key has to be set.
    Required,
    /// No value.
    Unset,
    /// This value.
    Default(Json),
}

impl Key {
    /// Its name in the environment.
    pub fn environment(&self) -> String {
        format!("MUSTER_{}", self.flat.to_ascii_uppercase())
    }

    /// Its name in errors and in the file: `section.name`.
    pub fn path(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }

    /// Returns whether its value may be in a file of its own.
    pub const fn may_be_in_a_file(&self) -> bool {
        matches!(self.form, Form::Secret)
    }

    /// Must it be set?
    pub fn is_required(&self) -> bool {
        matches!((self.fallback)(), Fallback::Required)
    }

    /// Its documentation.
    pub fn doc(&self) -> &'static str {
        self.doc.trim()
    }
}

/// A type of values.
pub(super) trait Field: Sized {
    /// The form in which it is written.
    const FORM: Form;

    /// Reads a value, or returns the form that it must have.
    fn read(value: &Value) -> Result<Self, String>;

    /// Returns the part of it that may be shown.
    fn show(&self) -> Json;

    /// Returns the number that bounds are for.
    fn number(&self) -> Option<u64> {
        None
    }

    /// Returns whether there is no value.
    fn is_unset(&self) -> bool {
        false
    }
}

impl Field for String {
    const FORM: Form = Form::Text;

    fn read(value: &Value) -> Result<Self, String> {
        match value.as_str() {
            Some("") => Err("must not be empty".to_owned()),
            Some(text) => Ok(text.to_owned()),
            // It may be a password that is in the wrong place.
            None => Err("must be a text".to_owned()),
        }
    }

    fn show(&self) -> Json {
        self.as_str().into()
    }
}

impl Field for SecretString {
    const FORM: Form = Form::Secret;

    fn read(value: &Value) -> Result<Self, String> {
        String::read(value).map(Self::from)
    }

    fn show(&self) -> Json {
        REDACTED.into()
    }
}

impl Field for u64 {
    const FORM: Form = Form::Number;

    fn read(value: &Value) -> Result<Self, String> {
        value.deserialize().map_err(|_| match value.as_str() {
            Some(text) => format!("must be a whole number, not {text:?}"),
            None => "must be a whole number".to_owned(),
        })
    }

    fn show(&self) -> Json {
        (*self).into()
    }

    fn number(&self) -> Option<u64> {
        Some(*self)
    }
}

/// Numbers that a `u64` is read for.
macro_rules! numbers {
    ($($number:ty),+) => {$(
        impl Field for $number {
            const FORM: Form = Form::Number;

            fn read(value: &Value) -> Result<Self, String> {
                Self::try_from(u64::read(value)?).map_err(|_| format!("must be at most {}", Self::MAX))
            }

            fn show(&self) -> Json {
                (*self).into()
            }

            fn number(&self) -> Option<u64> {
                u64::try_from(*self).ok()
            }
        }
    )+};
}

numbers!(u16, u32, usize);

impl Field for bool {
    const FORM: Form = Form::Switch;

    fn read(value: &Value) -> Result<Self, String> {
        value.to_bool().ok_or_else(|| "must be true or false".to_owned())
    }

    fn show(&self) -> Json {
        (*self).into()
    }
}

impl Field for Vec<String> {
    const FORM: Form = Form::List;

    fn read(value: &Value) -> Result<Self, String> {
        let items = value.as_array().ok_or_else(|| "must be a list of texts: [\"one\", \"another\"]".to_owned())?;
        items.iter().map(String::read).collect()
    }

    fn show(&self) -> Json {
        self.as_slice().into()
    }
}

impl<T: Field> Field for Option<T> {
    const FORM: Form = T::FORM;

    fn read(value: &Value) -> Result<Self, String> {
        T::read(value).map(Some)
    }

    fn show(&self) -> Json {
        self.as_ref().map_or(Json::Null, T::show)
    }

    fn number(&self) -> Option<u64> {
        self.as_ref().and_then(T::number)
    }

    fn is_unset(&self) -> bool {
        self.is_none()
    }
}

/// The key has to be set.
pub(super) const fn required<T>() -> Option<T> {
    None
}

/// The key has no value unless it is set.
#[expect(clippy::option_option, clippy::unnecessary_wraps, reason = "as `required` returns")]
pub(super) const fn unset<T>() -> Option<Option<T>> {
    Some(None)
}

/// The key has this value unless it is set.
#[expect(clippy::unnecessary_wraps, reason = "as `required` returns")]
pub(super) fn default<T>(value: impl Into<T>) -> Option<T> {
    Some(value.into())
}

/// Returns the documentation's words for a default.
pub(super) fn fallback<T: Field>(value: Option<T>) -> Fallback {
    match value {
        None => Fallback::Required,
        Some(value) if value.is_unset() => Fallback::Unset,
        Some(value) => Fallback::Default(value.show()),
    }
}

/// Returns the least and the greatest number of a range.
pub(super) const fn bounds(range: &RangeInclusive<u64>) -> (u64, u64) {
    (*range.start(), *range.end())
}
