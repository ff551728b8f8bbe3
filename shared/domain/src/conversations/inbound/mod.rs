//! The verdict on a text from a contact: opt-out, opt-in, help or none (rules I2, I2a and I3).
//!
//! Rules are data (`data/inbound_rules.txt`); this folder is the engine that reads them. A text
//! passes four steps: quotations, reactions and signatures leave it (`quoted`), the rest becomes
//! sentences of plain words (`words`), patterns are looked for in them (`pattern`), and [`decide`]
//! weighs the matches. `data/inbound_messages.txt` has labelled texts; the tests measure the rules
//! against them.

use strum::{VariantArray, VariantNames};

use crate::text_enum;

mod fold;
pub mod instruction;
#[cfg(test)]
mod measured;
mod pattern;
mod quoted;
mod rules;
#[cfg(test)]
mod tests;
mod verdict;
mod words;

pub use verdict::{Decision, decide};

/// The engine's own answer to an inbound text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Intent {
    /// Stop texting me.
    OptOut,
    /// Text me again.
    OptIn,
    /// Asks for the sender's name and help.
    Help,
    /// Anything else: an agent reads it.
    #[strum(serialize = "none")]
    Conversation,
}

text_enum!(Intent);

/// Returns a text without invisible marks, its styled characters (full-width brackets, bold
/// letters) made plain.
pub(crate) fn plain_characters(text: &str) -> String {
    text.chars().filter(|c| !fold::is_invisible(*c)).map(fold::plain).collect()
}

/// Returns the words of a text in plain form: without case, accents and punctuation, and without
/// quotations of other texts.
pub fn plain_words(text: &str) -> Vec<String> {
    let (kept, _) = quoted::own_words(text);
    rules::Rules::built_in().sentences(&kept).into_iter().flatten().map(|word| word.text).collect()
}

/// Classifies a text. `own` are the organization's own opt-out words, in normal form or not.
/// `opted_out` says whether the contact has opted out, because then a plain yes opts in again.
pub fn classify(text: &str, own: &[String], opted_out: bool) -> Intent {
    decide(text, own, opted_out).intent
}
