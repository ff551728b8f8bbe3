//! The files that are uploaded, with the dirt that such files have (rules C2 to C7), and the result
//! that an import must have.

use std::collections::BTreeMap;

use fastrand::Rng;

use super::people::{People, Person};

/// The counters of an import (rule C7).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) rows_read: i64,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    pub(crate) unchanged: i64,
    pub(crate) merged: i64,
    pub(crate) rejected: i64,
    pub(crate) reject_reasons: BTreeMap<String, i64>,
}

impl Counters {
    /// Returns whether every row ended in exactly one counter.
    pub(crate) fn add_up(&self) -> bool {
        self.created + self.updated + self.unchanged + self.merged + self.rejected == self.rows_read
            && self.reject_reasons.values().sum::<i64>() == self.rejected
    }

    /// Returns the counters that the same file must give when it is uploaded again.
    pub(crate) fn again(&self) -> Self {
        Self { created: 0, unchanged: self.created, ..self.clone() }
    }
}

/// A file with its report to be.
#[derive(Debug, Clone)]
pub(crate) struct ContactFile {
    pub(crate) name: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) expected: Counters,
    /// Every person in it, whether the row is good or not.
    pub(crate) people: Vec<Person>,
}

#[derive(Debug, Clone, Copy)]
enum Column {
    First,
    Last,
    Phone,
    Email,
    Zip,
    Notes,
    Id,
    Ward,
    Tags,
}

#[derive(Debug, Clone, Copy)]
enum Encoding {
    Utf8,
    Utf8WithMark,
    Utf16,
    Windows1252,
}

/// How one of the files is written.
struct Style {
    name: &'static str,
    kind: &'static str,
    columns: &'static [(&'static str, Column)],
    encoding: Encoding,
    delimiter: &'static str,
    newline: &'static str,
}

const STYLES: [Style; 6] = [
    Style {
        name: "walk list.csv",
        kind: "UTF-8 with a byte-order mark, commas",
        columns: &[
            ("FirstName", Column::First),
            ("LastName", Column::Last),
            ("Cell Phone", Column::Phone),
            ("Email", Column::Email),
            ("Zip_Code", Column::Zip),
        ],
        encoding: Encoding::Utf8WithMark,
        delimiter: ",",
        newline: "\n",
    },
    Style {
        name: "peach export.csv",
        kind: "UTF-8, semicolons, CRLF",
        columns: &[
            ("first name", Column::First),
            ("last name", Column::Last),
            ("Pref Phone ", Column::Phone),
            ("Notes", Column::Notes),
            ("Ward", Column::Ward),
        ],
        encoding: Encoding::Utf8,
        delimiter: ";",
        newline: "\r\n",
    },
    Style {
        name: "van.csv",
        kind: "Windows-1252, commas, CRLF",
        columns: &[
            ("Voter File VANID", Column::Id),
            ("First", Column::First),
            ("Last", Column::Last),
            ("mobile", Column::Phone),
            ("zip_code", Column::Zip),
        ],
        encoding: Encoding::Windows1252,
        delimiter: ",",
        newline: "\r\n",
    },
    Style {
        name: "spreadsheet.txt",
        kind: "UTF-16, tabs",
        columns: &[
            ("Given Name", Column::First),
            ("surname", Column::Last),
            ("phoneNumber", Column::Phone),
            ("Tags", Column::Tags),
            ("", Column::Ward),
        ],
        encoding: Encoding::Utf16,
        delimiter: "\t",
        newline: "\r\n",
    },
    Style {
        name: "events.psv",
        kind: "UTF-8, pipes",
        columns: &[
            ("LNAME", Column::Last),
            ("FNAME", Column::First),
            ("can2_phone", Column::Phone),
            ("email_address", Column::Email),
            ("Precinct", Column::Ward),
        ],
        encoding: Encoding::Utf8,
        delimiter: "|",
        newline: "\n",
    },
    Style {
        name: "volunteers.csv",
        kind: "UTF-8, commas, nulls of a database",
        columns: &[
            ("first_name", Column::First),
            ("last_name", Column::Last),
            ("CellPhone", Column::Phone),
            ("notes", Column::Notes),
            ("postal code", Column::Zip),
        ],
        encoding: Encoding::Utf8,
        delimiter: ",",
        newline: "\n",
    },
];

/// People of a file in rows that come twice.
const REPEATED: usize = 12;

