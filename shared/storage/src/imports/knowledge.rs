//! Knowledge of the people in its rows in the import's group, and in other groups (rules A5 and C1;
//! `domain::people::knowledge`).
//!
//! A group knows all of the contacts that it brought first, or that an organization's admin brought
//! into it. Of contacts that others brought before, it knows the values of its own files. Rows of
//! those are counted by the group's knowledge: a contact that it did not have it has created.

use crate::{Result, Tx, imports::Import};

/// Finds the group's knowledge of the people in the rows that were there before, and keeps other
/// groups' knowledge of them as it is. False when the group knows all of them wholly.
pub(super) async fn learn(tx: &mut Tx, import: &Import) -> Result<bool> {
    let by_group_admin = sqlx::query_scalar!(
        r#"select m.role = 'group_admin' as "by!" from import i join member m on m.id = i.created_by where i.id = $1"#,
        import.id.0,
    )
    .fetch_one(tx.conn())
    .await?;
    let partly = sqlx::query_file!(
        "src/imports/learn.sql",
        import.organization_id.0,
        import.group_id.map(|id| id.0),
        by_group_admin,
        &import.tags
    )
    .execute(tx.conn())
    .await?;
    if by_group_admin {
        sqlx::query_file!("src/imports/keep_known.sql", import.group_id.map(|id| id.0), &import.tags)
            .execute(tx.conn())
            .await?;
    }
    Ok(partly.rows_affected() > 0)
}

/// Writes the group's new knowledge of contacts that it had before. Of joined contacts, their new
/// memberships know it.
pub(super) async fn remember(tx: &mut Tx, import: &Import) -> Result<()> {
    sqlx::query!(
        "with learned as (
             select m.contact_id, r.knows from import_row r join membership m on m.group_id = $1 and m.contact_id = r.contact_id
             where r.known is not null and r.knows <> r.known and m.knows is not null
             order by m.contact_id for no key update of m
         ), told as (
             update membership m set knows = l.knows from learned l
             where m.group_id = $1 and m.contact_id = l.contact_id returning m.contact_id
         )
         update import_row r set news = true from told where r.contact_id = told.contact_id",
        import.group_id.map(|id| id.0),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
