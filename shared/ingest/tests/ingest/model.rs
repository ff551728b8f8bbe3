//! The rules for records once more, as simply as they can be written: character by character, the
//! whole text in memory. The fast machine must agree with it on every text.

use proptest::{prelude::*, sample::select};

use muster_ingest::{
    limits::{MAX_LINES, MAX_QUOTED, MAX_RECORD},
    records::{Broken, Collected, Shape, Splitter},
};

use crate::support::Dribble;

/// A record: its line, and its cells or its fault.
type Record = (u64, Result<Vec<Vec<u8>>, Broken>);

fn at(text: &[u8], index: usize) -> Option<u8> {
    text.get(index).copied()
}

/// Length of the line end at an index.
fn line_end(text: &[u8], index: usize) -> usize {
    match (at(text, index), at(text, index + 1)) {
        (Some(b'\r'), Some(b'\n')) => 2,
        (Some(b'\r' | b'\n'), _) => 1,
        _ => 0,
    }
}

/// Bytes of the blanks that a text begins with.
fn blanks(text: &[u8], delimiter: u8) -> usize {
    let seen = text.iter().position(u8::is_ascii_graphic).unwrap_or(text.len());
    let readable = text[..seen].utf8_chunks().next().map_or("", |chunk| chunk.valid());
    let is_blank = |c: &char| {
        let hidden = muster_domain::cell::is_invisible(*c);
        *c != char::from(delimiter) && !matches!(c, '\n' | '\r') && (c.is_whitespace() || hidden)
    };
    readable.chars().take_while(is_blank).map(char::len_utf8).sum()
}

/// Returns where the quote stands that opens the cell which begins here.
fn opening(text: &[u8], delimiter: u8) -> Option<usize> {
    let mut index = blanks(text, delimiter);
    if at(text, index) == Some(b'=') {
        index += 1;
    }
    (at(text, index) == Some(b'"')).then_some(index)
}

/// Returns the record that begins here: its cells and the beginning of its line end, if it is
/// whole; else the first fault found.
fn whole(text: &[u8], start: usize, shape: Shape) -> Result<(Vec<Vec<u8>>, usize), Broken> {
    let unless_too_long = |broken, at: usize| if at - start > MAX_RECORD { Broken::TooLong } else { broken };
    let (mut cells, mut quoted, mut index) = (Vec::new(), Vec::new(), start);
    let delimiter = shape.delimiter;
    loop {
        let mut cell = Vec::new();
        if let Some(quote) = opening(&text[index..], delimiter) {
            index += quote + 1;
            let open = index;
            loop {
                if index - open > MAX_QUOTED || index == text.len() {
                    return Err(unless_too_long(Broken::Unclosed, index));
                }
                match text[index] {
                    b'"' if at(text, index + 1) == Some(b'"') => {
                        cell.push(b'"');
                        index += 2;
                    }
                    b'"' => break,
                    byte => {
                        cell.push(byte);
                        index += 1;
                    }
                }
            }
            quoted.push((cells.len(), &text[open..index]));
            index += 1;
            index += blanks(&text[index..], delimiter);
        } else {
            while let Some(byte) = at(text, index).filter(|byte| *byte != delimiter && *byte != b'\n' && *byte != b'\r')
            {
                cell.push(byte);
                index += 1;
            }
        }
        cells.push(cell);
        match at(text, index) {
            None | Some(b'\n' | b'\r') => break,
            Some(byte) if byte == delimiter => index += 1,
            Some(_) => return Err(unless_too_long(Broken::Malformed, index)),
        }
    }
    if index - start > MAX_RECORD {
        return Err(Broken::TooLong);
    }
    let lines = count_lines(&text[start..index]);
    if lines > MAX_LINES || lines > 1 && doubtful(&text[start..index], &quoted, cells.len(), shape) {
        return Err(Broken::Unclosed);
    }
    Ok((cells, index))
}

