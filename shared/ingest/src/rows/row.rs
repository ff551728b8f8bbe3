//! A row that can be imported, borrowed from the reader.

use std::borrow::Cow;

use crate::{headers::Column, stated_opt_out::Asks};
use muster_domain::people::{e164::E164, postal_codes};

use super::{Doubts, is_null};
use crate::{header::Header, records::Cell};

/// One contact, as a row of the file has it. `Debug` shows only where it is (rule R5).
pub struct Row<'a> {
    /// The file's line on which it begins, from 1.
    pub line: u64,
    /// The phone.
    pub e164: E164,
    /// A column states that the person has opted out of texts (rule C17).
    pub opted_out: bool,
    /// Its doubts.
    pub doubts: Doubts,
    pub(super) header: &'a Header,
    pub(super) places: &'a Places,
    pub(super) values: Values<'a>,
}

/// Where known columns are.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) phone: Option<usize>,
    pub(super) first_name: Option<usize>,
    pub(super) last_name: Option<usize>,
    pub(super) email: Option<usize>,
    pub(super) postal_code: Option<usize>,
    pub(super) notes: Option<usize>,
    pub(super) external_id: Option<usize>,
    pub(super) assigned_agent: Option<usize>,
    pub(super) tags: Vec<usize>,
    pub(super) custom: Vec<usize>,
    /// Columns that state opt-outs, and how.
    pub(super) opt_outs: Vec<(usize, Asks)>,
}

/// The cells of a row: as they stand in the text, or rewritten.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    pub(super) text: &'a str,
    /// The text's place in the positions of the cells.
    pub(super) base: usize,
    pub(super) cells: &'a [Cell],
    pub(super) scratch: &'a str,
    /// Where each rewritten cell ends; empty if none is.
    pub(super) ends: &'a [usize],
}

impl<'a> Values<'a> {
    /// Returns a cell; blank where a short row has none.
    pub(super) fn cell(&self, index: usize) -> &'a str {
        let cell = if let Some(end) = self.ends.get(index) {
            let from = if index == 0 { 0 } else { self.ends[index - 1] };
            self.scratch.get(from..*end)
        } else {
            self.cells.get(index).and_then(|cell| self.text.get(cell.from - self.base..cell.to - self.base))
        };
        cell.unwrap_or_default()
    }

    /// Returns a cell's value: trimmed, and blank for a null.
    pub(super) fn value(&self, index: usize) -> &'a str {
        let cell = self.cell(index);
        // Most cells have nothing to trim.
        let value = match cell.as_bytes() {
            [b'!'..=b'~'] | [b'!'..=b'~', .., b'!'..=b'~'] => cell,
            _ => cell.trim(),
        };
        if is_null(value.as_bytes()) { "" } else { value }
    }
}

impl<'a> Row<'a> {
    fn known(&self, place: Option<usize>) -> Option<&'a str> {
        place.map(|index| self.values.value(index)).filter(|value| !value.is_empty())
    }

    /// Given name, may be blank.
    pub fn first_name(&self) -> &'a str {
        self.known(self.places.first_name).unwrap_or_default()
    }

    /// Family name, may be blank.
    pub fn last_name(&self) -> &'a str {
        self.known(self.places.last_name).unwrap_or_default()
    }

    /// E-mail address, as written.
    pub fn email(&self) -> Option<&'a str> {
        self.known(self.places.email)
    }

    /// Postal code, cleaned as far as it can be read (rule S5).
    pub fn postal_code(&self) -> Option<Cow<'a, str>> {
        self.known(self.places.postal_code).map(postal_codes::clean)
    }

    /// Notes for agents.
    pub fn notes(&self) -> Option<&'a str> {
        self.known(self.places.notes)
    }

    /// Returns the caller's own id of the person.
    pub fn external_id(&self) -> Option<&'a str> {
        self.known(self.places.external_id)
    }

    /// Returns the e-mail address of the contact's agent, as written.
    pub fn assigned_agent(&self) -> Option<&'a str> {
        self.known(self.places.assigned_agent)
    }

    /// Returns the custom fields that have a value, with their names.
    pub fn fields(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let (header, values) = (self.header, self.values);
        self.places.custom.iter().filter_map(move |index| match &header.columns[*index] {
            Column::Custom(name) => Some((name.as_str(), values.value(*index))).filter(|(_, value)| !value.is_empty()),
            _ => None,
        })
    }

    /// The same by their number among the file's custom fields, from 0.
    pub fn numbered_fields(&self) -> impl Iterator<Item = (usize, &'a str)> {
        let values = self.values;
        let fields = self.places.custom.iter().map(move |index| values.value(*index));
        fields.enumerate().filter(|(_, value)| !value.is_empty())
    }

    /// Returns every value of the row with the name of its column in the file, also of columns that
    /// an import leaves out.
    pub fn cells(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let values = self.values;
        let named = self.header.names.iter().enumerate();
        named.map(move |(index, name)| (name.as_str(), values.value(index))).filter(|(_, value)| !value.is_empty())
    }

    /// Returns the tags of the row's tag columns, as often as they are written.
    pub fn tags(&self) -> impl Iterator<Item = &'a str> {
        let values = self.values;
        let cells = self.places.tags.iter().map(move |index| values.value(*index));
        cells.flat_map(tags)
    }
}

/// Returns the tags of a cell.
pub(super) fn tags(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([',', ';']).map(str::trim).filter(|tag| !tag.is_empty())
}

impl std::fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Row").field("line", &self.line).finish_non_exhaustive()
    }
}
