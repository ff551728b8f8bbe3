//! Parts that admins' pages are made of: tables, forms, facts, stories, pictures.
//!
//! A page puts parts into a [`Body`]. Each part has one template, so that every table scrolls
//! within a phone's screen and every field has its label and its error beside it.

pub(crate) mod form;
pub(crate) mod table;

use askama::Template;

pub(crate) use self::{
    form::{Act, Field, Form},
    table::{Cell, Table},
};
use crate::{app::when, pictures::Picture, words::states::Words};

/// How something is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// It is as it should be.
    Good,
    /// Somebody should look.
    Warn,
    /// Something is wrong.
    Bad,
    /// It is told, and no more.
    Plain,
}

impl Tone {
    /// Returns the class of its box or tag.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warn => "wait",
            Self::Bad => "bad",
            Self::Plain => "plain",
        }
    }
}

/// A link to a page.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) href: String,
    pub(crate) text: String,
    /// It is the next step of the page.
    pub(crate) is_main: bool,
}

impl Link {
    pub(crate) fn new(href: impl Into<String>, text: impl Into<String>) -> Self {
        Self { href: href.into(), text: text.into(), is_main: false }
    }

    /// The next step.
    pub(crate) fn main(href: impl Into<String>, text: impl Into<String>) -> Self {
        Self { is_main: true, ..Self::new(href, text) }
    }
}

/// One step of a story.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// When; none where it is not known.
    pub(crate) at: Option<String>,
    pub(crate) what: String,
    pub(crate) why: String,
    pub(crate) now: String,
}

/// The content of a page, which grows part by part.
#[derive(Debug, Default)]
pub(crate) struct Body {
    html: String,
}

#[derive(Template)]
#[template(path = "app/kit/heading.html")]
struct Heading<'a> {
    id: String,
    text: &'a str,
}

#[derive(Template)]
#[template(path = "app/kit/say.html")]
struct Say<'a> {
    text: &'a str,
}

#[derive(Template)]
#[template(path = "app/kit/note.html")]
struct Note<'a> {
    tone: Tone,
    title: &'a str,
    text: &'a str,
}

#[derive(Template)]
#[template(path = "app/kit/links.html")]
struct Links<'a> {
    links: &'a [Link],
}

#[derive(Template)]
#[template(path = "app/kit/facts.html")]
struct Facts<'a> {
    facts: &'a [(String, Cell)],
}

#[derive(Template)]
#[template(path = "app/kit/story.html")]
struct Story<'a> {
    steps: &'a [Told],
}

#[derive(Template)]
#[template(path = "app/kit/picture.html")]
struct Drawn<'a> {
    picture: &'a Picture,
}

#[derive(Template)]
#[template(path = "app/kit/texts.html")]
struct Texts<'a> {
    texts: &'a [Bubble],
}

/// A text as a phone shows it.
#[derive(Debug, Clone)]
pub(crate) struct Bubble {
    /// The person wrote it.
    pub(crate) is_theirs: bool,
    /// Above it: the writer, or the person that would get it.
    pub(crate) head: String,
    /// The words.
    pub(crate) body: String,
    /// Below it: state, reason and time.
    pub(crate) foot: String,
}

#[derive(Template)]
#[template(path = "app/kit/live.html")]
struct Live<'a> {
    id: &'a str,
    from: &'a str,
    seconds: u32,
    is_over: bool,
    html: &'a str,
}

#[derive(Template)]
#[template(path = "app/kit/later.html")]
struct Later<'a> {
    id: &'a str,
    from: &'a str,
    html: &'a str,
}

#[derive(Template)]
#[template(
    source = r#"<input type="hidden" id="{{ id }}" name="version" value="{{ version }}" hx-swap-oob="true">"#,
    ext = "html"
)]
struct Version<'a> {
    id: &'a str,
    version: i32,
}

#[derive(Template)]
#[template(path = "app/kit/fold.html")]
struct Fold<'a> {
    title: &'a str,
    html: &'a str,
}

impl Body {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Returns the markup.
    pub(crate) fn finish(self) -> String {
        self.html
    }

    /// Adds a heading. Its words are its id.
    pub(crate) fn heading(&mut self, text: &str) -> &mut Self {
        self.put(&Heading { id: slug(text), text })
    }

    /// Adds a sentence.
    pub(crate) fn say(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.put(&Say { text: text.as_ref() })
    }

    /// Adds a box that is seen first.
    pub(crate) fn note(&mut self, tone: Tone, title: &str, text: impl AsRef<str>) -> &mut Self {
        self.put(&Note { tone, title, text: text.as_ref() })
    }

    /// Adds a box with the words on a state.
    pub(crate) fn words(&mut self, tone: Tone, words: &Words) -> &mut Self {
        self.note(tone, words.what, format!("{} {}", words.why, words.now))
    }

    /// Adds ways on from here.
    pub(crate) fn links(&mut self, links: &[Link]) -> &mut Self {
        self.put(&Links { links })
    }

    /// Adds names and values.
    pub(crate) fn facts(&mut self, facts: &[(String, Cell)]) -> &mut Self {
        self.put(&Facts { facts })
    }

