//! Names of tags and custom fields as admins write them (rules C8, C14 and T1).
//!
//! Names compare case-sensitively, and blanks within one count as one. Files may hold other names;
//! they stay as they are.

use crate::sending::template::BUILT_IN;

/// Characters of a tag's name.
pub const TAG_LIMIT: usize = 100;
/// Characters of a custom field's name.
pub const FIELD_LIMIT: usize = 200;

/// Names that mean a contact's own values, in files and in scripts.
const KNOWN: [&str; 8] = ["phone", "notes", "tags", "assigned_agent", "opt_out", "opt_in", "opt_out_status", "ignore"];

/// Why a name cannot be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// There is nothing to read.
    #[error("it must not be blank")]
    Blank,
    /// It is too long.
    #[error("it has more than {0} characters")]
    TooLong(usize),
    /// It cannot be written in a file or in a script.
    #[error("it has the character {0:?}, which names cannot have")]
    Character(char),
    /// A contact's own value is called so.
    #[error("contacts have a value of this name already")]
    Known,
}

/// Returns a tag's name as it is kept. A file's column parts tags by commas and semicolons.
///
/// # Errors
/// When it cannot be one.
pub fn tag(written: &str) -> Result<String, BadName> {
    normal(written, TAG_LIMIT, &[',', ';'])
}

/// Returns a custom field's name as it is kept. A script has it between braces, before a bar.
///
/// # Errors
/// When it cannot be one.
pub fn field(written: &str) -> Result<String, BadName> {
    let name = normal(written, FIELD_LIMIT, &['{', '}', '|'])?;
    let plain = name.to_lowercase().replace(' ', "_");
    if BUILT_IN.contains(&plain.as_str()) || KNOWN.contains(&plain.as_str()) {
        return Err(BadName::Known);
    }
    Ok(name)
}

fn normal(written: &str, limit: usize, without: &[char]) -> Result<String, BadName> {
    let name = written.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        return Err(BadName::Blank);
    }
    if name.chars().count() > limit {
        return Err(BadName::TooLong(limit));
    }
    match name.chars().find(|c| c.is_control() || without.contains(c)) {
        Some(c) => Err(BadName::Character(c)),
        None => Ok(name),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn c8_a_tag_keeps_its_case_and_one_blank_between_words() {
        assert_eq!(tag("  Phone \t banker "), Ok("Phone banker".to_owned()));
        assert_eq!(tag("phone banker"), Ok("phone banker".to_owned()));
        assert_eq!(tag(" \n "), Err(BadName::Blank));
        assert_eq!(tag("a;b"), Err(BadName::Character(';')));
        assert_eq!(tag("a\u{7}b"), Err(BadName::Character('\u{7}')));
        assert_eq!(tag(&"x".repeat(101)), Err(BadName::TooLong(100)));
    }

    #[test]
    fn c14_a_field_is_not_called_as_a_value_that_every_contact_has() {
        for known in ["first_name", "First Name", "phone", "Tags", "goal.date", "opt out"] {
            assert_eq!(field(known), Err(BadName::Known), "{known}");
        }
        assert_eq!(field("ward|x"), Err(BadName::Character('|')));
        assert_eq!(field("Ward 7"), Ok("Ward 7".to_owned()));
    }

    proptest! {
        #[test]
        fn c8_a_kept_name_is_kept_as_it_is(written in "\\PC{0,40}") {
            for kept in [tag(&written), field(&written)].into_iter().flatten() {
                prop_assert_eq!(tag(&kept).unwrap_or_else(|_| kept.clone()), kept.clone());
                prop_assert_eq!(kept.trim(), kept.as_str());
            }
        }
    }
}
