//! The sections of an access request's file, made of the registry: a section for each table with
//! rows of a contact, and for each of [`ALSO`].
//!
//! Parameters are the same everywhere: `$1` is the contact, `$2` the organization, `$3` the
//! account, `$4` the contact's number, null once they are redacted, and `$5` the number's keyed
//! hashes.

use muster_domain::trust::access::{Column, Form, Section as Shown};

use crate::trust::{
    access::words::{FIRST, NAMES, ORDER, TITLES, heading, plain},
    tables::{Rows, TABLES, Table},
};

/// A section: its words, and the query of its records, each a JSON object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// As the file shows it.
    pub shown: Shown,
    /// The query.
    pub(super) sql: String,
}

/// Rows about a contact in tables that are not of contacts alone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Also {
    pub(super) table: &'static str,
    /// The columns that are told, parted by blanks: none of other people, and no hash.
    pub(super) columns: &'static str,
    /// A condition on the table as `t`.
    rows: &'static str,
}

/// Tables with rows about a contact among others.
pub(super) const ALSO: &[Also] = &[
    Also { table: "account_word", columns: "e164 last_word opted_out_at", rows: "t.account_id = $3 and t.e164 = $4" },
    Also {
        table: "audit_aside",
        columns: "at kind words",
        // Of addresses, those alone from which the contact filled in a form.
        rows: "t.chain = $3 and (t.number, t.kind) in (
                   select e.number, k.kind from audit_entry e cross join (values ('reason'), ('address')) k (kind)
                   where e.chain = $3 and e.organization_id = $2 and e.record_ids @> array[$1::uuid]
                     and (k.kind = 'reason' or e.principal = 'visitor'))",
    },
    Also {
        table: "audit_entry",
        columns: "at operation principal via",
        rows: "t.chain = $3 and t.organization_id = $2 and t.record_ids @> array[$1::uuid]",
    },
    Also {
        table: "export",
        columns: "file_end file_ended_at file_until finished_at id kind started_at",
        rows: "t.organization_id = $2 and t.kind <> 'access_request' and t.state = 'succeeded'
               and ((t.kind = 'contacts' and (t.filter -> 'ids') ? $1::uuid::text)
                   or t.filter ->> 'phone' = $4
                   or (t.kind in ('contacts', 'conversations') and t.readers is null and t.filter - 'state' = '{}'
                       and t.started_at >= (select c.created_at from contact c where c.id = $1)))",
    },
    Also {
        table: "import_reject",
        columns: "column_name import_id line raw reason",
        rows: "t.import_id in (select i.id from import i where i.organization_id = $2)
               and t.raw <> '' and strpos(digits_of(t.raw), right($4, 10)) > 0",
    },
    Also {
        table: "redaction",
        columns: "contacts created_at erased_objects erased_rows finished_at id messages",
        rows: "t.account_id = $3 and (t.phone_hash = any($5) or $1 = any(t.contact_ids))",
    },
    Also {
        table: "suppression",
        columns: "opted_out",
        rows: "t.account_id = $3 and t.organization_id = $2 and t.phone_hash = any($5)",
    },
    Also {
        table: "webhook",
        columns: "payload received_at",
        rows: "t.payload is not null and right(digits_of(t.payload ->> 'From'), 10) = right($4, 10)
               and exists (select from sender_number n where n.e164 = t.payload ->> 'To' and n.organization_id = $2)",
    },
];

/// Other tables that may tell of contacts, and why the file does not tell them.
#[cfg(test)]
const NOT_TOLD: &[(&str, &str)] = &[
    ("bulk_change", "staff's own work; contacts that wait in it are told"),
    ("custom_field", "a name for everybody's values, which the profile has"),
    ("goal", "staff's own work; the person's part in it is told"),
    ("idempotency", "a copy of an answer to a member, for a week"),
    ("import", "counts of a file; the person's rows of it are told"),
    ("import_part", "work on a file, for as long as it lasts"),
    ("import_phone", "the shape of a temporary table"),
    ("import_row", "the shape of a temporary table"),
    ("import_source", "staff's own work"),
    ("retention_item", "a contact's id, for as long as a run of retention lasts"),
    ("tag", "a name for everybody; the person's tags are told"),
];

/// Returns the sections in the order of the file.
pub fn sections() -> Vec<Section> {
    let mut all: Vec<_> = TABLES.iter().filter_map(of).collect();
    let place = |section: &Section| TITLES.iter().position(|(table, ..)| *table == section.shown.name);
    all.sort_by_key(|section| place(section).unwrap_or(TITLES.len()));
    all
}

/// Returns the section of the person's rows in files that the object store has, behind all others.
/// Its records are no rows of the database: a worker reads the files of the folders that
/// `trust::objects` names.
pub fn of_files() -> Shown {
    let column = |name: &str, heading: &str, form| Column { name: name.to_owned(), heading: heading.to_owned(), form };
    let columns = vec![
        column("file", "File", Form::Text),
        column("import_id", "Import", Form::Id { named: true }),
        column("line", "Line", Form::Fact),
        column("values", "Values", Form::Text),
        column("raw", "Row", Form::Text),
        column("reason", "Was not taken", Form::Text),
        column("not_read", "The file could not be read to its end", Form::Text),
        column("more", "More rows like these", Form::Fact),
    ];
    Shown {
        name: "file_row",
        title: "Your rows in files of contacts that are kept".to_owned(),
        about: "As the files have them.",
        columns,
    }
}

/// Returns whether the file tells a column of a table.
pub(crate) fn tells(table: &Table, column: &str) -> bool {
    let also = ALSO.iter().filter(|also| also.table == table.name);
    table.told().contains(&column) || also.flat_map(|also| also.columns.split_whitespace()).any(|told| told == column)
}

