//! The statements of a redaction, made of the registry: each column of `personal` that is
//! overwritten, deleted or searched is here with its value or its pattern, and the statements name
//! no other (rules R3 and R5a).
//!
//! Parameters are the same everywhere. Of statements over a person's own rows `$1` is the ids of
//! the contacts. Of searches `$1` is the account, `$2` the pattern of traces that can be of no one
//! else, and `$3` that of single names.

#[cfg(test)]
mod tests;

use crate::trust::{
    objects::{Erasure, FOLDERS, Folder},
    personal::{COLUMNS, Holds},
    tables::{Rows, TABLES, Table, named},
};

/// The columns and the folders of the object store that a redaction treats: all of the registry, or
/// all but one, by which a test shows that each is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Treatment {
    without: Option<(&'static str, &'static str)>,
    without_folder: Option<&'static str>,
}

/// A statement and the table that it treats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The table.
    pub table: &'static str,
    /// The statement.
    pub sql: String,
}

/// The values with which a person's own columns are overwritten.
const VALUES: &[(&str, &str, &str)] = &[
    ("access_request", "reason", "null"),
    ("contact", "carrier", "null"),
    ("contact", "consent_text", "null"),
    ("contact", "e164", "null"),
    ("contact", "email", "null"),
    ("contact", "external_id", "null"),
    ("contact", "fields", "'{}'"),
    ("contact", "first_name", "''"),
    ("contact", "last_name", "''"),
    ("contact", "notes", "null"),
    ("contact", "opt_out_reason", "null"),
    ("contact", "postal_code", "null"),
    ("membership", "consent_text", "null"),
    ("membership", "knows", "case when t.knows is not null then '{}'::jsonb end"),
    ("message", "body", "''"),
    ("message", "media", "(select jsonb_agg(one.value - 'url') from jsonb_array_elements(t.media) one)"),
    ("target", "skip_reason", "'redacted'"),
];

/// Columns that a function of `redactions` overwrites, and which.
pub const BY_FUNCTION: &[(&str, &str, &str)] = &[
    ("account_word", "e164", "account_words::forget"),
    ("audit_aside", "words", "audit::forget_person"),
    ("import_part", "tags", "erase::imports"),
    ("import_reject", "raw", "erase::rejects"),
    ("custom_field", "name", "names::field_names"),
    ("redaction", "e164", "erase::finish"),
    ("redaction", "traces", "erase::finish"),
    ("tag", "name", "names::tag_names"),
    ("webhook", "payload", "person::clear_texts_that_came"),
];

/// Columns of rows that leave by themselves, and how.
pub const LEAVE: &[(&str, &str, &str)] = &[("rate_bucket", "subject", "within an hour")];

/// Other columns that change in the row of a redacted contact.
const CONTACT_BESIDE: &str =
    ", opt_out_origin = null, line_type = 'unknown', looked_up_at = null, redacted_at = now(), updated_at = now()";

/// Rows that need nothing, so that a redaction that is repeated writes nothing.
const GUARDS: &[(&str, &str)] = &[
    ("access_request", "t.reason is not null"),
    ("membership", "(t.knows is not null or t.consent_text is not null)"),
    ("target", "t.skip_reason is not null and not is_engines_skip_reason(t.skip_reason)"),
];

/// How a searched column is looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Search {
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

