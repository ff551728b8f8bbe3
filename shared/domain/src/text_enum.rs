//! Enums with stable words: one list of words for the database, the API and the command line.
//!
//! strum derives the words from the variants' names. [`text_enum!`](crate::text_enum!) makes them
//! constants of the enum, and its form in JSON.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, de::Error as _};
use strum::{VariantArray, VariantNames};

/// An enum of values with stable words.
pub trait TextEnum: Copy + VariantArray + VariantNames {
    /// Every value, in the order of the declaration.
    const VALUES: &'static [Self] = <Self as VariantArray>::VARIANTS;
    /// Every word, in the order of the declaration.
    const WORDS: &'static [&'static str] = <Self as VariantNames>::VARIANTS;

    /// Returns the value of a word.
    fn of_word(word: &str) -> Option<Self> {
        let index = Self::WORDS.iter().position(|known| *known == word)?;
        Self::VALUES.get(index).copied()
    }
}

/// A word that an enum does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown word {word:?}: it is one of {}", .known.join(", "))]
pub struct UnknownWord {
    word: String,
    known: &'static [&'static str],
}

/// Reads a word for `FromStr`.
pub fn read<T: TextEnum>(word: &str) -> Result<T, UnknownWord> {
    T::of_word(word).ok_or_else(|| UnknownWord { word: word.to_owned(), known: T::WORDS })
}

/// Reads a word for `Deserialize`.
pub fn deserialize<'de, T: TextEnum, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let word = <Cow<'de, str>>::deserialize(deserializer)?;
    T::of_word(&word).ok_or_else(|| D::Error::unknown_variant(&word, T::WORDS))
}

/// Gives enums that derive strum's `VariantArray` and `VariantNames` their words: `ALL`, `as_str`,
/// `parse`, `Display`, `FromStr`, `Serialize` and `Deserialize`.
#[macro_export]
macro_rules! text_enum {
    ($($name:ty),+ $(,)?) => {$(
        impl $name {
            /// Every value, in the order of the declaration.
            pub const ALL: &'static [Self] = <Self as $crate::text_enum::TextEnum>::VALUES;

            /// Returns the stable word for it, the same in the database, the API and the command
            /// line.
            pub const fn as_str(self) -> &'static str {
                <Self as $crate::text_enum::TextEnum>::WORDS[self as usize]
            }

            /// Returns the value of a word.
            pub fn parse(word: &str) -> Option<Self> {
                <Self as $crate::text_enum::TextEnum>::of_word(word)
            }
        }

        impl $crate::text_enum::TextEnum for $name {}

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::text_enum::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                $crate::text_enum::read(word)
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::text_enum::deserialize(deserializer)
            }
        }
    )+};
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{imports::FileEncoding, sending::message::MessageKind};

    #[test]
    fn words_are_the_same_everywhere_and_read_back() {
        assert_eq!(FileEncoding::WORDS, ["UTF-8", "UTF-16LE", "UTF-16BE", "windows-1252"]);
        let words: Vec<_> = MessageKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(words, ["initial", "reminder", "reply", "opt_out_confirmation", "help", "test", "inbound"]);
        assert_eq!(words, MessageKind::WORDS);
        for kind in MessageKind::ALL.iter().copied() {
            assert_eq!(MessageKind::parse(kind.as_str()), Some(kind));
            assert_eq!(kind.to_string().parse(), Ok(kind));
            assert_eq!(serde_json::from_value::<MessageKind>(serde_json::to_value(kind).unwrap()).unwrap(), kind);
        }
    }

    #[test]
    fn an_unknown_word_is_refused_with_the_known_ones() {
        let error = "pear".parse::<FileEncoding>().unwrap_err().to_string();
        assert_eq!(error, "unknown word \"pear\": it is one of UTF-8, UTF-16LE, UTF-16BE, windows-1252");
        let error = serde_json::from_str::<FileEncoding>("\"pear\"").unwrap_err().to_string();
        assert!(error.starts_with("unknown variant `pear`, expected one of `UTF-8`, `UTF-16LE`"), "{error}");
    }
}
