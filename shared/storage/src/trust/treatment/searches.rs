//! Statements over free text that is not a person's alone: their traces are left out of it.

use crate::trust::{
    personal::Holds,
    tables::{Rows, TABLES, Table, named},
    treatment::{Statement, Treatment},
};

/// How a searched column is looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Search {
    /// Both patterns, in names and codes: without regard to case.
    Words,
    /// Both patterns, in prose: a single name only as it is written.
    Prose,
    /// Only the traces that can be of no one else: single names are other people's too.
    Sure,
    /// The same in a text of at most so many characters: a trace may be shorter than the word that
    /// takes its place.
    Within(u16),
    /// The same in a name, which stays unique.
    UniqueName,
}

pub(super) const SEARCHES: &[(&str, &str, Search)] = &[
    ("agent_script", "name", Search::Within(100)),
    ("agent_script", "script", Search::Sure),
    ("automation", "actions", Search::Sure),
    ("automation", "keywords", Search::Sure),
    ("automation", "name", Search::UniqueName),
    ("bulk_change", "action", Search::Words),
    ("bulk_change", "filter", Search::Words),
    ("campaign", "name", Search::Sure),
    ("contact_group", "location", Search::Sure),
    ("contact_group", "name", Search::Sure),
    ("export", "columns", Search::Words),
    ("export", "filter", Search::Words),
    ("form", "consent_text", Search::Sure),
    ("form", "questions", Search::Sure),
    ("form", "title", Search::Sure),
    ("goal", "description", Search::Sure),
    ("goal", "instructions", Search::Within(300)),
    ("goal", "name", Search::Sure),
    ("goal", "reminder_script", Search::Sure),
    ("goal", "responses", Search::Sure),
    ("goal", "script", Search::Sure),
    ("goal", "targeting", Search::Sure),
    ("import", "consent_text", Search::Prose),
    ("import", "failure", Search::Prose),
    ("import", "file_name", Search::Words),
    ("import", "header", Search::Words),
    ("import", "locked_tags", Search::Words),
    ("import", "mapping", Search::Words),
    ("import", "tags", Search::Words),
    ("import_reject", "column_name", Search::Words),
    ("import_source", "consent_text", Search::Prose),
    ("import_source", "failure", Search::Prose),
    ("import_source", "mapping", Search::Sure),
    ("import_source", "name", Search::UniqueName),
    ("import_source", "tags", Search::Sure),
    ("import_source", "url", Search::Sure),
    ("job_policy", "reason", Search::Sure),
    ("library_script", "name", Search::Within(100)),
    ("library_script", "script", Search::Sure),
    ("organization", "settings", Search::Sure),
    ("registered_campaign", "name", Search::Sure),
];

/// Columns of other people's rows in which somebody may have named the person. They are the
/// person's too where the row is theirs, and overwritten there. The condition is an index's.
const SAID_OF_OTHERS: &[(&str, &str, &str)] = &[
    ("access_request", "reason", "t.reason is not null"),
    ("contact", "opt_out_reason", "t.opt_out_origin in ('agent', 'admin') and t.opt_out_reason is not null"),
    ("target", "skip_reason", "t.skip_reason is not null and not is_engines_skip_reason(t.skip_reason)"),
];

/// Tables with rows that go when a trace is in them.
pub(super) const ROWS_WITH_A_TRACE: &[&str] = &["idempotency", "import_agent"];

impl Treatment {
    /// Returns the statements that leave the person's traces out of free text that is not theirs
    /// alone.
    pub fn searches(self) -> Vec<Statement> {
        let tables = TABLES.iter().filter(|table| SEARCHES.iter().any(|(of, ..)| *of == table.name));
        let searched = tables.filter_map(|table| self.search(table));
        let others = SAID_OF_OTHERS.iter().filter(|(table, column, _)| self.has(table, column));
        searched
            .chain(others.filter_map(|(table, column, condition)| said_of_others(table, column, condition)))
            .collect()
    }

    fn search(self, table: &Table) -> Option<Statement> {
        let scope = scope(table)?;
        let columns: Vec<_> =
            SEARCHES.iter().filter(|(of, column, _)| *of == table.name && self.has(of, column)).collect();
        if columns.is_empty() {
            return None;
        }
        let sets: Vec<_> =
            columns.iter().map(|(_, column, search)| format!("{column} = {}", search.of(column))).collect();
        let found: Vec<_> = columns
            .iter()
            .map(|(_, column, search)| match search {
                Search::Sure | Search::Within(_) | Search::UniqueName => format!("t.{column}::text ~* $2"),
                _ => format!("t.{column}::text ~* $2 or t.{column}::text ~* $3"),
            })
            .collect();
        let sql = format!(
            "update {} t set {} where {scope} and ($3::text is not null) and ({})",
            table.name,
            sets.join(", "),
            found.join(" or ")
        );
        Some(Statement { table: table.name, sql })
    }

