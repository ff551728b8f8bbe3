//! Scripts: templates with merge fields and fallbacks (rules M1 to M3).

mod look_alike;

use crate::conversations::inbound::instruction::says_how_to_opt_out;

/// A parsed script; the default is an empty one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Field { name: String, fallback: Option<String> },
}

/// Why a script cannot be saved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A `{{` has no `}}`.
    #[error("the merge field that begins at character {at} is not closed with }}}}")]
    Unclosed {
        /// Where it begins, counted in characters from 0.
        at: usize,
    },
    /// The name is neither built in nor a custom field of the organization.
    #[error("unknown merge field {{{{{name}}}}}")]
    Unknown {
        /// The name as written.
        name: String,
    },
    /// Text that would go out as it stands, though it was meant to be filled in.
    #[error("{found} looks like a merge field and is none: write {write}")]
    LookAlike {
        /// The text as written.
        found: String,
        /// The field that is probably meant, or an example.
        write: String,
    },
    /// The script is empty.
    #[error("the script is empty")]
    Empty,
    /// Rule M2: initial and reminder scripts say how to opt out.
    #[error(
        "the script has no opt-out language: it must tell how to opt out with a word that opts out, such as \"Reply STOP to opt out\""
    )]
    NoOptOut,
    /// Rule M3.
    #[error("the script has {length} characters, at most {limit} are allowed")]
    TooLong {
        /// Characters in the script.
        length: usize,
        /// Characters allowed.
        limit: usize,
    },
}

/// A contact has no value for a field that has no fallback: the contact stays out of the send, with
/// this reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no value for {{{{{field}}}}} and no fallback")]
pub struct MissingValue {
    /// The field's name.
    pub field: String,
}

/// Merge fields that exist without being created by the organization.
pub const BUILT_IN: [&str; 12] = [
    "first_name",
    "last_name",
    "email",
    "postal_code",
    "external_id",
    "agent.first_name",
    "agent.last_name",
    "goal.date",
    "goal.day",
    "goal.time",
    "group.name",
    "organization.name",
];

/// Rule M3: characters of a rendered text.
pub const RENDERED_LIMIT: usize = 1_600;
/// Rule M3: characters of a reminder script.
pub const REMINDER_LIMIT: usize = 500;

impl Template {
    /// Parses a script; `is_custom` tells whether a name is a custom field of the organization.
    pub fn parse(script: &str, is_custom: impl Fn(&str) -> bool) -> Result<Self, TemplateError> {
        if script.trim().is_empty() {
            return Err(TemplateError::Empty);
        }
        let mut pieces = Vec::new();
        let mut rest = script;
        while let Some(open) = rest.find("{{") {
            if open > 0 {
                pieces.push(Piece::Text(rest[..open].to_owned()));
            }
            let inner = &rest[open + 2..];
            let Some(close) = inner.find("}}") else {
                let offset = script.len() - rest.len() + open;
                return Err(TemplateError::Unclosed { at: script[..offset].chars().count() });
            };
            if inner[..close].contains(['{', '}']) {
                return Err(braces(script, rest, open, &inner[..close]));
            }
            let (name, fallback) = match inner[..close].split_once('|') {
                Some((name, fallback)) => (name.trim(), Some(fallback.trim().to_owned())),
                None => (inner[..close].trim(), None),
            };
            if !BUILT_IN.contains(&name) && !is_custom(name) {
                return Err(TemplateError::Unknown { name: name.to_owned() });
            }
            pieces.push(Piece::Field { name: name.to_owned(), fallback });
            rest = &inner[close + 2..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self { pieces })
    }

    /// Returns the text as different contacts may get it: with an ordinary value in each field, and
    /// with each fallback. An instruction that only some of them would read is none.
    fn samples(&self) -> [String; 2] {
        let with = |fallbacks: bool| {
            let pieces = self.pieces.iter().map(|piece| match piece {
                Piece::Text(text) => text.as_str(),
                Piece::Field { fallback: Some(fallback), .. } if fallbacks => fallback,
                Piece::Field { .. } => "Margaret",
            });
            pieces.collect::<String>()
        };
        [with(false), with(true)]
    }

    /// Fills the fields in. A blank value counts as missing.
    pub fn render<'v>(&'v self, value: impl Fn(&str) -> Option<&'v str>) -> Result<String, MissingValue> {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Field { name, fallback } => {
                    let found = value(name).filter(|v| !v.trim().is_empty()).or(fallback.as_deref());
                    out.push_str(found.ok_or_else(|| MissingValue { field: name.clone() })?);
                }
            }
        }
        Ok(out)
    }

    /// Returns whether it has this merge field.
    pub fn uses(&self, field: &str) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Field { name, .. } if name == field))
    }

    /// Returns the fields that have neither a value nor a fallback, each once, in their order.
    pub fn missing<'v>(&self, value: impl Fn(&str) -> Option<&'v str>) -> Vec<String> {
        let mut missing = Vec::new();
        for piece in &self.pieces {
            if let Piece::Field { name, fallback: None } = piece
                && value(name).is_none_or(|value| value.trim().is_empty())
                && !missing.contains(name)
            {
                missing.push(name.clone());
            }
        }
        missing
    }
}

