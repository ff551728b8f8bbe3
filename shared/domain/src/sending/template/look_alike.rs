//! Text that looks like a merge field and is none, and would go out as it stands (rule M1).

use crate::{conversations::inbound::plain_characters, sending::template::BUILT_IN};

/// Longest text between brackets, in characters.
const LONGEST_LOOK_ALIKE: usize = 60;

/// How sure a pair of marks is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Marks {
    /// Texts do not have them around ordinary words: any words are a field.
    Sure,
    /// Ordinary people write them: only a field's name, or one as fields are named, is one.
    Names,
    /// Around one word without blanks.
    OneWord,
}

/// Marks of merge fields in other programs, the longer before the shorter.
const BRACKETS: [(&str, &str, Marks); 16] = [
    ("*|", "|*", Marks::Sure),
    ("<%", "%>", Marks::Sure),
    ("{%", "%}", Marks::Sure),
    ("{{", "}}", Marks::Sure),
    ("${", "}", Marks::Sure),
    ("#{", "}", Marks::Sure),
    ("{", "}", Marks::Sure),
    ("[[", "]]", Marks::Sure),
    ("<<", ">>", Marks::Sure),
    ("%(", ")s", Marks::Sure),
    ("%%", "%%", Marks::OneWord),
    ("%", "%", Marks::OneWord),
    ("[", "]", Marks::Names),
    ("<", ">", Marks::Names),
    ("«", "»", Marks::Names),
    ("##", "##", Marks::OneWord),
];

/// Names that fields have elsewhere, without blanks and marks, and the field here.
const FIELD_NAMES_ELSEWHERE: [(&str, &str); 40] = [
    ("name", "first_name"),
    ("yourname", "first_name"),
    ("fname", "first_name"),
    ("firstname", "first_name"),
    ("givenname", "first_name"),
    ("contactname", "first_name"),
    ("recipientname", "first_name"),
    ("votername", "first_name"),
    ("contactfirstname", "first_name"),
    ("fullname", "first_name"),
    ("nickname", "first_name"),
    ("lname", "last_name"),
    ("lastname", "last_name"),
    ("surname", "last_name"),
    ("familyname", "last_name"),
    ("contactlastname", "last_name"),
    ("emailaddress", "email"),
    ("zip", "postal_code"),
    ("zipcode", "postal_code"),
    ("postcode", "postal_code"),
    ("postalcode", "postal_code"),
    ("externalid", "external_id"),
    ("agent", "agent.first_name"),
    ("agentname", "agent.first_name"),
    ("texter", "agent.first_name"),
    ("textername", "agent.first_name"),
    ("texterfirstname", "agent.first_name"),
    ("sender", "agent.first_name"),
    ("sendername", "agent.first_name"),
    ("myname", "agent.first_name"),
    ("volunteername", "agent.first_name"),
    ("userfirstname", "agent.first_name"),
    ("date", "goal.date"),
    ("eventdate", "goal.date"),
    ("groupname", "group.name"),
    ("chapter", "group.name"),
    ("org", "organization.name"),
    ("orgname", "organization.name"),
    ("organization", "organization.name"),
    ("campaignname", "organization.name"),
];

/// A look-alike as it is written, and the field that is probably meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LookAlike {
    pub(super) found: String,
    pub(super) meant: Option<String>,
}

/// Returns the first look-alike in a text between merge fields. `fields` are the organization's
/// custom fields.
pub(super) fn find(text: &str, fields: &[String]) -> Option<LookAlike> {
    let text = plain_characters(text);
    in_marks(&text, fields).or_else(|| bare(&text, fields))
}

fn in_marks(text: &str, fields: &[String]) -> Option<LookAlike> {
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let step = rest.chars().next().map_or(1, char::len_utf8);
        let pair = BRACKETS.iter().find(|(open, close, marks)| {
            rest.strip_prefix(open).is_some_and(|inner| {
                let inner = inner.find(close).map(|end| &inner[..end]);
                inner.is_some_and(|inner| is_field(inner, *marks, fields) && !(*open == "%" && in_address(text, at)))
            })
        });
        if let Some((open, close, _)) = pair {
            let inner = rest[open.len()..].find(close).unwrap_or_default();
            let found = rest[..open.len() + inner + close.len()].to_owned();
            let meant = meant(&found[open.len()..open.len() + inner], fields);
            return Some(LookAlike { found, meant });
        }
        at += step;
    }
    None
}

fn is_field(inner: &str, marks: Marks, fields: &[String]) -> bool {
    let length = inner.chars().count();
    if length == 0 || length > LONGEST_LOOK_ALIKE || inner.contains('\n') {
        return false;
    }
    let inner = inner.trim();
    let in_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
    let one_word = inner.starts_with(char::is_alphabetic) && inner.chars().all(in_name);
    match marks {
        Marks::Sure => inner.chars().any(char::is_alphabetic),
        Marks::OneWord => one_word || meant(inner, fields).is_some(),
        Marks::Names => {
            (one_word && inner.contains('_'))
                || meant(inner, fields).is_some()
                || inner.to_lowercase().starts_with("insert ")
        }
    }
}

