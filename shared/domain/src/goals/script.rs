//! Scripts beside a goal's initial and reminder (rule W9): the response scripts of a goal, an
//! organization's library, and agents' own. Bounds, and the checks when they are saved (rules M1 to
//! M3).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use strum::{VariantArray, VariantNames};

use crate::{
    sending::template::{self, Checks, REMINDER_LIMIT, RENDERED_LIMIT, Template, TemplateError},
    text_enum,
};

/// Response scripts of a goal: a first one and additional ones.
pub const RESPONSES_LIMIT: usize = 20;
/// Scripts in an organization's library that are not archived.
pub const LIBRARY_LIMIT: i64 = 500;
/// An agent's own scripts.
pub const OWN_SCRIPTS_LIMIT: i64 = 100;
/// Characters of a script's name.
pub const NAME_LIMIT: usize = 100;

/// Use of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ScriptKind {
    /// Opens a conversation.
    Initial,
    /// Reminds a contact with a yes.
    Reminder,
    /// Answers a contact.
    Response,
}

text_enum!(ScriptKind);

impl ScriptKind {
    /// Characters of such a script (rule M3).
    pub const fn limit(self) -> usize {
        match self {
            Self::Initial | Self::Response => RENDERED_LIMIT,
            Self::Reminder => REMINDER_LIMIT,
        }
    }

    /// Returns whether such a script says how to opt out (rule M2).
    pub const fn says_how_to_opt_out(self) -> bool {
        match self {
            Self::Initial | Self::Reminder => true,
            Self::Response => false,
        }
    }

    /// Checks a script of this kind when it is saved. `opt_out_words` are the organization's own,
    /// where opt-out language is required.
    pub fn check(
        self,
        script: &str,
        fields: &[String],
        opt_out_words: Option<&[String]>,
    ) -> Result<Template, TemplateError> {
        let opt_out_words = opt_out_words.filter(|_| self.says_how_to_opt_out());
        template::check(script, Checks { fields, limit: self.limit(), opt_out_words })
    }
}

/// A response script of a goal. The goal's list has the order in which agents see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseScript {
    /// The name by which agents pick it.
    pub name: String,
    /// The script.
    pub script: String,
}

/// Why a goal's response scripts cannot be saved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadResponses {
    /// There are too many.
    #[error("a goal has at most {RESPONSES_LIMIT} response scripts")]
    TooMany,
    /// A name is blank or too long.
    #[error("the name of response script {0} must have 1 to {NAME_LIMIT} characters")]
    Name(usize),
    /// Two have one name.
    #[error("two response scripts have the name {0:?}")]
    SameName(String),
    /// A script cannot be sent.
    #[error("{name:?}: {error}")]
    Script {
        /// Its name.
        name: String,
        /// The fault.
        error: TemplateError,
    },
}

/// Checks a goal's response scripts when they are saved, and again when the goal is launched. Names
/// differ without regard to case.
pub fn check_responses(responses: &[ResponseScript], fields: &[String]) -> Result<(), BadResponses> {
    if responses.len() > RESPONSES_LIMIT {
        return Err(BadResponses::TooMany);
    }
    let mut names = BTreeSet::new();
    for (nth, ResponseScript { name, script }) in responses.iter().enumerate() {
        if name.trim().is_empty() || name.chars().count() > NAME_LIMIT {
            return Err(BadResponses::Name(nth + 1));
        }
        if !names.insert(name.trim().to_lowercase()) {
            return Err(BadResponses::SameName(name.clone()));
        }
        ScriptKind::Response
            .check(script, fields, None)
            .map_err(|error| BadResponses::Script { name: name.clone(), error })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(name: &str, script: &str) -> ResponseScript {
        ResponseScript { name: name.to_owned(), script: script.to_owned() }
    }

    #[test]
    fn m2_and_m3_each_kind_has_its_bounds() {
        let own = ["Halt".to_owned()];
        let check = |kind: ScriptKind, script: &str| kind.check(script, &[], Some(&own)).map(|_| ());
        let long = |length: usize| format!("Reply STOP to quit. {}", "x".repeat(length - 20));
        for kind in [ScriptKind::Initial, ScriptKind::Reminder] {
            assert_eq!(check(kind, "Thanks!"), Err(TemplateError::NoOptOut), "{kind}");
            assert_eq!(check(kind, "Thanks! Reply HALT to quit"), Ok(()), "{kind}");
            assert_eq!(kind.check("Thanks!", &[], None).map(|_| ()), Ok(()), "{kind}: a setting");
        }
        assert_eq!(check(ScriptKind::Response, "Thanks!"), Ok(()));
        for (kind, limit) in [(ScriptKind::Initial, 1_600), (ScriptKind::Reminder, 500), (ScriptKind::Response, 1_600)]
        {
            assert_eq!(check(kind, &long(limit)), Ok(()), "{kind}");
            let over = TemplateError::TooLong { length: limit + 1, limit };
            assert_eq!(check(kind, &long(limit + 1)), Err(over), "{kind}");
        }
    }

    #[test]
    fn m1_response_scripts_are_named_bounded_and_have_known_fields() {
        let check = |responses: &[ResponseScript]| check_responses(responses, &["ward".to_owned()]);
        let many = |count: usize| (0..count).map(|nth| response(&format!("{nth}"), "Hi")).collect::<Vec<_>>();
        assert_eq!(check(&many(20)), Ok(()));
        assert_eq!(check(&many(21)), Err(BadResponses::TooMany));
        assert_eq!(check(&[response("Yes", "In {{ward}}"), response("No", "Bye")]), Ok(()));
        assert_eq!(
            check(&[response("Yes", "Hi"), response(" yes", "Hi")]),
            Err(BadResponses::SameName(" yes".to_owned()))
        );
        for name in ["  ", &"x".repeat(101)] {
            assert_eq!(check(&[response("Yes", "Hi"), response(name, "Hi")]), Err(BadResponses::Name(2)), "{name}");
        }
        let wrong = check(&[response("Yes", "In {{wrad}}")]).unwrap_err();
        assert_eq!(wrong.to_string(), "\"Yes\": unknown merge field {{wrad}}");
        let wrong = check(&[response("Yes", "Hi [first_name]")]).unwrap_err().to_string();
        assert!(wrong.contains("looks like a merge field"), "{wrong}");
    }
}
