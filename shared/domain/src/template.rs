//! Scripts: templates with merge fields and fallbacks (rules M1 to M3).

/// A parsed script.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// The script is empty.
    #[error("the script is empty")]
    Empty,
    /// Rule M2: initial and reminder scripts say how to opt out.
    #[error("the script has no opt-out language, such as \"Reply STOP to opt out\"")]
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

/// A contact has no value for a field that has no fallback: the contact stays out of the send, with this reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no value for {{{{{field}}}}} and no fallback")]
pub struct MissingValue {
    /// The field's name.
    pub field: String,
}

/// Merge fields that exist without being created by the organization.
pub const BUILT_IN: [&str; 10] = [
    "first_name",
    "last_name",
    "email",
    "postal_code",
    "external_id",
    "agent.first_name",
    "agent.last_name",
    "goal.date",
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
}

/// Rule M2.
pub fn check_opt_out_language(script: &str) -> Result<(), TemplateError> {
    let lower = script.to_lowercase();
    let found = lower.split(|c: char| !c.is_alphanumeric()).any(|w| matches!(w, "stop" | "optout" | "unsubscribe"))
        || lower.contains("opt out")
        || lower.contains("opt-out");
    if found { Ok(()) } else { Err(TemplateError::NoOptOut) }
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

    #[test]
    fn m2_opt_out_language() {
        assert!(check_opt_out_language("Vote! Reply STOP to opt out").is_ok());
        assert!(check_opt_out_language("Vote at the bus stops").is_err());
    }
}