    /// Returns the statements that remove rows of requests and of work in which a trace is.
    pub fn delete_with_a_trace(self) -> Vec<Statement> {
        let tables = ROWS_WITH_A_TRACE.iter().filter_map(|name| named(name));
        tables
            .filter_map(|table| {
                let Rows::OfAccount(scope) = table.rows else { return None };
                let over = if table.name == "import_agent" {
                    " and not exists (select from import i where i.id = t.import_id and i.state in ('waiting', 'running'))"
                } else {
                    ""
                };
                let columns = table.texts().filter(|(column, holds)| *holds == Holds::Deleted && self.has(table.name, column));
                let found: Vec<_> =
                    columns.map(|(column, _)| format!("t.{column}::text ~* $2 or t.{column}::text ~* $3")).collect();
                (!found.is_empty()).then(|| Statement {
                    table: table.name,
                    sql: format!("delete from {} t where {scope}{over} and ({})", table.name, found.join(" or ")),
                })
            })
            .collect()
    }

    /// Returns a query of the single names (`$2`, each with its pattern in `$3`) that are in any of
    /// the searched columns of the account `$1`.
    pub fn single_names_said() -> String {
        let searched = SEARCHES
            .iter()
            .filter(|(.., search)| matches!(search, Search::Words | Search::Prose))
            .map(|(table, column, _)| (table, column, "true"));
        let texts = searched
            .chain(SAID_OF_OTHERS.iter().map(|(table, column, condition)| (table, column, *condition)))
            .chain([(&"tag", &"name", "true"), (&"custom_field", &"name", "true"), (&"import_reject", &"raw", "true")])
            .chain([
                (&"idempotency", &"key", "true"),
                (&"idempotency", &"body", "true"),
                (&"import_agent", &"email", "true"),
            ]);
        let texts: Vec<_> = texts
            .filter_map(|(table, column, condition)| {
                let scope = scope(named(table)?)?;
                Some(format!("select t.{column}::text as said from {table} t where {scope} and {condition} and t.{column}::text ~* $4"))
            })
            .collect();
        format!(
            "with said as materialized ({}) select n.name from unnest($2::text[], $3::text[]) as n (name, pattern)
             where exists (select from said where said.said ~* n.pattern)",
            texts.join(" union all ")
        )
    }
}

impl Search {
    fn of(self, column: &str) -> String {
        match self {
            Self::Words => format!("without_person(t.{column}, $2, $3, false)"),
            Self::Prose => format!("without_person(t.{column}, $2, $3, true)"),
            Self::Sure => format!("without_person(t.{column}, $2, $2, false)"),
            Self::Within(longest) => format!("left(without_person(t.{column}, $2, $2, false), {longest})"),
            Self::UniqueName => format!(
                "case when without_person(t.{column}, $2, $2, false) = t.{column} then t.{column}
                      else left(without_person(t.{column}, $2, $2, false), 160) || ' ' || t.id end"
            ),
        }
    }
}

fn said_of_others(table: &str, column: &str, condition: &str) -> Option<Statement> {
    let table = named(table)?;
    let scope = scope(table)?;
    Some(Statement {
        table: table.name,
        sql: format!(
            "update {} t set {column} = without_person(t.{column}, $2, $3, true)
             where {scope} and {condition} and without_person(t.{column}, $2, $3, true) <> t.{column}",
            table.name
        ),
    })
}

/// Returns the condition of an account's rows.
fn scope(table: &Table) -> Option<&'static str> {
    match (table.rows, table.name) {
        (Rows::OfAccount(scope), _) => Some(scope),
        // An operator's words may be of anybody.
        (_, "job_policy") => Some("$1::uuid is not null"),
        (_, "organization") => Some("t.account_id = $1"),
        (_, "access_request") => Some(
            "t.id in (select e.id from export e join organization o on o.id = e.organization_id where o.account_id = $1)",
        ),
        (_, "contact") => Some("t.organization_id in (select id from organization where account_id = $1)"),
        (_, "target") => Some(
            "t.goal_id in (select g.id from goal g join organization o on o.id = g.organization_id where o.account_id = $1)",
        ),
        _ => None,
    }
}
