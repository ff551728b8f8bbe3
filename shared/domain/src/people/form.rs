//! Sign-up forms (rules C13 and C16): their questions and answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Characters of an answer.
pub const ANSWER_LIMIT: usize = 500;
/// Questions of a form.
pub const QUESTION_LIMIT: usize = 50;

/// Values of a contact that a form may ask for, beside custom fields and the phone, which every
/// form asks for.
pub const KNOWN: [&str; 4] = ["first_name", "last_name", "email", "postal_code"];

/// A question of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// One of [`KNOWN`], or `custom:NAME`.
    pub field: String,
    /// Its words; the field's name without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// A sign-up without an answer is refused.
    #[serde(default)]
    pub required: bool,
}

impl Question {
    /// Returns the custom field that it asks for; none for a contact's own value.
    pub fn custom(&self) -> Option<&str> {
        self.field.strip_prefix("custom:")
    }

    /// Returns whether it asks for something that a contact has.
    pub fn is_known(&self) -> bool {
        Self::asks(&self.field)
    }

    /// Returns whether a question can ask for this field.
    pub fn asks(field: &str) -> bool {
        KNOWN.contains(&field) || field.strip_prefix("custom:").is_some_and(|name| !name.trim().is_empty())
    }
}

/// Values that a sign-up brings; absent ones were not answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Custom fields by name.
    pub fields: BTreeMap<String, String>,
}

/// Why answers are refused. It tells the form's questions alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAnswer {
    /// The form does not ask it.
    #[error("the form does not ask for {0}")]
    NotAsked(String),
    /// It is too long.
    #[error("{0} has more than {ANSWER_LIMIT} characters")]
    TooLong(String),
    /// It is required.
    #[error("{0} must be answered")]
    Missing(String),
    /// It is no e-mail address.
    #[error("email is no address")]
    Email,
}

/// Reads answers by their questions' fields. Blank ones are none.
///
/// # Errors
/// When they are not a form's answers.
pub fn read(questions: &[Question], given: &BTreeMap<String, String>) -> Result<Answers, BadAnswer> {
    let mut answers = Answers::default();
    for field in given.keys() {
        if !questions.iter().any(|question| question.field == *field) {
            return Err(BadAnswer::NotAsked(field.clone()));
        }
    }
    for question in questions {
        let answer = given.get(&question.field).map(|answer| answer.trim()).filter(|answer| !answer.is_empty());
        let Some(answer) = answer else {
            if question.required {
                return Err(BadAnswer::Missing(question.field.clone()));
            }
            continue;
        };
        if answer.chars().count() > ANSWER_LIMIT {
            return Err(BadAnswer::TooLong(question.field.clone()));
        }
        let answer = answer.to_owned();
        match (question.custom(), question.field.as_str()) {
            (Some(name), _) => {
                answers.fields.insert(name.to_owned(), answer);
            }
            (None, "first_name") => answers.first_name = Some(answer),
            (None, "last_name") => answers.last_name = Some(answer),
            (None, "postal_code") => answers.postal_code = Some(answer),
            (None, _) if !is_address(&answer) => return Err(BadAnswer::Email),
            (None, _) => answers.email = Some(answer),
        }
    }
    Ok(answers)
}

fn is_address(text: &str) -> bool {
    let sides = text.rsplit_once('@');
    sides.is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.starts_with('.'))
        && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(field: &str, required: bool) -> Question {
        Question { field: field.to_owned(), label: None, required }
    }

    fn given(answers: &[(&str, &str)]) -> BTreeMap<String, String> {
        answers.iter().map(|(field, answer)| ((*field).to_owned(), (*answer).to_owned())).collect()
    }

    #[test]
    fn c16_a_form_takes_the_answers_that_it_asks_for_and_no_others() {
        let asked = [question("first_name", true), question("email", false), question("custom:ward", false)];
        let answers = read(&asked, &given(&[("first_name", " Emmy "), ("custom:ward", "7"), ("email", "")])).unwrap();
        assert_eq!((answers.first_name.as_deref(), answers.email), (Some("Emmy"), None));
        assert_eq!(answers.fields, given(&[("ward", "7")]));
        assert_eq!(read(&asked, &given(&[])), Err(BadAnswer::Missing("first_name".to_owned())));
        let other = given(&[("first_name", "Emmy"), ("notes", "x")]);
        assert_eq!(read(&asked, &other), Err(BadAnswer::NotAsked("notes".to_owned())));
        for wrong in ["emmy", "@x.org", "a b@x.org", "a@x", "a@.org"] {
            let answers = given(&[("first_name", "Emmy"), ("email", wrong)]);
            assert_eq!(read(&asked, &answers), Err(BadAnswer::Email), "{wrong}");
        }
    }
}