    /// Adds a story in its order.
    pub(crate) fn story(&mut self, steps: &[Told]) -> &mut Self {
        self.put(&Story { steps })
    }

    /// Adds a picture with its table.
    pub(crate) fn picture(&mut self, picture: &Picture) -> &mut Self {
        self.put(&Drawn { picture })
    }

    /// Adds texts as phones show them.
    pub(crate) fn texts(&mut self, texts: &[Bubble]) -> &mut Self {
        self.put(&Texts { texts })
    }

    /// Adds a table.
    pub(crate) fn table(&mut self, table: &Table) -> &mut Self {
        self.put(table)
    }

    /// Adds a form.
    pub(crate) fn form(&mut self, form: &Form) -> &mut Self {
        self.put(form)
    }

    /// Adds a button with its sentence.
    pub(crate) fn act(&mut self, act: &Act) -> &mut Self {
        self.put(act)
    }

    /// Adds parts that are asked for again every two seconds until they are over. Nothing in them
    /// can be pressed meanwhile.
    pub(crate) fn live(&mut self, id: &str, from: &str, is_over: bool, parts: &Self) -> &mut Self {
        self.put(&Live { id, from, seconds: 2, is_over, html: &parts.html })
    }

    /// The same, every quarter of a minute.
    pub(crate) fn slow(&mut self, id: &str, from: &str, is_over: bool, parts: &Self) -> &mut Self {
        self.put(&Live { id, from, seconds: 15, is_over, html: &parts.html })
    }

    /// Adds parts that come after the page, because they read the people of a whole group or goal.
    /// `until` is seen before: a table without its figures, or nothing.
    pub(crate) fn later(&mut self, id: &str, from: &str, until: &Self) -> &mut Self {
        self.put(&Later { id, from, html: &until.html })
    }

    /// Adds the version that a form edits, in the place of the one that it was filled with.
    pub(crate) fn version(&mut self, id: &str, version: i32) -> &mut Self {
        self.put(&Version { id, version })
    }

    /// Adds a part with a template of its own.
    pub(crate) fn template(&mut self, part: &impl Template) -> &mut Self {
        self.put(part)
    }

    /// Puts parts before those that are there.
    pub(crate) fn before(&mut self, first: &Self) {
        self.html.insert_str(0, &first.html);
    }

    /// Adds parts that are folded away.
    pub(crate) fn fold(&mut self, title: &str, parts: &Self) -> &mut Self {
        self.put(&Fold { title, html: &parts.html })
    }

    fn put(&mut self, part: &impl Template) -> &mut Self {
        match part.render() {
            Ok(html) => self.html.push_str(&html),
            Err(error) => tracing::error!(%error, "a part of a page cannot be made"),
        }
        self
    }
}

/// Returns words as an id in the page.
pub(crate) fn slug(text: &str) -> String {
    let letters =
        text.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' });
    letters.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_person_wrote_becomes_markup() {
        let evil = r#"<img src=x onerror="a()">'&"#;
        let mut body = Body::new();
        body.heading(evil).say(evil).note(Tone::Bad, evil, evil).links(&[Link::main(evil, evil)]);
        body.facts(&[(evil.to_owned(), Cell::text(evil)), ("b".to_owned(), Cell::link("/a", evil))]);
        body.story(&[Told {
            at: Some(evil.to_owned()),
            what: evil.to_owned(),
            why: evil.to_owned(),
            now: evil.to_owned(),
        }]);
        let bubble = Bubble { is_theirs: true, head: evil.to_owned(), body: evil.to_owned(), foot: evil.to_owned() };
        body.texts(&[bubble]);
        let mut table = Table::new(evil, &["a"], evil);
        table.row(vec![Cell::text(evil)]);
        body.table(&table);
        let field = Field { error: Some(evil.to_owned()), ..Field::text("n", evil).value(evil) };
        let form = Form::new("f", "/a", evil).add(field);
        body.form(&form).act(&Act::new("a", "/a", evil).sure(evil).with("x", evil));
        let html = body.finish();
        assert!(!html.contains("<img") && !html.contains("onerror=\""), "{html}");
    }

    #[test]
    fn parts_keep_the_strict_policy_and_their_names() {
        let mut body = Body::new();
        let mut table = Table::new("People", &["Name"], "Nobody yet.");
        table.row(vec![Cell::text("Ada")]);
        body.later("count", "/x?a=1&b=2", &Body::new());
        body.heading("Who's there")
            .table(&table)
            .form(&Form::new("find", "/x", "Find").add(Field::text("name", "Name")));
        let html = body.finish();
        assert!(!html.contains("style=") && !html.contains("<script") && !html.contains(" onclick"), "{html}");
        assert!(html.contains(r#"for="find-name""#) && html.contains(r#"id="find-name""#), "{html}");
        assert!(html.contains(r#"hx-get="/x?a=1&#38;b=2" hx-trigger="load""#), "{html}");
        assert!(html.contains("<caption") && html.contains(r#"scope="col""#), "{html}");
        assert!(html.contains(r#"id="who-s-there""#), "{html}");
    }
}
