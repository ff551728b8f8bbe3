//! Statements over a person's own rows: they are overwritten or go, at once, behind the request, or
//! with an old contact.

use crate::trust::{
    personal::Holds,
    tables::{Aged, TABLES, Table},
    treatment::{Statement, Treatment, of_contact},
};

/// The values with which a person's own columns are overwritten.
pub(super) const VALUES: &[(&str, &str, &str)] = &[
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

/// Other columns that change in the row of a redacted contact.
const CONTACT_BESIDE: &str =
    ", opt_out_origin = null, line_type = 'unknown', looked_up_at = null, redacted_at = now(), updated_at = now()";

/// Tables of contacts with rows that go, though no column of theirs holds text: the row itself
/// tells something of the person.
const ROWS_GO: &[&str] = &["contact_tag", "import_assignment"];

/// Returns whether a person's rows of a table go though no column of theirs holds text.
#[cfg(test)]
pub(in crate::trust) fn rows_go(table: &str) -> bool {
    ROWS_GO.contains(&table)
}

/// Returns whether a redaction leaves a word in a column that says nothing of the person.
#[cfg(test)]
pub(in crate::trust) fn leaves_a_word(table: &str, column: &str) -> bool {
    VALUES.iter().any(|(of, name, value)| (*of, *name) == (table, column) && *value == "'redacted'")
}

/// Tables that a redaction's job looks into, and not its request.
const LATER: &[&str] = &["import_assignment", "import_change"];

/// Tables of conversations: their rows are locked behind their threads. Messages have a statement
/// of their own.
const OF_CONVERSATIONS: &[&str] = &["message", "target"];

/// Rows of which something is left of their texts.
pub(super) const HAVE_BODIES: &[(&str, &str)] =
    &[("message", "(t.body <> '' or jsonb_path_exists(t.media, '$[*].url'))")];

/// Which tables of contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Tables that a redaction treats in its request.
    AtOnce,
    /// Tables that its job treats.
    Later,
    /// Tables with rows that age with their contact (rule R7).
    Aged,
}

/// A part of a person's tables: rows of each are locked in an order of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The contact, as the last, and all about them but conversations.
    Profile,
    /// Conversations without their messages.
    Conversations,
}

impl Which {
    fn has(self, table: &Table) -> bool {
        match self {
            Self::AtOnce => !LATER.contains(&table.name),
            Self::Later => LATER.contains(&table.name),
            Self::Aged => matches!(table.aged, Aged::WithContact | Aged::Bodies),
        }
    }
}

/// Rows that need nothing, so that a redaction that is repeated writes nothing.
const GUARDS: &[(&str, &str)] = &[
    ("access_request", "t.reason is not null"),
    ("membership", "(t.knows is not null or t.consent_text is not null)"),
    ("target", "t.skip_reason is not null and not is_engines_skip_reason(t.skip_reason)"),
];

impl Treatment {
    /// Returns the statements over the person's own rows of these tables: each is overwritten or
    /// goes, as the registry says of its columns.
    pub fn of_contacts(self, which: Which, part: Part) -> Vec<Statement> {
        let in_part = |table: &&Table| match part {
            Part::Profile => !OF_CONVERSATIONS.contains(&table.name),
            Part::Conversations => OF_CONVERSATIONS.contains(&table.name) && table.name != "message",
        };
        let tables = TABLES.iter().filter(|table| which.has(table)).filter(in_part);
        let mut statements: Vec<_> =
            tables.filter_map(|table| self.overwrite(table.name).or_else(|| self.delete(table.name))).collect();
        // The trigger on contacts tells the workers which texts to keep back.
        statements.sort_by_key(|statement| statement.table == "contact");
        statements
    }

    /// Returns the statement that overwrites the person's rows of a table; none for one without
    /// such columns.
    fn overwrite(self, table: &str) -> Option<Statement> {
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
        let (_, left) = HAVE_BODIES.iter().find(|(table, _)| *table == "message")?;
        let sql = format!(
            "with free as (
                 select t.id from message t
                 where t.{by} = any($1) and ({left} or t.state in ('queued', 'held'))
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

    pub(super) fn values(self, table: &'static Table) -> impl Iterator<Item = (&'static str, &'static str)> {
        let of = table.name;
        let value = move |column: &str| VALUES.iter().find(|(table, name, _)| (*table, *name) == (of, column));
        let overwritten = table.texts().filter(|(_, holds)| *holds == Holds::Overwritten);
        overwritten
            .filter(move |(column, _)| self.has(of, column))
            .filter_map(move |(column, _)| value(column).map(|(.., value)| (column, *value)))
    }

    /// Returns the statement that removes the person's rows of a table; none for one with rows that
    /// stay. Rows go for each of their columns; without one of them they stay.
    fn delete(self, table: &str) -> Option<Statement> {
        let (known, by) = of_contact(table)?;
        let mut deleted = known.texts().filter(|(_, holds)| *holds == Holds::Deleted).peekable();
        let goes = deleted.peek().is_some() || ROWS_GO.contains(&known.name);
        let whole = deleted.all(|(column, _)| self.has(known.name, column));
        let sql = format!("delete from {} t where t.{by} = any($1)", known.name);
        (goes && whole).then_some(Statement { table: known.name, sql })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table that ages and a column of it that has no statement of retention would stay for good.
    #[test]
    fn r7_every_treated_column_of_a_table_that_ages_is_in_a_statement_of_retention() {
        let whole = Treatment::whole();
        let mut statements = whole.of_contacts(Which::Aged, Part::Profile);
        statements.extend(whole.of_contacts(Which::Aged, Part::Conversations));
        statements.extend(whole.overwrite_messages());
        let bodies = whole.old_bodies();
        let has = |statements: &[Statement], table: &Table, column: &str, holds: Holds| {
            statements.iter().filter(|statement| statement.table == table.name).any(|statement| {
                let sql = &statement.sql;
                if holds == Holds::Deleted { sql.starts_with("delete") } else { sql.contains(&format!("{column} = ")) }
            })
        };
        for table in TABLES.iter().filter(|table| Which::Aged.has(table)) {
            assert!(of_contact(table.name).is_some(), "{} ages with a contact and is of none", table.name);
            let treated = table
                .texts()
                .filter(|(_, holds)| matches!(holds, Holds::Overwritten | Holds::Deleted | Holds::Searched));
            for (column, holds) in treated {
                assert!(has(&statements, table, column, holds), "retention leaves {}.{column}", table.name);
                if table.aged == Aged::Bodies {
                    assert!(has(&bodies, table, column, holds), "retention leaves old {}.{column}", table.name);
                }
            }
        }
        for name in ROWS_GO.iter().chain(LATER).chain(OF_CONVERSATIONS) {
            assert!(of_contact(name).is_some(), "{name}");
        }
    }
}
