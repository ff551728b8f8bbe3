//! Tables for people: columns as wide as their cells, parted by blanks.

use crate::visible::visible;
use comfy_table::{CellAlignment, ContentArrangement, Table as Drawn, presets::NOTHING};

use crate::out::say;

/// Blanks between two columns.
const GAP: u16 = 2;

/// A table in the making.
pub(crate) struct Table {
    drawn: Drawn,
    /// Of each column: whether its cells are aligned to the right.
    right: Vec<bool>,
}

impl Table {
    /// Makes a table of these columns under their names. A name after `>` is of a column of
    /// numbers, which is aligned to the right.
    pub(crate) fn with_names<const N: usize>(names: [&str; N]) -> Self {
        let mut table = Self::of(names.map(|name| name.starts_with('>')));
        table.drawn.set_header(names.map(|name| name.trim_start_matches('>')));
        table
    }

    /// Makes a table without names; `right` says of each column whether it is aligned to the right.
    pub(crate) fn of<const N: usize>(right: [bool; N]) -> Self {
        let mut drawn = Drawn::new();
        drawn.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        Self { drawn, right: right.to_vec() }
    }

    /// Adds a row. Cells may hold the words of strangers: control characters are shown.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.drawn.add_row(cells.map(|cell| visible(&cell).into_owned()));
    }

    /// Prints the table, each line after `indent`.
    pub(crate) fn print(self, indent: &str) -> anyhow::Result<()> {
        for line in self.lines() {
            say!("{indent}{line}")?;
        }
        Ok(())
    }

    fn lines(mut self) -> Vec<String> {
        if self.drawn.is_empty() && self.drawn.header().is_none() {
            return Vec::new();
        }
        for (index, right) in self.right.iter().enumerate() {
            let Some(column) = self.drawn.column_mut(index) else { continue };
            column.set_padding((0, GAP));
            if *right {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        self.drawn.trim_fmt().lines().map(ToOwned::to_owned).collect()
    }
}
