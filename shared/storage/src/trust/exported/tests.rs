use std::collections::BTreeSet;

use super::*;
use crate::trust::{
    personal::{COLUMNS, Holds},
    tables::{Rows, named},
    treatment,
};

fn holds(table: &str, column: &str) -> Option<Holds> {
    COLUMNS.iter().find(|(of, name, _)| (*of, *name) == (table, column)).map(|(.., holds)| *holds)
}

fn all() -> impl Iterator<Item = (ExportKind, &'static Exported)> {
    ExportKind::ALL.iter().flat_map(|kind| of(*kind).iter().map(|exported| (*kind, exported)))
}

#[test]
fn r5a_the_columns_of_exports_are_those_of_the_registry_in_the_same_order() {
    for kind in ExportKind::ALL {
        let said: Vec<_> = of(*kind).iter().map(|exported| exported.column).collect();
        let mut offered: Vec<_> = kind.columns().iter().map(|column| column.name).collect();
        if *kind == ExportKind::Contacts {
            offered.push(CUSTOM_FIELD);
        }
        assert_eq!(said, offered, "say in trust/exported where each column of {kind} comes from");
    }
}

#[test]
fn r5a_every_source_of_an_export_is_a_column_of_the_registry() {
    for (kind, exported) in all() {
        assert!(exported.sources().count() > 0, "{kind}.{} comes from somewhere", exported.column);
        assert_eq!(exported.sources().count(), exported.from.split_whitespace().count(), "{}", exported.from);
        for (table, column) in exported.sources() {
            let known = named(table).unwrap_or_else(|| panic!("{table} is no table of the registry"));
            let there = known.texts().map(|(name, _)| name).chain(known.others()).any(|name| name == column);
            assert!(there, "{table}.{column} is no column of the registry");
            let secret = matches!(holds(table, column), Some(Holds::KeyedHash | Holds::Shape));
            assert!(!secret && !column.ends_with("_hash"), "{kind}.{} would export {table}.{column}", exported.column);
        }
    }
}

#[test]
fn r5a_every_personal_column_says_in_which_exports_it_is_or_why_in_none() {
    let mut unsaid = Vec::new();
    for (table, column, holds) in COLUMNS {
        let ways = usize::from(exports_of(table, column).next().is_some())
            + usize::from(not_exported(table, column).is_some());
        if holds.is_personal() && ways != 1 {
            unsaid.push(format!("{table}.{column}"));
        }
    }
    assert!(unsaid.is_empty(), "say in trust/exported, and once, how these are exported: {unsaid:?}");
    let mut said = BTreeSet::new();
    for (table, columns, why) in NOT_EXPORTED {
        for column in columns.split_whitespace() {
            let personal = holds(table, column).is_some_and(Holds::is_personal);
            assert!(personal && !why.is_empty() && said.insert((table, column)), "{table}.{column}");
        }
    }
}

/// Returns whether a column is a person's own, or of rows that go with them.
fn is_own(table: &str, column: &str) -> bool {
    let of_contact = named(table).is_some_and(|table| matches!(table.rows, Rows::OfContact(_)));
    let treated = matches!(holds(table, column), Some(Holds::Overwritten | Holds::Deleted));
    of_contact && (treated || treatment::rows_go(table))
}

#[test]
fn r3_a_column_with_something_of_a_persons_own_tells_nothing_of_them_once_they_are_redacted() {
    for (kind, exported) in all() {
        let own = exported.sources().any(|(table, column)| is_own(table, column));
        let word = exported.sources().all(|(table, column)| treatment::leaves_a_word(table, column));
        match exported.of_redacted {
            OfRedacted::Kept => assert!(!own || word, "{kind}.{} would tell of a redacted person", exported.column),
            OfRedacted::Word | OfRedacted::Nothing => assert!(own, "{kind}.{} is no person's own", exported.column),
        }
    }
}

/// A file takes words, numbers, flags and instants as they are, without quotes.
#[test]
fn c7_a_column_that_somebody_wrote_is_exported_as_text() {
    for (kind, exported) in all() {
        let written = |holds: Holds| holds.is_personal() || matches!(holds, Holds::Ours | Holds::StaffWrote);
        let wrote = exported.sources().any(|(table, column)| holds(table, column).is_some_and(written));
        let form = kind.columns().iter().find(|column| column.name == exported.column).map(|column| column.form);
        let texts = matches!(form, None | Some(ColumnForm::Text | ColumnForm::Texts));
        assert!(!wrote || texts, "{kind}.{} has text that somebody wrote", exported.column);
    }
}

#[test]
fn r3_the_statement_says_the_word_or_nothing_whatever_is_left_of_a_redacted_person() {
    let of =
        |column: &str, form| CONTACTS.iter().find(|exported| exported.column == column).unwrap().expression(form, "x");
    assert_eq!(of("phone", ColumnForm::Text), "case when is_redacted then 'redacted' else x end");
    assert_eq!(of("email", ColumnForm::Text), "case when is_redacted then null else x end");
    assert_eq!(of("tags", ColumnForm::Texts), "case when is_redacted then '[]' else x end");
    assert_eq!(of("groups", ColumnForm::Texts), "x");
}
