//! All sentences for people.
//!
//! Agents' screens and sign-in have theirs in English and Spanish (`words!`): a sentence is a
//! method of [`crate::language::Language`], so that no page can leave one out. Admins' and
//! operators' pages are in English: their labels may stand in their templates, and every sentence
//! about a state, a reason or a refusal stands here.

mod common;
pub(crate) mod operator;
mod problems;
mod sign_in;
pub mod states;
mod text;

/// Writes sentences as methods: `name = "English", "Spanish";`.
macro_rules! words {
    ($($name:ident = $english:literal, $spanish:literal;)+) => {
        impl crate::language::Language {
            $(pub(crate) fn $name(self) -> &'static str {
                self.pick($english, $spanish)
            })+
        }
    };
}
use words;
