//! Tables, and the cells of tables and facts.

use askama::Template;

use super::{Act, Link, Tone};
use crate::{app::when, pictures, words::states::Words};

/// A value as a page shows it.
#[derive(Debug, Clone)]
pub(crate) enum Cell {
    /// Words.
    Text(String),
    /// A number, at the right.
    Number(i64),
    /// An instant; a browser shows it in the reader's own time.
    Time(String),
    /// A way to another page.
    Link(Link),
    /// A state, with the sentence about it.
    State { tone: Tone, what: String, why: String },
    /// Buttons.
    Acts(Vec<Act>),
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A value, or a dash where there is none.
    pub(crate) fn some(text: Option<&str>) -> Self {
        Self::Text(text.filter(|text| !text.is_empty()).unwrap_or("–").to_owned())
    }

    pub(crate) fn link(href: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Link(Link::new(href, text))
    }

    /// An instant, or a dash.
    pub(crate) fn time(at: Option<&str>) -> Self {
        at.map_or_else(|| Self::text("–"), |at| Self::Time(at.to_owned()))
    }

    /// The words on a state.
    pub(crate) fn state(tone: Tone, words: &Words) -> Self {
        Self::State { tone, what: words.what.to_owned(), why: words.why.to_owned() }
    }

    /// Numbers; a sign for each where they are counted later.
    pub(crate) fn counted<const N: usize>(numbers: Option<[i64; N]>) -> [Self; N] {
        numbers.map_or_else(|| std::array::from_fn(|_| Self::text("…")), |numbers| numbers.map(Self::Number))
    }

    pub(super) fn number(&self) -> String {
        match self {
            Self::Number(number) => pictures::number(*number),
            Self::Text(_) | Self::Time(_) | Self::Link(_) | Self::State { .. } | Self::Acts(_) => String::new(),
        }
    }

    fn is_number(&self) -> bool {
        matches!(self, Self::Number(_))
    }
}

/// A table. It scrolls by itself where it is wider than the screen.
#[derive(Debug, Template)]
#[template(path = "app/kit/table.html")]
pub(crate) struct Table {
    caption: String,
    heads: Vec<String>,
    rows: Vec<Vec<Cell>>,
    /// The next step, where there is no row.
    empty: String,
    /// The next page.
    more: Option<String>,
}

impl Table {
    pub(crate) fn new(caption: impl Into<String>, heads: &[&str], empty: impl Into<String>) -> Self {
        let heads = heads.iter().map(|&head| head.to_owned()).collect();
        Self { caption: caption.into(), heads, rows: Vec::new(), empty: empty.into(), more: None }
    }

    pub(crate) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// Leads to the next page of the list, if there is one.
    pub(crate) fn more(&mut self, href: Option<String>) {
        self.more = href;
    }

    /// Returns the cells of a row, each with the name of its column.
    fn cells<'t>(&'t self, row: &'t [Cell]) -> impl Iterator<Item = (&'t str, &'t Cell)> {
        self.heads.iter().map(String::as_str).zip(row)
    }
}