const SEARCHES: &[(&str, &str, Search)] = &[
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
const ROWS_WITH_A_TRACE: &[&str] = &["idempotency", "import_agent"];

impl Treatment {
    /// Returns the treatment of every column and folder.
    pub const fn whole() -> Self {
        Self { without: None, without_folder: None }
    }

    /// Returns the treatment of every column but one, and of every folder.
    pub const fn without(table: &'static str, column: &'static str) -> Self {
        Self { without: Some((table, column)), without_folder: None }
    }

    /// Returns the treatment of every column, and of every folder but one.
    pub const fn without_folder(name: &'static str) -> Self {
        Self { without: None, without_folder: Some(name) }
    }

    /// Returns the folders that it treats.
    pub fn folders(self) -> impl Iterator<Item = &'static Folder> {
        let treated =
            move |folder: &&Folder| folder.erasure != Erasure::Nothing && self.without_folder != Some(folder.name);
        FOLDERS.iter().filter(treated)
    }

    /// Returns whether a column is treated.
    pub fn has(self, table: &str, column: &str) -> bool {
        self.without != Some((table, column)) && COLUMNS.iter().any(|(of, name, _)| (*of, *name) == (table, column))
    }

    /// Returns the columns of the registry that a redaction treats.
    pub fn columns() -> impl Iterator<Item = (&'static str, &'static str)> {
        let treated = |holds: Holds| matches!(holds, Holds::Overwritten | Holds::Deleted | Holds::Searched);
        COLUMNS.iter().filter(move |(.., holds)| treated(*holds)).map(|(table, column, _)| (*table, *column))
    }

    /// Returns the statement that overwrites the person's rows of a table; none for one without
    /// such columns.
    pub fn overwrite(self, table: &str) -> Option<Statement> {
        let (known, by) = of_contact(table)?;
        let sets: Vec<_> = self.values(known).map(|(column, value)| format!("{column} = {value}")).collect();
        if sets.is_empty() {
            return None;
        }
        let beside = if table == "contact" { CONTACT_BESIDE } else { "" };
        let guard = GUARDS.iter().find(|(of, _)| *of == table).map_or("true", |(_, guard)| guard);
        let sql = format!("update {table} t set {}{beside} where t.{by} = any($1) and {guard}", sets.join(", "));
        Some(Statement { table: known.name, sql })
    }

    /// Returns the statement that overwrites the person's messages. The ones that a hand-over has
    /// locked are left to it. Queued and held ones are cancelled.
    pub fn overwrite_messages(self) -> Option<Statement> {
        let (known, by) = of_contact("message")?;
        let sets = self.values(known).map(|(column, value)| format!("{column} = {value}, "));
        let sql = format!(
            "with free as (
                 select id from message
                 where {by} = any($1) and (body <> '' or jsonb_path_exists(media, '$[*].url') or state in ('queued', 'held'))
                 for update skip locked
             )
             update message t set {}
                 state = case when t.state in ('queued', 'held') then 'cancelled' else t.state end,
                 reason = case when t.state in ('queued', 'held') then 'redacted' else t.reason end
             from free where t.id = free.id",
            sets.collect::<String>()
        );
        Some(Statement { table: known.name, sql })
    }

    /// Returns the statement that overwrites the test texts of the account `$1` from before the
    /// redaction `$2`: they are on phones of admins, and one may have been written as the person.
    pub fn overwrite_tests(self) -> Option<Statement> {
        let sql = "with free as (
                 select m.id from message m join organization o on o.id = m.organization_id join redaction r on r.id = $2
                 where o.account_id = $1 and m.kind = 'test' and m.body <> '' and m.created_at <= coalesce(r.looked_at, r.created_at)
                 for update of m skip locked
             )
             update message t set body = '',
                 state = case when t.state in ('queued', 'held') then 'cancelled' else t.state end,
                 reason = case when t.state in ('queued', 'held') then 'redacted' else t.reason end
             from free where t.id = free.id";
        self.has("message", "body").then(|| Statement { table: "message", sql: sql.to_owned() })
    }

    fn values(self, table: &'static Table) -> impl Iterator<Item = (&'static str, &'static str)> {
        let of = table.name;
        let value = move |column: &str| VALUES.iter().find(|(table, name, _)| (*table, *name) == (of, column));
        let overwritten = table.texts().filter(|(_, holds)| *holds == Holds::Overwritten);
        overwritten
            .filter(move |(column, _)| self.has(of, column))
            .filter_map(move |(column, _)| value(column).map(|(.., value)| (column, *value)))
    }

    /// Returns the statements that remove the person's rows. A table's rows go for each of its
    /// columns; without one of them they stay.
    pub fn delete(self, tables: &[&str]) -> Vec<Statement> {
        let whole = |table: &Table| {
            let mut deleted = table.texts().filter(|(_, holds)| *holds == Holds::Deleted);
            deleted.all(|(column, _)| self.has(table.name, column))
        };
        let owned = tables.iter().filter_map(|table| of_contact(table)).filter(|(table, _)| whole(table));
        owned
            .map(|(table, by)| Statement {
                table: table.name,
                sql: format!("delete from {} t where t.{by} = any($1)", table.name),
            })
            .collect()
    }

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

fn of_contact(table: &str) -> Option<(&'static Table, &'static str)> {
    let table = named(table)?;
    match table.rows {
        Rows::OfContact(by) => Some((table, by)),
        Rows::OfAccount(_) | Rows::Installation => None,
    }
}