/// Returns a field's name with an underscore, or a known name after a dollar sign, without any
/// brackets.
fn bare(text: &str, fields: &[String]) -> Option<LookAlike> {
    let names = || BUILT_IN.into_iter().chain(fields.iter().map(String::as_str)).filter(|name| name.contains('_'));
    text.split_whitespace().filter(|chunk| !is_address(chunk)).find_map(|chunk| {
        let words = chunk.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$')));
        words.filter(|word| !word.is_empty()).find_map(|word| {
            let name = word.trim_matches(['_', '$']);
            let named = names().any(|known| known.eq_ignore_ascii_case(name) || known.rsplit('.').next() == Some(name));
            let dollar = word.strip_prefix('$').is_some_and(|word| word.len() > 2 && meant(word, fields).is_some());
            (named || dollar).then(|| LookAlike { found: word.to_owned(), meant: meant(name, fields) })
        })
    })
}

fn is_address(chunk: &str) -> bool {
    chunk.contains("://") || chunk.contains("www.") || (chunk.contains('/') && chunk.contains('.'))
}

fn in_address(text: &str, at: usize) -> bool {
    let start = text[..at].rfind(char::is_whitespace).unwrap_or(0);
    let end = text[at..].find(char::is_whitespace).map_or(text.len(), |end| at + end);
    is_address(&text[start..end])
}

/// Returns the field that a name means.
fn meant(name: &str, fields: &[String]) -> Option<String> {
    let name = name.split('|').next().unwrap_or_default();
    let plain =
        |name: &str| name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let wanted = plain(name);
    if wanted.is_empty() {
        return None;
    }
    let known = BUILT_IN.into_iter().chain(fields.iter().map(String::as_str)).find(|known| plain(known) == wanted);
    let elsewhere = || FIELD_NAMES_ELSEWHERE.iter().find(|(other, _)| *other == wanted).map(|(_, known)| *known);
    known.or_else(elsewhere).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<(String, Option<String>)> {
        find(text, &["Precinct".to_owned(), "polling_place".to_owned()])
            .map(|look_alike| (look_alike.found, look_alike.meant))
    }

    #[test]
    fn m1_what_looks_like_a_merge_field_is_found_in_every_notation() {
        for (text, mark, meant) in [
            ("Hi {first_name}!", "{first_name}", Some("first_name")),
            ("Hi {First Name}!", "{First Name}", Some("first_name")),
            ("Hi {first_name|there}", "{first_name|there}", Some("first_name")),
            ("Hi [first_name]", "[first_name]", Some("first_name")),
            ("Hi [FIRST NAME]", "[FIRST NAME]", Some("first_name")),
            ("Hi [Name],", "[Name]", Some("first_name")),
            ("Hi [[first_name]]", "[[first_name]]", Some("first_name")),
            ("Hi <<first_name>>", "<<first_name>>", Some("first_name")),
            ("Hi <first_name>", "<first_name>", Some("first_name")),
            ("Hi «First_Name»", "«First_Name»", Some("first_name")),
            ("Hi %first_name%", "%first_name%", Some("first_name")),
            ("Hi %%FNAME%%", "%%FNAME%%", Some("first_name")),
            ("Hi ${first_name}", "${first_name}", Some("first_name")),
            ("Hi #{name}", "#{name}", Some("first_name")),
            ("Hi *|FNAME|*", "*|FNAME|*", Some("first_name")),
            ("Hi <%= first_name %>", "<%= first_name %>", Some("first_name")),
            ("Hi {% if x %}", "{% if x %}", None),
            ("Hi %(first_name)s", "%(first_name)s", Some("first_name")),
            ("Hi $first_name", "$first_name", Some("first_name")),
            ("Hi $firstName", "$firstName", Some("first_name")),
            ("Hi first_name, it's Sam", "first_name", Some("first_name")),
            ("Hi __first_name__", "__first_name__", Some("first_name")),
            ("Hi (first_name)", "first_name", Some("first_name")),
            ("Hi {first_name", "first_name", Some("first_name")),
            ("Hi ｛first_name｝", "{first_name}", Some("first_name")),
            ("{agent.first_name} here", "{agent.first_name}", Some("agent.first_name")),
            ("precinct [precinct]", "[precinct]", Some("Precinct")),
            ("at polling_place", "polling_place", Some("polling_place")),
            ("at [van_id]", "[van_id]", None),
            ("[insert link here]", "[insert link here]", None),
            ("{Hi|Hello} there", "{Hi|Hello}", None),
            ("see https://x.org/?n={name}", "{name}", Some("first_name")),
        ] {
            assert_eq!(found(text), Some((mark.to_owned(), meant.map(str::to_owned))), "{text}");
        }
    }

    #[test]
    fn m1_ordinary_brackets_and_signs_are_kept() {
        for text in [
            "Vote [link below]",
            "Reply [1] for yes, [2] for no",
            "Vote (early)! <3",
            "How can we reach you (email)?",
            "Save 50% today and 20% tomorrow",
            "Give $5 or $10",
            "a < b and c > d",
            "see https://x.org/first_name?a=%E2%80%99b%20",
            ":-} and :-{",
            "{}",
            "Measure A [YES]",
            "the first name on the ballot (Smith)",
            "#vote #election",
            "5-7pm @ the library",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
