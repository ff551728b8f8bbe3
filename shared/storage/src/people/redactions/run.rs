//! Running the statements that the registry makes, and counting the rows that they erase.

use std::collections::BTreeMap;

use muster_domain::{
    ids::{AccountId, RedactionId},
    people::traces::Patterns,
};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::{Result, Tx, trust::treatment::Statement};

/// Rows that were erased, by table, and objects, by folder. The receipt of a redaction is made of
/// it, and names nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Erased {
    rows: BTreeMap<&'static str, u64>,
    objects: BTreeMap<&'static str, u64>,
}

impl Erased {
    /// Adds rows of a table.
    pub fn add_rows(&mut self, table: &'static str, rows: u64) {
        if rows > 0 {
            *self.rows.entry(table).or_default() += rows;
        }
    }

    /// Adds objects of a folder of the object store.
    pub fn add_objects(&mut self, folder: &'static str, objects: u64) {
        if objects > 0 {
            *self.objects.entry(folder).or_default() += objects;
        }
    }

    /// Adds another's.
    pub fn add(&mut self, other: &Self) {
        other.rows.iter().for_each(|(table, rows)| self.add_rows(table, *rows));
        other.objects.iter().for_each(|(folder, objects)| self.add_objects(folder, *objects));
    }
}

/// Runs statements over the person's own rows.
pub(super) async fn own(
    tx: &mut Tx,
    statements: impl IntoIterator<Item = Statement>,
    contacts: &[Uuid],
    erased: &mut Erased,
) -> Result<u64> {
    let mut all = 0;
    for Statement { table, sql } in statements {
        // Made of names and values in the source alone.
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(contacts).execute(tx.conn()).await?.rows_affected();
        erased.add_rows(table, rows);
        all += rows;
    }
    Ok(all)
}

/// Runs the statement over the test texts of an account.
pub(super) async fn tests(
    tx: &mut Tx,
    statement: Option<Statement>,
    account_id: AccountId,
    id: RedactionId,
    erased: &mut Erased,
) -> Result<()> {
    if let Some(Statement { table, sql }) = statement {
        let query = sqlx::query(AssertSqlSafe(sql)).bind(account_id.0).bind(id.0);
        erased.add_rows(table, query.execute(tx.conn()).await?.rows_affected());
    }
    Ok(())
}

/// Runs statements over the free text of an account.
pub(super) async fn searched(
    tx: &mut Tx,
    statements: impl IntoIterator<Item = Statement>,
    account_id: AccountId,
    patterns: &Patterns,
    erased: &mut Erased,
) -> Result<()> {
    for Statement { table, sql } in statements {
        let query = sqlx::query(AssertSqlSafe(sql)).bind(account_id.0).bind(&patterns.sure).bind(&patterns.alone);
        erased.add_rows(table, query.execute(tx.conn()).await?.rows_affected());
    }
    Ok(())
}

/// Adds to the receipt.
pub async fn record(tx: &mut Tx, id: RedactionId, erased: &Erased) -> Result<()> {
    sqlx::query!(
        "update redaction set erased_rows = sum_of_counts(erased_rows, $2), erased_objects = sum_of_counts(erased_objects, $3) where id = $1",
        id.0,
        serde_json::to_value(&erased.rows)?,
        serde_json::to_value(&erased.objects)?,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
