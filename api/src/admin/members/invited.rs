//! The file of `…/members/invite`: its columns and rows. Nothing of the database is known here.

use std::io::{Cursor, Read};

use muster_domain::tenancy::role::Role;
use muster_ingest::{
    headers::canonical,
    records::{Collected, Located, Shape, Splitter},
    sniff::{HEAD_BYTES, sniff},
    text::Text,
};

use crate::{bounds, problem::Problem};

/// Rows that a file may have.
pub(crate) const ROWS_LIMIT: usize = 1_000;
/// Groups that a row may name.
const GROUPS_LIMIT: usize = 50;
/// Columns that are looked at.
const COLUMNS_LIMIT: usize = 100;

/// Why a row is refused, in the answer's words.
pub(crate) type Reason = &'static str;

/// A row of the file.
#[derive(Debug, Default)]
pub(crate) struct Invited {
    /// The line on which it begins.
    pub(crate) line: u64,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) email: String,
    /// As it is written; an agent where nothing is.
    pub(crate) role: String,
    /// Names or ids.
    pub(crate) groups: Vec<String>,
    /// It cannot be read.
    pub(crate) malformed: bool,
}

impl Invited {
    /// Returns the role, if the row is one that can be invited.
    pub(crate) fn check(&self) -> Result<Role, Reason> {
        if self.malformed {
            return Err("malformed");
        }
        let name = |name: &str| bounds::PersonName::read("name", name).is_ok();
        if !name(&self.first_name) || !name(&self.last_name) {
            return Err("bad_name");
        }
        let at = self.email.split_once('@');
        let shaped = at.is_some_and(|(local, host)| !local.is_empty() && host.contains('.') && !host.contains('@'));
        if !shaped || self.email.contains(char::is_whitespace) || bounds::Email::read("email", &self.email).is_err() {
            return Err("bad_email");
        }
        if self.groups.len() > GROUPS_LIMIT {
            return Err("too_many_groups");
        }
        match canonical(&self.role).as_str() {
            "" | "agent" => Ok(Role::Agent),
            "groupadmin" => Ok(Role::GroupAdmin),
            "organizationadmin" => Ok(Role::OrganizationAdmin),
            _ => Err("unknown_role"),
        }
    }
}

/// Contents of a column.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    FirstName,
    LastName,
    Email,
    Role,
    Groups,
    Other,
}

fn column(header: &str) -> Column {
    match canonical(header).as_str() {
        "firstname" | "first" | "givenname" => Column::FirstName,
        "lastname" | "last" | "familyname" | "surname" => Column::LastName,
        "email" | "emailaddress" => Column::Email,
        "role" => Column::Role,
        "group" | "groups" => Column::Groups,
        _ => Column::Other,
    }
}

/// Reads a file, in any encoding and with any delimiter that an import of contacts takes.
pub(crate) fn read(file: &[u8]) -> Result<Vec<Invited>, Problem> {
    let format =
        sniff(&file[..file.len().min(HEAD_BYTES)]).map_err(|refused| Problem::invalid_body(refused.to_string()))?;
    let broken = |error: std::io::Error| Problem::invalid_body(format!("the file cannot be read: {error}"));
    let mut text = Vec::new();
    Text::new(&file[format.bom..], format.encoding).read_to_end(&mut text).map_err(broken)?;
    let mut splitter = Splitter::new(Cursor::new(text), Shape { delimiter: format.delimiter, columns: 0 }, 1);
    let mut cells = Collected::new(format.delimiter, COLUMNS_LIMIT);
    if format.sep_line {
        splitter.next(&mut cells).map_err(broken)?;
    }
    let header = splitter.next(&mut cells).map_err(broken)?;
    let header = header.ok_or_else(|| Problem::invalid_body("the file is empty"))?;
    let columns: Vec<_> = values(&splitter, &header, &cells).iter().map(|name| column(name)).collect();
    for (wanted, name) in [(Column::FirstName, "first_name"), (Column::LastName, "last_name"), (Column::Email, "email")]
    {
        if columns.iter().filter(|column| **column == wanted).count() != 1 {
            return Err(Problem::invalid_body(format!("the file must have one column {name}")));
        }
    }
    splitter.set_columns(columns.len());
    let mut rows = Vec::new();
    while let Some(record) = splitter.next(&mut cells).map_err(broken)? {
        if rows.len() == ROWS_LIMIT {
            return Err(Problem::invalid_body(format!("the file has more than {ROWS_LIMIT} rows")));
        }
        rows.push(if record.broken.is_some() || cells.more() {
            Invited { line: record.line, malformed: true, ..Invited::default() }
        } else {
            row(&record, &columns, values(&splitter, &record, &cells))
        });
    }
    Ok(rows)
}

