//! An import's answers row by row: contacts that it changed, and rows that it rejected (rule C7).

use std::collections::BTreeMap;

use muster_domain::{
    ids::{ContactId, ImportId},
    imports::RejectReason,
};

use crate::{Page, Pool, Result, db::error::read_word};

/// A contact that an import changed.
#[derive(Debug, Clone)]
pub struct ContactChange {
    /// The contact.
    pub contact_id: ContactId,
    /// The differing fields, before the import.
    pub before: serde_json::Value,
    /// The same as the import left it.
    pub after: serde_json::Value,
}

/// Returns a page of the contacts that an import changed, or that were in its group before and got
/// another agent by it, by age. As its group knows them (rule A5), or as the organization does.
pub async fn changes(
    pool: &Pool,
    id: ImportId,
    as_its_group: bool,
    page: Page<ContactId>,
) -> Result<Vec<ContactChange>> {
    let rows = sqlx::query_file!("src/imports/changes.sql", id.0, page.after.map(|id| id.0), page.limit, as_its_group)
        .fetch_all(&mut *pool.connection().await?)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| ContactChange { contact_id: ContactId(row.contact_id), before: row.before, after: row.after })
        .collect())
}

/// A rejected row.
#[derive(Debug, Clone)]
pub struct Reject {
    /// Line of the file at which the row begins, from 1.
    pub line: i64,
    /// Why.
    pub reason: RejectReason,
    /// The column that it is about.
    pub column: Option<String>,
    /// The row as it was in the file.
    pub raw: String,
}

/// Returns a page of an import's rejects, by their lines.
pub async fn rejects(pool: &Pool, id: ImportId, page: Page<i64>) -> Result<Vec<Reject>> {
    let rows = sqlx::query!(
        "select line, reason, column_name, raw from import_reject where import_id = $1 and line > $2 order by line limit $3",
        id.0,
        page.after.unwrap_or(0),
        page.limit,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    rows.into_iter()
        .map(|row| {
            let reason = read_word("import_reject", &row.reason)?;
            Ok(Reject { line: row.line, reason, column: row.column_name, raw: row.raw })
        })
        .collect()
}

/// Rejects counted by reason, those that are not kept as well.
pub async fn reject_reasons(pool: &Pool, id: ImportId) -> Result<BTreeMap<String, i64>> {
    let rows = sqlx::query!(
        r#"with counted as (
             select reject_reasons from import_part where import_id = $1
                 -- A file that was refused before anything of it was applied has no rows to report.
                 and (exists (select from import_shard where import_id = $1) or not exists (select from import where id = $1 and state = 'failed'))
             union all
             select reject_reasons from import_shard where import_id = $1
         )
         select key as "reason!", sum(value::bigint)::bigint as "rows!"
         from counted cross join lateral jsonb_each_text(reject_reasons) group by key"#,
        id.0
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    Ok(rows.into_iter().map(|row| (row.reason, row.rows)).collect())
}

/// Rows that were read with a doubt, by its reason; a row may have several.
pub async fn warning_reasons(pool: &Pool, id: ImportId) -> Result<BTreeMap<String, i64>> {
    let rows = sqlx::query!(
        r#"select key as "reason!", sum(value::bigint)::bigint as "rows!"
           from import_part cross join lateral jsonb_each_text(warning_reasons) where import_id = $1 group by key"#,
        id.0
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    Ok(rows.into_iter().map(|row| (row.reason, row.rows)).collect())
}