/// Returns a regular expression of Postgres for a merge field of this name, up to its first group:
/// the bar before its fallback, or its end.
#[must_use]
pub fn merge_field_pattern(name: &str) -> String {
    let escaped = name.chars().fold(String::new(), |mut pattern, c| {
        if c.is_ascii() && !c.is_ascii_alphanumeric() {
            pattern.push('\\');
        }
        pattern.push(c);
        pattern
    });
    format!(r"\{{\{{\s*{escaped}\s*(\||\}}\}})")
}

/// Returns a merge field with more braces in it: one that is not closed before the next begins, or
/// one in three and more.
fn braces(script: &str, rest: &str, open: usize, inner: &str) -> TemplateError {
    let name = inner.trim_matches(['{', '}']).trim();
    if inner.starts_with('{') && !name.contains(['{', '}']) {
        return TemplateError::LookAlike { found: format!("{{{{{inner}}}}}"), write: format!("{{{{{name}}}}}") };
    }
    let offset = script.len() - rest.len() + open;
    TemplateError::Unclosed { at: script[..offset].chars().count() }
}

/// Inputs of a script's check.
#[derive(Debug, Clone, Copy)]
pub struct Checks<'a> {
    /// The organization's custom fields.
    pub fields: &'a [String],
    /// Characters allowed (rule M3).
    pub limit: usize,
    /// The organization's own opt-out words, where opt-out language is required (rule M2).
    pub opt_out_words: Option<&'a [String]>,
}

/// Checks all that can be told of a script before it is sent (rules M1 to M3): when it is saved,
/// and again when its goal is launched.
pub fn check(script: &str, checks: Checks<'_>) -> Result<Template, TemplateError> {
    check_length(script, checks.limit)?;
    let template = Template::parse(script, |name| checks.fields.iter().any(|known| known == name))?;
    for piece in &template.pieces {
        let (Piece::Text(text) | Piece::Field { fallback: Some(text), .. }) = piece else { continue };
        if let Some(look_alike) = look_alike::find(text, checks.fields) {
            let meant = look_alike.meant.as_deref().unwrap_or("first_name");
            let example = if look_alike.meant.is_some() { "" } else { "merge fields as " };
            return Err(TemplateError::LookAlike {
                found: look_alike.found,
                write: format!("{example}{{{{{meant}}}}}"),
            });
        }
    }
    if let Some(own) = checks.opt_out_words
        && !template.samples().iter().all(|sample| says_how_to_opt_out(sample, own))
    {
        return Err(TemplateError::NoOptOut);
    }
    Ok(template)
}

