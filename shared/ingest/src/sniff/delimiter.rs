//! Which character parts a file's cells: comma, semicolon, tab or bar (rule C3).
//!
//! Excel's `sep=` line decides if there is one. Else each candidate reads the first records: best
//! is the one under which most header names are recognised, then the one under which most rows have
//! as many cells as the header, then the one with most columns.

use crate::headers::{canonical, recognised};

use crate::{
    Refused,
    header::Names,
    records::{Collected, Shape, Splitter},
};

/// In the order of how usual they are.
const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Records behind the header that are looked at.
const SAMPLE_ROWS: usize = 50;

/// Returns the delimiter that the first line names, if it does nothing else.
pub(super) fn sep_line(text: &[u8]) -> Result<Option<u8>, Refused> {
    let line = text.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    let line = line.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(line);
    match line {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] if CANDIDATES.contains(delimiter) => {
            Ok(Some(*delimiter))
        }
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] => Err(Refused(format!(
            "the file's first line says that {:?} parts its cells; only comma, semicolon, tab and bar are read",
            char::from(*delimiter)
        ))),
        _ => Ok(None),
    }
}

/// Returns the best delimiter for this text, which is a `whole` file or the beginning of one.
pub(super) fn delimiter(text: &[u8], whole: bool) -> u8 {
    let best = CANDIDATES.iter().rev().max_by_key(|delimiter| score(text, **delimiter, whole));
    *best.unwrap_or(&CANDIDATES[0])
}

/// Names recognised, consistency in percent, columns; nothing for a delimiter that does not part
/// the header.
fn score(text: &[u8], delimiter: u8, whole: bool) -> (usize, usize, usize) {
    let mut splitter = Splitter::new(text, Shape { delimiter, columns: 0 }, 1);
    let Ok(names) = Names::read(&mut splitter) else { return (0, 0, 0) };
    let columns = names.0.len();
    splitter.set_columns(columns);
    if columns < 2 {
        return (0, 0, 0);
    }
    let known = names.0.iter().filter(|name| recognised(&canonical(name)).is_some()).count();
    let (mut rows, mut alike, mut cells) = (0, 0, Collected::new(delimiter, 0));
    while rows < SAMPLE_ROWS {
        let Ok(Some(record)) = splitter.next(&mut cells) else { break };
        // The end of the head cuts the last record.
        if !whole && splitter.offset() == text.len() as u64 {
            break;
        }
        rows += 1;
        alike += usize::from(record.broken.is_none() && cells.count() == columns);
    }
    (known, (alike * 100).checked_div(rows).unwrap_or(100), columns)
}