fn values<R: Read>(splitter: &Splitter<R>, record: &Located, cells: &Collected) -> Vec<String> {
    if record.broken.is_some() {
        return Vec::new();
    }
    let text = |from, to| String::from_utf8_lossy(&splitter.buffer()[from..to]).trim().to_owned();
    cells
        .cells()
        .iter()
        .map(|cell| text(cell.from, cell.to).replace("\"\"", if cell.doubled { "\"" } else { "\"\"" }))
        .collect()
}

fn row(record: &Located, columns: &[Column], values: Vec<String>) -> Invited {
    let mut row = Invited { line: record.line, ..Invited::default() };
    row.malformed = values.len() > columns.len() && values[columns.len()..].iter().any(|value| !value.is_empty());
    for (column, value) in columns.iter().zip(values) {
        match column {
            Column::FirstName => row.first_name = value,
            Column::LastName => row.last_name = value,
            Column::Email => row.email = value,
            Column::Role => row.role = value,
            Column::Groups => {
                let named = value.split([';', '|']).map(str::trim).filter(|name| !name.is_empty());
                row.groups.extend(named.map(ToOwned::to_owned));
            }
            Column::Other => {}
        }
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a6_a_file_of_members_is_read_in_any_delimiter_and_encoding() {
        let comma = "First Name,LAST_NAME,E-mail,Groups\r\nZoë,\"O\"\"Hara\",z@example.org,\"A; B|C\"\r\n";
        let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(comma.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        for file in [comma.as_bytes().to_vec(), comma.replace(',', "\t").into_bytes(), utf16] {
            let rows = read(&file).unwrap_or_else(|problem| panic!("{problem:?}"));
            let [row] = rows.as_slice() else { panic!("{rows:?}") };
            assert_eq!((row.line, row.first_name.as_str(), row.last_name.as_str()), (2, "Zoë", "O\"Hara"));
            assert_eq!(row.groups, ["A", "B", "C"]);
            assert_eq!(row.check(), Ok(Role::Agent));
        }
    }

    #[test]
    fn a6_a_file_without_its_columns_or_with_too_many_rows_is_refused() {
        let many = format!("first,last,email\n{}", "a,b,c@example.org\n".repeat(ROWS_LIMIT + 1));
        for file in ["", "first,last\na,b\n", "first,last,email,email\na,b,c,d\n", &many] {
            assert!(read(file.as_bytes()).is_err(), "{}", file.len());
        }
    }

    #[test]
    fn a6_a_row_is_refused_with_its_reason() {
        let of = |row: &str| {
            let rows = read(format!("first,last,email,role,groups\n{row}\n").as_bytes());
            rows.unwrap_or_else(|problem| panic!("{problem:?}"))[0].check()
        };
        assert_eq!(of("A,B,a@example.org,Group Admin,"), Ok(Role::GroupAdmin));
        assert_eq!(of(",B,a@example.org,,"), Err("bad_name"));
        assert_eq!(of("A,B,a at example.org,,"), Err("bad_email"));
        assert_eq!(of("A,B,a@example.org,account_admin,"), Err("unknown_role"));
        assert_eq!(of("A,B,a@example.org,agent,,more"), Err("malformed"));
        assert_eq!(of(&format!("A,B,a@example.org,agent,{}", "g;".repeat(GROUPS_LIMIT + 1))), Err("too_many_groups"));
    }
}