/// Returns the section of a table; none for one that tells of no contact.
fn of(table: &'static Table) -> Option<Section> {
    if let Rows::OfContact(by) = table.rows {
        return Some(section(table, &table.told(), &format!("t.{by} = $1")));
    }
    let also = ALSO.iter().find(|also| also.table == table.name)?;
    let columns: Vec<_> = also.columns.split_whitespace().collect();
    Some(section(table, &columns, also.rows))
}

fn section(table: &'static Table, told: &[&'static str], rows: &str) -> Section {
    let mut columns: Vec<(Column, String)> = told.iter().flat_map(|name| columns(table, name)).collect();
    let place = |column: &Column| FIRST.iter().position(|name| *name == column.name).unwrap_or(FIRST.len());
    columns.sort_by_key(|(column, _)| (matches!(column.form, Form::Id { .. }), place(column)));
    let all: Vec<_> = table.texts().map(|(name, _)| name).chain(table.others()).collect();
    let order =
        ORDER.iter().find(|name| all.contains(name)).map(|name| format!(" order by t.\"{name}\"")).unwrap_or_default();
    let values: Vec<_> = columns.iter().map(|(_, value)| value.as_str()).collect();
    let sql = format!(
        "select row_to_json(r)::text from (
             select {} from \"{}\" t
             where exists (select from contact c where c.id = $1 and c.organization_id = $2)
               and ($3::uuid is not null and ($4::text is null or true) and $5::bytea[] is not null) and ({rows}){order}) r",
        values.join(", "),
        table.name,
    );
    let words = TITLES.iter().find(|(name, ..)| *name == table.name);
    let (title, about) =
        words.map_or_else(|| (plain(table.name), ""), |(_, title, about)| ((*title).to_owned(), *about));
    let columns = columns.into_iter().map(|(column, _)| column).collect();
    Section { shown: Shown { name: table.name, title, about, columns }, sql }
}

/// Returns a column with the expression of its value, and behind an id that names something the
/// column of the name.
fn columns(table: &Table, name: &'static str) -> Vec<(Column, String)> {
    let named = NAMES.iter().find(|(id, ..)| *id == name);
    let is_id = name == "id" || name.ends_with("_id");
    let form = match (is_id, table.texts().any(|(text, _)| text == name)) {
        (true, false) => Form::Id { named: named.is_some() },
        (false, false) => Form::Fact,
        (_, true) => Form::Text,
    };
    let mut all = vec![(Column { name: name.to_owned(), heading: heading(name), form }, format!("t.\"{name}\""))];
    if let Some((id, of, column)) = named {
        let name = id.strip_suffix("_id").unwrap_or(id);
        let value = format!("(select n.\"{column}\" from \"{of}\" n where n.id = t.\"{id}\") as \"{name}\"");
        all.push((Column { name: name.to_owned(), heading: heading(name), form: Form::Text }, value));
    }
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::trust::{
        personal::Holds,
        tables::{Whose, named},
    };

    #[test]
    fn r8_each_table_that_may_tell_of_contacts_is_told_or_has_a_reason() {
        for table in TABLES.iter().filter(|table| table.whose == Whose::Contact) {
            let ways = [
                matches!(table.rows, Rows::OfContact(_)),
                ALSO.iter().any(|also| also.table == table.name),
                NOT_TOLD.iter().any(|(name, _)| *name == table.name),
            ];
            let ways = ways.into_iter().filter(|way| *way).count();
            assert_eq!(ways, 1, "say in ALSO or in NOT_TOLD how an access request tells {}", table.name);
        }
        for also in ALSO {
            let table = named(also.table).unwrap();
            let all: BTreeSet<_> = table.texts().map(|(name, _)| name).chain(table.others()).collect();
            for column in also.columns.split_whitespace() {
                assert!(all.contains(column), "{}.{column}", table.name);
                let secret = table.texts().any(|(name, holds)| name == column && holds == Holds::KeyedHash);
                assert!(
                    !secret && !column.ends_with("_hash") && !column.ends_with("member_id"),
                    "{}.{column}",
                    table.name
                );
            }
        }
        for (table, _) in NOT_TOLD {
            assert!(named(table).is_some(), "{table}");
        }
    }

    #[test]
    fn r8_no_table_has_the_name_of_the_section_of_files() {
        let files = of_files().name;
        assert!(TABLES.iter().all(|table| table.name != files));
    }

    #[test]
    fn r8_a_section_has_every_column_that_the_registry_tells_and_each_once() {
        let sections = sections();
        for table in TABLES.iter().filter(|table| matches!(table.rows, Rows::OfContact(_))) {
            let section = sections.iter().find(|section| section.shown.name == table.name).unwrap();
            let names: Vec<_> = section.shown.columns.iter().map(|column| column.name.as_str()).collect();
            assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{}: {names:?}", table.name);
            for column in table.told() {
                assert!(
                    names.contains(&column) && section.sql.contains(&format!("t.\"{column}\"")),
                    "{}.{column}",
                    table.name
                );
            }
        }
        assert_eq!(sections.first().map(|section| section.shown.title.as_str()), Some("Profile"));
        for (table, ..) in TITLES {
            assert!(sections.iter().any(|section| section.shown.name == *table), "{table} has a title and no section");
        }
    }

    #[test]
    fn r8_a_table_or_a_column_without_words_is_told_under_its_name() {
        assert_eq!(
            (plain("import_change"), heading("opted_out_at")),
            ("Import change".to_owned(), "Opted out at".to_owned())
        );
        let goal = columns(named("target").unwrap(), "goal_id");
        assert_eq!(goal[0].0.form, Form::Id { named: true });
        assert_eq!((goal[1].0.name.as_str(), goal[1].0.heading.as_str()), ("goal", "Goal"));
    }
}
