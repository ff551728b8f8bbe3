//! Forms: fields with their labels, hints and errors, and buttons.

use askama::Template;

use crate::client::Problem;

/// The kind of a field.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// One line, by a type of HTML.
    Line(&'static str),
    /// Several lines.
    Area,
    /// One of some.
    Choice(Vec<(String, String)>),
    /// Any of some.
    Boxes(Vec<(String, String)>),
    /// Yes or no.
    Tick,
    /// Not shown.
    Hidden,
}

/// A field of a form.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) kind: Kind,
    pub(crate) values: Vec<String>,
    pub(crate) hint: String,
    pub(crate) error: Option<String>,
    pub(crate) is_needed: bool,
    pub(crate) complete: &'static str,
    pub(crate) longest: Option<u32>,
}

impl Field {
    fn new(name: &str, label: &str, kind: Kind) -> Self {
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            kind,
            values: Vec::new(),
            hint: String::new(),
            error: None,
            is_needed: false,
            complete: "off",
            longest: None,
        }
    }

    pub(crate) fn text(name: &str, label: &str) -> Self {
        Self::new(name, label, Kind::Line("text"))
    }

    /// One line of a type of HTML: `date`, `datetime-local`, `email`, `number`, `search`, `tel`.
    pub(crate) fn line(name: &str, label: &str, of: &'static str) -> Self {
        Self::new(name, label, Kind::Line(of))
    }

    pub(crate) fn area(name: &str, label: &str) -> Self {
        Self::new(name, label, Kind::Area)
    }

    pub(crate) fn choice(name: &str, label: &str, options: Vec<(String, String)>) -> Self {
        Self::new(name, label, Kind::Choice(options))
    }

    pub(crate) fn boxes(name: &str, label: &str, options: Vec<(String, String)>) -> Self {
        Self::new(name, label, Kind::Boxes(options))
    }

    pub(crate) fn tick(name: &str, label: &str, is_ticked: bool) -> Self {
        let field = Self::new(name, label, Kind::Tick);
        if is_ticked { field.value("on") } else { field }
    }

    pub(crate) fn hidden(name: &str, value: impl Into<String>) -> Self {
        Self::new(name, "", Kind::Hidden).value(value)
    }

    pub(crate) fn value(mut self, value: impl Into<String>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Says how to fill it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// It must be filled.
    pub(crate) fn needed(mut self) -> Self {
        self.is_needed = true;
        self
    }

    /// It has at most so many characters.
    pub(crate) fn at_most(mut self, characters: u32) -> Self {
        self.longest = Some(characters);
        self
    }

    fn first(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }

    fn has(&self, value: &str) -> bool {
        self.values.iter().any(|one| one == value)
    }
}

/// How a form is looked at while it is filled.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    /// The address that answers with the parts.
    pub(crate) path: String,
    /// The id of the element that they replace.
    pub(crate) into: &'static str,
}

/// A form.
#[derive(Debug, Template)]
#[template(path = "app/kit/form.html")]
pub(crate) struct Form {
    id: String,
    action: String,
    submit: String,
    fields: Vec<Field>,
    is_get: bool,
    /// The fault of the form as a whole.
    error: Option<String>,
    watch: Option<Watch>,
    back: Option<String>,
}

impl Form {
    /// A form that changes something. Its id is there once on a page.
    pub(crate) fn new(id: &str, action: impl Into<String>, submit: impl Into<String>) -> Self {
        Self {
            id: id.to_owned(),
            action: action.into(),
            submit: submit.into(),
            fields: Vec::new(),
            is_get: false,
            error: None,
            watch: None,
            back: None,
        }
    }

    /// A form that asks.
    pub(crate) fn asking(id: &str, action: impl Into<String>, submit: impl Into<String>) -> Self {
        Self { is_get: true, ..Self::new(id, action, submit) }
    }

