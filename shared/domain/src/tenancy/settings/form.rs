//! Forms of settings' values, and the bounds that edits keep.

use std::fmt;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::sending::{
    admission::UnknownCarriers,
    hours::{BadHours, SendingHours, Strictness},
};

/// The form of a value, with its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A whole number.
    Number {
        /// The least.
        least: i32,
        /// The greatest.
        most: i32,
    },
    /// `true` or `false`.
    Switch,
    /// A text that is not blank; blanks around it are taken away.
    Text {
        /// Characters at most.
        longest: usize,
    },
    /// A list of texts.
    Texts {
        /// Texts at most.
        most: usize,
        /// Characters of a text at most.
        longest: usize,
    },
    /// One of these words.
    Word(&'static [&'static str]),
    /// A window of a day.
    Hours,
}

pub(super) const SWITCH: Form = Form::Switch;
pub(super) const HOURS: Form = Form::Hours;

pub(super) const fn number(least: i32, most: i32) -> Form {
    Form::Number { least, most }
}

pub(super) const fn text(longest: usize) -> Form {
    Form::Text { longest }
}

pub(super) const fn texts(most: usize, longest: usize) -> Form {
    Form::Texts { most, longest }
}

pub(super) const fn word(words: &'static [&'static str]) -> Form {
    Form::Word(words)
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number { least, most } => write!(f, "{least} to {most}"),
            Self::Switch => f.write_str("true, false"),
            Self::Text { longest } => write!(f, "1 to {longest} characters"),
            Self::Texts { most, longest } => write!(f, "at most {most} texts of at most {longest} characters"),
            Self::Word(words) => f.write_str(&words.join(", ")),
            Self::Hours => f.write_str("opens before it closes, 0 to 1440"),
        }
    }
}

/// An edit of settings that cannot be taken. Each names the setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSetting {
    /// There is no such setting.
    #[error("{0} is no setting")]
    Unknown(String),
    /// The value is of another type.
    #[error("{0}: {1}")]
    Type(&'static str, String),
    /// A number is beyond its bounds.
    #[error("{0} must be {1} to {2}")]
    Number(&'static str, i32, i32),
    /// A text is blank.
    #[error("{0} must not be blank")]
    Blank(&'static str),
    /// A text is too long.
    #[error("{0} has more than {1} characters")]
    Long(&'static str, usize),
    /// A list is too long.
    #[error("{0} has more than {1} items")]
    Many(&'static str, usize),
    /// A window is no window.
    #[error("{0}: {1}")]
    Hours(&'static str, BadHours),
}

/// A type of settings.
pub(super) trait Kind: Serialize + DeserializeOwned {
    /// Returns the value if it is within its bounds.
    fn within(self, _name: &'static str, _form: &Form) -> Result<Self, BadSetting> {
        Ok(self)
    }

    /// Returns the value as JSON.
    fn shown(&self) -> Value {
        // No type of settings has a form that JSON cannot say.
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// Reads a value that an edit gives.
pub(super) fn read<T: Kind>(name: &'static str, form: &Form, value: &Value) -> Result<T, BadSetting> {
    if let (Form::Number { least, most }, Some(_)) =
        (form, value.as_i64().filter(|number| i32::try_from(*number).is_err()))
    {
        return Err(BadSetting::Number(name, *least, *most));
    }
    let read = T::deserialize(value).map_err(|error| BadSetting::Type(name, error.to_string()))?;
    read.within(name, form)
}

impl Kind for i32 {
    fn within(self, name: &'static str, form: &Form) -> Result<Self, BadSetting> {
        match *form {
            Form::Number { least, most } if !(least..=most).contains(&self) => {
                Err(BadSetting::Number(name, least, most))
            }
            _ => Ok(self),
        }
    }
}

impl Kind for bool {}

impl Kind for Strictness {}

impl Kind for UnknownCarriers {}

impl Kind for String {
    fn within(self, name: &'static str, form: &Form) -> Result<Self, BadSetting> {
        let text = self.trim();
        match *form {
            Form::Text { .. } if text.is_empty() => Err(BadSetting::Blank(name)),
            Form::Text { longest } if text.chars().count() > longest => Err(BadSetting::Long(name, longest)),
            _ => Ok(text.to_owned()),
        }
    }
}

impl Kind for Vec<String> {
    fn within(self, name: &'static str, form: &Form) -> Result<Self, BadSetting> {
        match *form {
            Form::Texts { most, .. } if self.len() > most => Err(BadSetting::Many(name, most)),
            Form::Texts { longest, .. } if self.iter().any(|text| text.chars().count() > longest) => {
                Err(BadSetting::Long(name, longest))
            }
            _ => Ok(self),
        }
    }
}

impl Kind for SendingHours {
    fn within(self, name: &'static str, _: &Form) -> Result<Self, BadSetting> {
        Self::new(self.opens_minute, self.closes_minute).map_err(|error| BadSetting::Hours(name, error))
    }
}
