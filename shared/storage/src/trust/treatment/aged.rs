//! Statements of retention's steps (rule R7): texts that leave before their contact, rows that
//! leave with their import, and addresses that leave before their rows.
//!
//! `$1` is the organization and `$2` the instant before which records are old, where a statement
//! does not say otherwise.

use crate::trust::{
    tables::{Aged, OfImport, TABLES, Table},
    treatment::{Statement, Treatment, own::HAVE_BODIES},
};

/// A table's rows that are old.
struct Old {
    table: &'static str,
    /// The condition on the table as `t`.
    rows: &'static str,
}

/// Tables of conversations (`t.thread_id`) with texts that leave before their contact
/// (`Aged::Bodies`).
const OLD_BODIES: &[Old] =
    &[Old { table: "message", rows: "t.created_at < $2 and t.state not in ('queued', 'held', 'sending', 'unknown')" }];

/// Tables with addresses of clients that leave before their rows (`Aged::Addresses`).
const OLD_ADDRESSES: &[Old] = &[Old {
    table: "export_opening",
    rows: "t.at < $2 and t.link_id in (
               select l.id from export_link l join export e on e.id = l.export_id where e.organization_id = $1)",
}];

impl Treatment {
    /// Returns the statements that overwrite the old texts of the conversations `$1`.
    pub fn old_bodies(self) -> Vec<Statement> {
        let overwrite = |(table, old, left): (&'static Table, &str, &str)| {
            let sets: Vec<_> = self.values(table).map(|(column, value)| format!("{column} = {value}")).collect();
            let sets = sets.join(", ");
            format!("update {} t set {sets} where t.thread_id = any($1) and {old} and {left}", table.name)
        };
        self.bodies(overwrite)
    }

    /// Returns the statements that put conversations with old texts into the set of the run `$3`.
    pub fn freeze_old_bodies(self) -> Vec<Statement> {
        self.bodies(|(table, old, left)| {
            format!(
                "insert into retention_item (run_id, id)
                 select $3, c.id from thread c
                 where c.organization_id = $1
                     and exists (select from {} t where t.thread_id = c.id and {old} and {left})
                 on conflict do nothing",
                table.name
            )
        })
    }

    /// Returns the statements that count old texts.
    pub fn count_old_bodies(self) -> Vec<Statement> {
        self.bodies(|(table, old, left)| {
            format!(
                "select count(*) from thread c join {} t on t.thread_id = c.id
                 where c.organization_id = $1 and {old} and {left}",
                table.name
            )
        })
    }

    /// Returns the statements that remove the rows that an import `$1` has brought and that leave
    /// with its file. Rows go for each of their columns; without one of them they stay.
    pub fn of_imports(self) -> Vec<Statement> {
        let tables = TABLES.iter().filter(|table| table.of_import() == Some(OfImport::Leaves));
        let whole = |table: &&Table| {
            let mut personal = table.texts().filter(|(_, holds)| holds.is_personal());
            personal.all(|(column, _)| self.has(table.name, column))
        };
        let statement = |table: &'static Table| Statement {
            table: table.name,
            sql: format!("delete from {} t where t.import_id = $1", table.name),
        };
        tables.filter(whole).map(statement).collect()
    }

    /// Returns the statements that empty old addresses.
    pub fn old_addresses(self) -> Vec<Statement> {
        self.addresses(|table, columns, old| {
            let sets: Vec<_> = columns.iter().map(|column| format!("{column} = ''")).collect();
            format!("update {} t set {} where {old} and {}", table.name, sets.join(", "), any_left(columns))
        })
    }

    /// Returns the statements that count rows with old addresses.
    pub fn count_old_addresses(self) -> Vec<Statement> {
        self.addresses(|table, columns, old| {
            format!("select count(*) from {} t where {old} and {}", table.name, any_left(columns))
        })
    }

    /// Returns a statement for each table with old texts of which a column is treated, made of the
    /// table, the condition of old rows, and that of rows that have something left.
    fn bodies(self, statement: impl Fn((&'static Table, &str, &str)) -> String) -> Vec<Statement> {
        let tables = TABLES.iter().filter(|table| table.aged == Aged::Bodies);
        let treated = tables.filter(|table| self.values(table).next().is_some());
        treated
            .filter_map(|table| {
                let (_, left) = HAVE_BODIES.iter().find(|(name, _)| *name == table.name)?;
                Some(Statement { table: table.name, sql: statement((table, old(OLD_BODIES, table)?, left)) })
            })
            .collect()
    }

    /// Returns a statement for each table with old addresses of which a column is treated, made of
    /// the table, these columns, and the condition of old rows.
    fn addresses(self, statement: impl Fn(&Table, &[&str], &str) -> String) -> Vec<Statement> {
        let tables = TABLES.iter().filter(|table| table.aged == Aged::Addresses);
        tables
            .filter_map(|table| {
                let personal =
                    table.texts().filter(|(column, holds)| holds.is_personal() && self.has(table.name, column));
                let columns: Vec<_> = personal.map(|(column, _)| column).collect();
                let sql = statement(table, &columns, old(OLD_ADDRESSES, table)?);
                (!columns.is_empty()).then_some(Statement { table: table.name, sql })
            })
            .collect()
    }
}

fn old(of: &[Old], table: &Table) -> Option<&'static str> {
    of.iter().find(|old| old.table == table.name).map(|old| old.rows)
}

fn any_left(columns: &[&str]) -> String {
    let left: Vec<_> = columns.iter().map(|column| format!("t.{column} <> ''")).collect();
    format!("({})", left.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table that ages by its addresses and has no statement would keep them for good.
    #[test]
    fn r7_every_address_of_the_registry_is_in_a_statement_of_retention() {
        for table in TABLES.iter().filter(|table| table.aged == Aged::Addresses) {
            for (column, _) in table.texts().filter(|(_, holds)| holds.is_personal()) {
                let has = |statements: Vec<Statement>| {
                    statements.iter().any(|statement| statement.table == table.name && statement.sql.contains(column))
                };
                assert!(has(Treatment::whole().old_addresses()), "retention leaves {}.{column}", table.name);
                assert!(has(Treatment::whole().count_old_addresses()), "the preview has no {}.{column}", table.name);
                assert!(!has(Treatment::without(table.name, column).old_addresses()), "{}.{column}", table.name);
            }
        }
    }
}