    pub(crate) fn add(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// Adds a field, if there is one.
    pub(crate) fn add_some(self, field: Option<Field>) -> Self {
        match field {
            Some(field) => self.add(field),
            None => self,
        }
    }

    /// Has parts of the page made again while it is filled.
    pub(crate) fn watched(mut self, path: String, into: &'static str) -> Self {
        self.watch = Some(Watch { path, into });
        self
    }

    /// Leads back without doing anything.
    pub(crate) fn back(mut self, href: impl Into<String>) -> Self {
        self.back = Some(href.into());
        self
    }

    /// Puts a refusal beside the field that it is about: the one with the name, or the name in the
    /// API, its sentence begins with.
    pub(crate) fn refused(mut self, problem: Option<&Problem>, sentence: impl FnOnce(&Problem) -> String) -> Self {
        let Some(problem) = problem else { return self };
        let said = blamed(&problem.detail);
        let field = said.and_then(|(name, _)| {
            let names = [name, name.split(['.', '[']).next().unwrap_or(name)];
            self.fields.iter_mut().find(|field| names.contains(&field.name.as_str()))
        });
        match (field, said) {
            (Some(field), Some((_, rest))) => field.error = Some(upper_first(rest)),
            _ => self.error = Some(sentence(problem)),
        }
        self
    }

    /// Returns the fields that are wrong, by the ids and names that they have.
    fn wrong(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.error.is_some())
    }
}

/// Returns the member that a refusal begins with, and the rest of its sentence.
fn blamed(detail: &str) -> Option<(&str, &str)> {
    let end = detail.find([':', ' '])?;
    let (name, rest) = detail.split_at(end);
    let is_member = name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_.[]".contains(letter));
    is_member.then(|| (name, rest.trim_start_matches([':', ' '])))
}

fn upper_first(text: &str) -> String {
    let mut letters = text.chars();
    let mut text: String =
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect());
    if !text.ends_with('.') {
        text.push('.');
    }
    text
}

/// A button that does one thing, with the sentence to read before.
#[derive(Debug, Clone, Template)]
#[template(path = "app/kit/act.html")]
pub(crate) struct Act {
    id: String,
    action: String,
    text: String,
    /// Read before it is done; then the button is behind it.
    sure: Option<String>,
    is_main: bool,
    fields: Vec<(String, String)>,
}

impl Act {
    pub(crate) fn new(id: impl Into<String>, action: impl Into<String>, text: impl Into<String>) -> Self {
        Self { id: id.into(), action: action.into(), text: text.into(), sure: None, is_main: false, fields: Vec::new() }
    }

    /// Asks first.
    pub(crate) fn sure(mut self, sentence: impl Into<String>) -> Self {
        self.sure = Some(sentence.into());
        self
    }

    /// It is the next step of the page.
    pub(crate) fn main(mut self) -> Self {
        self.is_main = true;
        self
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.fields.push((name.to_owned(), value.into()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;

    fn refused(detail: &str) -> Form {
        let problem = Problem::own(StatusCode::UNPROCESSABLE_ENTITY, "invalid-body", detail.to_owned());
        let form = Form::new("f", "/x", "Go").add(Field::text("name", "Name")).add(Field::area("reminder", "Reminder"));
        form.refused(Some(&problem), |problem| problem.detail.clone())
    }

    #[test]
    fn a_refusal_stands_beside_the_field_that_it_is_about() {
        for (detail, field, error) in [
            ("name must have 1 to 200 characters", "name", "Must have 1 to 200 characters."),
            ("reminder.script: no opt-out words", "reminder", "No opt-out words."),
            ("name: too long.", "name", "Too long."),
        ] {
            let form = refused(detail);
            let wrong: Vec<_> = form.wrong().map(|one| (one.name.as_str(), one.error.as_deref().unwrap())).collect();
            assert_eq!(wrong, [(field, error)], "{detail}");
            assert!(form.error.is_none());
        }
        let whole = refused("the window is longer than 31 days");
        assert!(whole.wrong().next().is_none() && whole.error.is_some());
        let html = refused("name is wrong").render().unwrap();
        assert!(
            html.contains(r#"aria-invalid="true""#) && html.contains(r#"aria-describedby="f-name-error""#),
            "{html}"
        );
        assert!(html.contains(r##"href="#f-name""##), "{html}");
    }
}
