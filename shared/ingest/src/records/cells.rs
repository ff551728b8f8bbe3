//! The cells of a record, as stretches of the text that they stand in.

use memchr::{memchr, memchr_iter};

use super::Cells;

/// One cell: its bytes in the text, without the quotes around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// Where it begins.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// Quotes in it are doubled.
    pub doubled: bool,
}

/// Collects a record's cells up to a limit, and counts the others.
#[derive(Debug)]
pub struct Collected {
    delimiter: u8,
    limit: usize,
    cells: Vec<Cell>,
    count: usize,
    doubled: bool,
    more: bool,
}

impl Collected {
    /// Collects at most `limit` cells of a record.
    pub fn new(delimiter: u8, limit: usize) -> Self {
        Self { delimiter, limit, cells: Vec::new(), count: 0, doubled: false, more: false }
    }

    /// Returns the record's first cells.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Returns how many cells it has.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Returns whether there is a doubled quote in any of the first cells.
    pub fn doubled(&self) -> bool {
        self.doubled
    }

    /// Returns whether any cell behind the first ones holds more than spaces.
    pub fn more(&self) -> bool {
        self.more
    }

    fn take(&mut self, text: &[u8], cell: Cell) {
        self.count += 1;
        if self.cells.len() < self.limit {
            self.doubled |= cell.doubled;
            self.cells.push(cell);
        } else {
            self.more |= !text[cell.from..cell.to].trim_ascii().is_empty();
        }
    }
}

impl Cells for Collected {
    fn begin(&mut self) {
        self.cells.clear();
        (self.count, self.doubled, self.more) = (0, false, false);
    }

    fn plain(&mut self, text: &[u8], from: usize, to: usize) {
        let mut start = from;
        for offset in memchr_iter(self.delimiter, &text[from..to]) {
            self.take(text, Cell { from: start, to: from + offset, doubled: false });
            start = from + offset + 1;
        }
        self.take(text, Cell { from: start, to, doubled: false });
    }

    fn quoted(&mut self, text: &[u8], from: usize, to: usize, doubled: bool) {
        self.take(text, Cell { from, to, doubled });
    }
}

/// Writes a cell's value with each doubled quote once.
pub(crate) fn undouble(mut cell: &[u8], out: &mut Vec<u8>) {
    while let Some(quote) = memchr(b'"', cell) {
        out.extend_from_slice(&cell[..=quote]);
        cell = cell.get(quote + 2..).unwrap_or_default();
    }
    out.extend_from_slice(cell);
}