/// Rule M3 for a script of at most `limit` characters.
pub fn check_length(script: &str, limit: usize) -> Result<(), TemplateError> {
    let length = script.chars().count();
    if length > limit { Err(TemplateError::TooLong { length, limit }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(script: &str) -> Result<Template, TemplateError> {
        Template::parse(script, |name| name == "precinct")
    }

    #[test]
    fn m1_fields_and_fallbacks() {
        let template = parse("Hi {{ first_name | there }}, precinct {{precinct}}!").unwrap();
        let text = template.render(|f| (f == "precinct").then_some("12"));
        assert_eq!(text.unwrap(), "Hi there, precinct 12!");
        let missing = template.render(|_| None).unwrap_err();
        assert_eq!(missing.field, "precinct");
    }

    #[test]
    fn m1_unknown_fields_are_errors_when_saved() {
        assert_eq!(parse("{{nope}}"), Err(TemplateError::Unknown { name: "nope".into() }));
        assert_eq!(parse("é {{first_name"), Err(TemplateError::Unclosed { at: 2 }));
        assert_eq!(parse("  "), Err(TemplateError::Empty));
    }

    fn checked(script: &str) -> Result<Template, TemplateError> {
        let own = ["Halt".to_owned()];
        check(script, Checks { fields: &["precinct".to_owned()], limit: 200, opt_out_words: Some(&own) })
    }

    #[test]
    fn m1_look_alikes_are_refused_with_the_right_form() {
        for (script, said) in [
            (
                "Hi {first_name}! Reply STOP to quit",
                "{first_name} looks like a merge field and is none: write {{first_name}}",
            ),
            (
                "Hi [Precinct]! Reply STOP to quit",
                "[Precinct] looks like a merge field and is none: write {{precinct}}",
            ),
            (
                "Hi {{{first_name}}}! Reply STOP to quit",
                "{{{first_name}} looks like a merge field and is none: write {{first_name}}",
            ),
            (
                "Hi {{first_name|[name]}}! Reply STOP to quit",
                "[name] looks like a merge field and is none: write {{first_name}}",
            ),
            (
                "Hi [van_id]! Reply STOP to quit",
                "[van_id] looks like a merge field and is none: write merge fields as {{first_name}}",
            ),
            (
                "Hi {{ first_name } of {{precinct}}! Reply STOP to quit",
                "the merge field that begins at character 3 is not closed with }}",
            ),
            (
                "Hi {{ first_name }! Reply STOP to quit",
                "the merge field that begins at character 3 is not closed with }}",
            ),
            (
                "Hi {{first_name|{x}}}! Reply STOP to quit",
                "the merge field that begins at character 3 is not closed with }}",
            ),
        ] {
            assert_eq!(checked(script).unwrap_err().to_string(), said, "{script}");
        }
        assert!(checked("Hi {{first_name|there}} [link below]! Reply STOP to quit").is_ok());
    }

    #[test]
    fn m2_a_merge_field_neither_hides_nor_gives_the_instruction() {
        for script in [
            "Hi {{first_name|you}}! Reply STOP to opt out",
            "{{first_name}}, reply HALT to quit",
            "Reply STOP, {{first_name|friend}}",
        ] {
            assert!(checked(script).is_ok(), "{script}: {:?}", checked(script));
        }
        for script in [
            "Vote at the bus stop!",
            "Vote! {{precinct|Reply STOP to opt out}}",
            "Vote! Reply {{precinct|STOP}} to opt out",
            "Vote! Reply STOP{{precinct}}",
            "Vote! Do {{precinct|not}} reply STOP",
            "{{precinct}}",
        ] {
            assert_eq!(checked(script), Err(TemplateError::NoOptOut), "{script}");
        }
        let without = Checks { fields: &[], limit: 200, opt_out_words: None };
        assert!(check("Vote!", without).is_ok());
    }
}