/// Does a record of several lines and so many cells, of which these are quoted, look as if it had
/// swallowed a row?
fn doubtful(record: &[u8], quoted: &[(usize, &[u8])], cells: usize, Shape { delimiter, columns }: Shape) -> bool {
    let lines = |text: &[u8]| -> Vec<String> {
        let text: String = text.iter().map(|byte| char::from(*byte)).collect();
        text.replace("\r\n", "\n").split(['\n', '\r']).map(str::to_owned).collect()
    };
    // Columns that a line would have if the quotes were none.
    let columns_of = |line: &String| line.matches(char::from(delimiter)).count() + 1;
    let has_phone = |line: &&String| {
        line.split(char::from(delimiter)).any(|cell| cell.chars().filter(char::is_ascii_digit).count() >= 10)
    };
    let within = |(_, cell): &(usize, &[u8])| match &lines(cell)[..] {
        [_, within @ .., _] => within.iter().filter(has_phone).any(|line| columns_of(line) >= columns),
        _ => false,
    };
    let across = |(nth, cell): &(usize, &[u8])| match &lines(cell)[..] {
        [first, .., last] => nth + columns_of(first) >= columns && columns_of(last) + cells - nth > columns,
        _ => false,
    };
    let all = lines(record);
    let could_be_row = |line: &&String| has_phone(line) && columns_of(line) > 2;
    columns > 1
        && all[1..].iter().any(|line| could_be_row(&line))
        && (quoted.iter().any(within) || has_phone(&&all[0]) && (cells < columns || quoted.iter().any(across)))
}

fn count_lines(text: &[u8]) -> u64 {
    let (mut lines, mut index) = (1, 0);
    while index < text.len() {
        let end = line_end(text, index);
        lines += u64::from(end > 0);
        index += end.max(1);
    }
    lines
}

fn model(text: &[u8], shape: Shape) -> Vec<Record> {
    let (mut records, mut index, mut line) = (Vec::new(), 0, 1);
    while index < text.len() {
        let first_end = (index..text.len()).find(|end| line_end(text, *end) > 0).unwrap_or(text.len());
        let (outcome, end) = match whole(text, index, shape) {
            Ok((cells, end)) => (Ok(cells), end),
            // It is its first line alone, and that is its fault.
            Err(_) => (whole(&text[..first_end], index, shape).map(|_| Vec::new()), first_end),
        };
        if end > index {
            records.push((line, outcome));
        }
        line += count_lines(&text[index..end]);
        index = end + line_end(text, end);
    }
    records
}

fn fast(text: &[u8], shape: Shape, block: usize) -> Vec<Record> {
    let mut splitter = Splitter::new(Dribble(text, block), shape, 1);
    let mut cells = Collected::new(shape.delimiter, 10_000);
    let mut records = Vec::new();
    while let Some(record) = splitter.next(&mut cells).unwrap() {
        let value = |cell: &muster_ingest::records::Cell| {
            let bytes = splitter.buffer()[cell.from..cell.to].to_vec();
            let text = String::from_utf8(bytes).unwrap();
            if cell.doubled { text.replace("\"\"", "\"").into_bytes() } else { text.into_bytes() }
        };
        records.push((
            record.line,
            match record.broken {
                Some(broken) => Err(broken),
                None => Ok(cells.cells().iter().map(value).collect()),
            },
        ));
    }
    records
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn c3_the_machine_and_the_model_agree(
        pieces in prop::collection::vec(select(vec!["\"", "\"", "\"\"", ",", ",", ";", "\n", "\r", "\r\n", " ", " ", "=", "\u{a0}", "\u{3000}", "\u{200b}", " \"", ", \"", "\" ,", "a", "bc", "\0", "é", "\t", "2125550001", "2125550002"]), 0..60),
        block in 1_usize..9,
        delimiter in select(vec![b',', b',', b';', b'\t', b'|']),
        columns in 0_usize..5,
    ) {
        let text = pieces.concat();
        let shape = Shape { delimiter, columns };
        prop_assert_eq!(fast(text.as_bytes(), shape, block), model(text.as_bytes(), shape), "{:?}", text);
    }
}

#[test]
fn c3_the_machine_and_the_model_agree_on_what_is_large() {
    let many = usize::try_from(MAX_LINES).unwrap();
    for text in [
        format!("a,\"{}\nb\"c\n", "x".repeat(MAX_QUOTED)),
        format!("a,\"{}\"\nb\n", "x\n".repeat(many)),
        format!("a,\"{}\"\nb\n", "x\n".repeat(many - 1)),
        format!("\"{}\",\"{}\"\r\nb", "x\r\n".repeat(many / 2), "y\r".repeat(many / 2)),
        format!("a{}\r\n\"b\"", "x".repeat(MAX_RECORD - 1)),
        format!("a{}\r\n\"b\"", "x".repeat(MAX_RECORD)),
        format!("a{}", "x".repeat(2 * MAX_RECORD)),
        format!("\"{}\"x\n{}\"b\"", "x".repeat(MAX_QUOTED + 2), "x".repeat(MAX_RECORD)),
    ] {
        for (block, columns) in [(100_000, 0), (1_000_003, 2)] {
            let shape = Shape { delimiter: b',', columns };
            assert!(fast(text.as_bytes(), shape, block) == model(text.as_bytes(), shape), "{}…", &text[..20]);
        }
    }
}
