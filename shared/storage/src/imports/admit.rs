//! Between reading and applying: how many of an import's people have a place in the group and with
//! their agents (rules A2 and C10), and the common needs of its shards: custom fields and tags.
//!
//! Places are kept for the import until its shards have used them, so that imports into one group
//! at the same time do not fill it twice. Phones are looked at only where the limit could be
//! reached.

use muster_domain::ids::{GroupId, ImportId, OrganizationId};

use crate::{
    Pool, Result, Tx,
    imports::{Import, rows::Sorted},
    people::tags,
};

/// Places in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupRoom {
    /// Places that nobody has, and that are kept for nobody; below nothing when there are more
    /// members than the limit allows.
    pub free: i64,
    /// Imports that were admitted before keep some. They may not need all of them: people that were
    /// in the group already, and people in two files, take none.
    pub kept: bool,
}

/// Locks the group, so that imports into it are admitted one after the other, and returns the free
/// places.
pub async fn places(tx: &mut Tx, import: &Import, limit: i32) -> Result<GroupRoom> {
    room(tx, import.group_id, Some(import.id), limit).await
}

/// The same beside all imports but this one, for others that let contacts into a group.
pub(crate) async fn room(
    tx: &mut Tx,
    group_id: Option<GroupId>,
    beside: Option<ImportId>,
    limit: i32,
) -> Result<GroupRoom> {
    sqlx::query!("select from contact_group where id = $1 for no key update", group_id.map(|id| id.0))
        .execute(tx.conn())
        .await?;
    let row = sqlx::query!(
        r#"select (select coalesce(sum(contacts), 0)::bigint from group_size where group_id = $1) as "taken!",
                  (select coalesce(sum(places_left), 0)::bigint from import
                   where group_id = $1 and state = 'running' and id is distinct from $2) as "kept!""#,
        group_id.map(|id| id.0),
        beside.map(|id| id.0),
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(GroupRoom { free: i64::from(limit) - row.taken - row.kept, kept: row.kept > 0 })
}

/// Keeps places for all of the import's rows.
pub async fn admit_all(tx: &mut Tx, import: &Import, rows: i64) -> Result<()> {
    keep(tx, import, rows, None).await
}

async fn keep(tx: &mut Tx, import: &Import, places: i64, last_line: Option<i64>) -> Result<()> {
    sqlx::query!(
        "update import set places_left = case when dry_run then 0 else $2::bigint end, last_admitted_line = $3 where id = $1",
        import.id.0,
        places,
        last_line,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Makes the table for the phones of an import.
pub async fn begin_phones(tx: &mut Tx) -> Result<()> {
    sqlx::query!("create temporary table if not exists import_phone (like public.import_phone) on commit delete rows")
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Copies the phones of a piece.
pub async fn add_phones(tx: &mut Tx, rows: &Sorted) -> Result<()> {
    tx.copy("copy import_phone (e164, line, agent) from stdin", rows.phones()).await?;
    Ok(())
}

/// Finds the line of the last new member that has a place; rows of new members after it are
/// rejected when they are applied.
pub async fn admit_in_order(tx: &mut Tx, import: &Import, places: i64) -> Result<()> {
    let places = places.max(0);
    sqlx::query!("analyze import_phone").execute(tx.conn()).await?;
    let found = sqlx::query!(
        r#"with fresh as (
             select max(p.line) as line from import_phone p
             where not exists (
                 select from contact c join membership m on m.contact_id = c.id and m.group_id = $2
                 where c.organization_id = $1 and c.e164 = p.e164)
             group by p.e164
         )
         select count(*) as "fresh!", coalesce((select line from fresh order by line offset greatest($3::bigint - 1, 0) limit 1), 0) as "last!"
         from fresh"#,
        import.organization_id.0,
        import.group_id.map(|id| id.0),
        places,
    )
    .fetch_one(tx.conn())
    .await?;
    if found.fresh <= places {
        keep(tx, import, found.fresh, None).await
    } else {
        keep(tx, import, places, Some(if places == 0 { 0 } else { found.last })).await
    }
}

/// Uses places that are kept for an import; false when more are wanted than are left.
pub async fn use_places(tx: &mut Tx, import: &Import, joined: i64) -> Result<bool> {
    let done = sqlx::query!(
        "update import set places_left = places_left - $2 where id = $1 and coalesce(places_left, 0) >= $2",
        import.id.0,
        joined,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Looks for places beyond the kept ones, for members that have left the group since the import was
/// admitted. Members that have joined in this transaction are counted already. False when there are
/// none.
pub async fn more_places(tx: &mut Tx, import: &Import, joined: i64, limit: i32) -> Result<bool> {
    // First, because this waits for the import's other shards: members that they let in are
    // counted.
    sqlx::query!(
        "update import set places_left = greatest(coalesce(places_left, 0) - $2, 0) where id = $1",
        import.id.0,
        joined,
    )
    .execute(tx.conn())
    .await?;
    Ok(places(tx, import, limit).await?.free >= 0)
}

/// Lets nobody else of an import into the group.
pub async fn close(pool: &Pool, id: ImportId) -> Result<()> {
    sqlx::query!("update import set last_admitted_line = 0 where id = $1", id.0)
        .execute(&mut *pool.connection().await?)
        .await?;
    Ok(())
}

/// Makes the tags and custom fields of an import (rules C8 and C14).
pub async fn create_names(
    tx: &mut Tx,
    organization_id: OrganizationId,
    tags: &[String],
    fields: &[String],
) -> Result<()> {
    sqlx::query!(
        "insert into tag (organization_id, name) select $1, name from unnest($2::text[]) name group by name order by name
         on conflict do nothing",
        organization_id.0,
        tags,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into custom_field (organization_id, name) select $1, name from unnest($2::text[]) name group by name order by name
         on conflict do nothing",
        organization_id.0,
        fields,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes which tags of an import are locked, for its report: they are not given (rule C8).
pub async fn note_locked_tags(tx: &mut Tx, import: &Import, names: &[String]) -> Result<()> {
    let locked = tags::locked_of(tx, import.organization_id, names).await?;
    if !locked.is_empty() {
        sqlx::query!("update import set locked_tags = $2 where id = $1", import.id.0, &locked)
            .execute(tx.conn())
            .await?;
    }
    Ok(())
}