/// Writes the six files, one for each area code, with so many contacts together.
pub(crate) fn files(area_codes: [&'static str; 6], contacts: usize, seed: u64) -> Vec<ContactFile> {
    let each = contacts.div_ceil(STYLES.len()).max(2 * REPEATED);
    STYLES.iter().zip(area_codes).map(|(style, area_code)| style.write(area_code, each, seed)).collect()
}

impl Style {
    fn write(&self, area_code: &'static str, contacts: usize, seed: u64) -> ContactFile {
        let mut source = People::new(area_code, seed);
        let mut dice = Rng::with_seed(seed.wrapping_add(0x00c0_ffee));
        let mut people: Vec<Person> = (0..contacts).map(|_| source.person()).collect();
        let mut lines: Vec<String> = people
            .iter()
            .enumerate()
            .map(|(index, person)| self.line(person, index, &dress(&person.phone, index)))
            .collect();
        let mut expected = Counters { created: count(contacts), ..Counters::default() };

        // The same number further down: the last row wins.
        for index in 0..REPEATED {
            let again = Person { last_name: source.person().last_name, ..people[index].clone() };
            lines.push(self.line(&again, index + 1, &dress(&again.phone, index + 1)));
            people.push(again);
            expected.merged += 1;
        }
        for (cell, reason) in spoilt(&mut source) {
            let person = source.person();
            let at = dice.usize(..lines.len());
            lines.insert(at, self.line(&person, 1, &cell));
            people.push(person);
            *expected.reject_reasons.entry(reason.to_owned()).or_default() += 1;
        }
        // More cells than the header has.
        for _ in 0..2 {
            let person = source.person();
            let wide = format!("{}{d}one{d}two", self.line(&person, 1, &person.phone), d = self.delimiter);
            lines.insert(dice.usize(..lines.len()), wide);
            people.push(person);
            *expected.reject_reasons.entry("too_many_columns".to_owned()).or_default() += 1;
        }
        expected.rejected = expected.reject_reasons.values().sum();
        expected.rows_read = expected.created + expected.merged + expected.rejected;
        // Lines without anything are no rows.
        for blank in [String::new(), String::new(), self.delimiter.repeat(self.columns.len() - 1)] {
            lines.insert(dice.usize(..lines.len()), blank);
        }

        let header: Vec<String> = self.columns.iter().map(|(name, _)| self.cell(name)).collect();
        lines.insert(0, header.join(self.delimiter));
        let text = lines.join(self.newline) + self.newline + self.newline;
        ContactFile { name: self.name, kind: self.kind, bytes: self.encoding.bytes(&text), expected, people }
    }

    /// Returns a row; some are ragged and end with the last cell that is needed.
    fn line(&self, person: &Person, index: usize, phone: &str) -> String {
        let cells = self.columns.iter().map(|(_, column)| match column {
            Column::First => person.first_name.to_owned(),
            Column::Last => person.last_name.clone(),
            Column::Phone => phone.to_owned(),
            Column::Email => format!("{}@example.org", person.last_name.to_lowercase()),
            Column::Zip if index.is_multiple_of(23) => "NULL".to_owned(),
            Column::Zip => person.postal_code.clone(),
            Column::Notes if index.is_multiple_of(40) => format!("knocked twice,\nspeaks \"{}\"", person.ward),
            Column::Notes => "\\N".to_owned(),
            Column::Id => format!("V{}", person.postal_code),
            Column::Ward => person.ward.to_string(),
            Column::Tags if index.is_multiple_of(3) => "supporter,door".to_owned(),
            Column::Tags => String::new(),
        });
        let mut cells: Vec<String> = cells.map(|cell| self.cell(&cell)).collect();
        let phone_at = self.columns.iter().position(|(_, column)| matches!(column, Column::Phone));
        if let (0, Some(phone_at)) = (index % 97, phone_at) {
            cells.truncate(phone_at + 1);
        }
        cells.join(self.delimiter)
    }

    fn cell(&self, text: &str) -> String {
        if text.contains(self.delimiter) || text.contains(['"', '\n', '\r']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.to_owned()
        }
    }
}

/// Returns a number in one of the ways in which people write it; all can be read (rule C4).
fn dress(phone: &str, index: usize) -> String {
    let (area, exchange, line) = (&phone[..3], &phone[3..6], &phone[6..]);
    match index % 7 {
        0 => format!("({area}) {exchange}-{line}"),
        1 => format!("+1 {area} {exchange} {line}"),
        2 => format!("1-{area}-{exchange}-{line}"),
        3 => format!("{area}.{exchange}.{line}"),
        4 => format!("=\"{phone}\""),
        _ => phone.to_owned(),
    }
}

/// Phone cells that cannot be read, and the reason that the report must give.
fn spoilt(source: &mut People) -> Vec<(String, &'static str)> {
    let mut number = || source.phone();
    vec![
        (format!("{}.0", number()), "phone_damaged"),
        (format!("{}.0", number()), "phone_damaged"),
        ("2.12E+09".to_owned(), "phone_damaged"),
        ("3.12E+09".to_owned(), "phone_damaged"),
        (format!("{} x12", number()), "phone_extension"),
        (format!("{} ext. 7", number()), "phone_extension"),
        (format!("{} / {}", number(), number()), "phone_several"),
        (format!("{} & {}", number(), number()), "phone_several"),
        (String::new(), "phone_missing"),
        ("NULL".to_owned(), "phone_missing"),
        ("555-1234".to_owned(), "phone_invalid"),
        ("+44 20 7183 8750".to_owned(), "phone_invalid"),
        ("ask her sister".to_owned(), "phone_invalid"),
    ]
}

impl Encoding {
    fn bytes(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Utf8WithMark => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            Self::Utf16 => std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect(),
            // The names are within Latin-1, where the two agree.
            Self::Windows1252 => text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect(),
        }
    }
}

fn count(items: usize) -> i64 {
    i64::try_from(items).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counters_to_be_add_up_and_the_seed_decides_everything() {
        let codes = ["212", "404", "312", "713", "303", "213"];
        let one = files(codes, 600, 1);
        assert!(one.iter().all(|file| file.expected.add_up() && file.expected.again().add_up()));
        assert_eq!(one[2].bytes, files(codes, 600, 1)[2].bytes);
        assert_ne!(one[2].bytes, files(codes, 600, 2)[2].bytes);
    }
}
