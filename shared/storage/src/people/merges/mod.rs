//! Merges of tags and of custom fields (rule C16): their records, and their progress by slices of
//! contacts. A rename of a field is a merge into a new one.
//!
//! From its beginning on, files that name the one fill the other (`given_tag`,
//! `custom_field.merged_into`). The merge waits for the imports that had begun before, so that
//! nothing writes the one behind it.

mod fields;
mod tags;

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{FieldId, MergeId, OrganizationId, TagId},
    people::merge::{MergeKind, MergeStep},
};
use muster_jobs::kinds::NameMerge;
use uuid::Uuid;

use crate::{
    Db, Result, Tx,
    db::error::read_word,
    engine::enqueue::{Origin, enqueue},
};

/// A merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// The merge.
    pub id: MergeId,
    /// Its tenant.
    pub organization_id: OrganizationId,
    /// Tags or fields.
    pub kind: MergeKind,
    /// The one that goes.
    pub from_id: Uuid,
    /// The other, which stays.
    pub into_id: Uuid,
    /// The other was made for it.
    pub renames: bool,
    /// Its progress.
    pub step: MergeStep,
    /// Contacts that have lost the one so far.
    pub contacts: i64,
    /// Its beginning.
    pub created_at: DateTime<Utc>,
    /// Its end.
    pub finished_at: Option<DateTime<Utc>>,
    after_contact_id: Option<Uuid>,
}

/// Outcome of asking for a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Started {
    /// A job does it.
    Done(MergeId),
    /// One of the two is not there.
    Missing,
    /// One of the two is in a merge that is under way.
    Merging,
}

/// Begins to merge a tag into another.
pub async fn start_tags(
    tx: &mut Tx,
    organization_id: OrganizationId,
    from: TagId,
    into: TagId,
    origin: &Origin,
) -> Result<Started> {
    let found = sqlx::query_scalar!(
        "select id from tag where organization_id = $1 and id in ($2, $3) and merged_into is null order by id for update",
        organization_id.0,
        from.0,
        into.0,
    )
    .fetch_all(tx.conn())
    .await?;
    if found.len() != 2 {
        return Ok(Started::Missing);
    }
    if under_way(tx, &[from.0, into.0]).await? {
        return Ok(Started::Merging);
    }
    // Former names of the one are the other's from now on.
    sqlx::query!(
        "update tag set merged_into = $2, version = version + 1 where $1 in (id, merged_into)",
        from.0,
        into.0
    )
    .execute(tx.conn())
    .await?;
    start(tx, organization_id, MergeKind::Tag, (from.0, into.0), false, origin).await
}

/// Begins to merge a custom field into another. A contact with both keeps the other's value.
pub async fn start_fields(
    tx: &mut Tx,
    organization_id: OrganizationId,
    from: FieldId,
    into: FieldId,
    renames: bool,
    origin: &Origin,
) -> Result<Started> {
    let found = sqlx::query_scalar!(
        "select id from custom_field where organization_id = $1 and id in ($2, $3) and merged_into is null order by id for update",
        organization_id.0,
        from.0,
        into.0,
    )
    .fetch_all(tx.conn())
    .await?;
    if found.len() != 2 {
        return Ok(Started::Missing);
    }
    if under_way(tx, &[from.0, into.0]).await? {
        return Ok(Started::Merging);
    }
    sqlx::query!(
        "update custom_field set merged_into = $2, version = version + 1 where $1 in (id, merged_into)",
        from.0,
        into.0,
    )
    .execute(tx.conn())
    .await?;
    start(tx, organization_id, MergeKind::Field, (from.0, into.0), renames, origin).await
}

/// Is one of these in a merge that is not done, in a way that another merge would disturb?
async fn under_way(tx: &mut Tx, ids: &[Uuid]) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from name_merge where finished_at is null and (from_id = any($1) or into_id = any($1))) as "any!""#,
        ids,
    )
    .fetch_one(tx.conn())
    .await?)
}

async fn start(
    tx: &mut Tx,
    organization_id: OrganizationId,
    kind: MergeKind,
    (from, into): (Uuid, Uuid),
    renames: bool,
    origin: &Origin,
) -> Result<Started> {
    let id = MergeId::new();
    sqlx::query!(
        "insert into name_merge (id, organization_id, kind, from_id, into_id, renames) values ($1, $2, $3, $4, $5, $6)",
        id.0,
        organization_id.0,
        kind.as_str(),
        from,
        into,
        renames,
    )
    .execute(tx.conn())
    .await?;
    enqueue(tx, &NameMerge { merge_id: id }, origin).await?;
    Ok(Started::Done(id))
}

/// Returns a merge of this organization.
pub async fn get(db: impl Into<Db<'_>>, organization_id: OrganizationId, id: MergeId) -> Result<Option<Merge>> {
    let row = sqlx::query!("select * from name_merge where id = $1 and organization_id = $2", id.0, organization_id.0)
        .fetch_optional(&mut *db.into().connection().await?)
        .await?;
    row.map(|row| {
        Ok(Merge {
            id,
            organization_id,
            kind: read_word("name_merge", &row.kind)?,
            from_id: row.from_id,
            into_id: row.into_id,
            renames: row.renames,
            step: read_word("name_merge", &row.step)?,
            contacts: row.contacts,
            created_at: row.created_at,
            finished_at: row.finished_at,
            after_contact_id: row.after_contact_id,
        })
    })
    .transpose()
}

/// Outcome of a slice of a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advanced {
    /// There is more to do.
    Again,
    /// Imports that began before the merge are under way.
    Waits,
    /// It is done.
    Done,
}

/// Takes a merge one slice of contacts further.
pub async fn advance(tx: &mut Tx, organization_id: OrganizationId, id: MergeId, slice: usize) -> Result<Advanced> {
    sqlx::query!("select from name_merge where id = $1 for update", id.0).execute(tx.conn()).await?;
    let Some(merge) = get(&mut *tx, organization_id, id).await? else { return Ok(Advanced::Done) };
    let limit = i64::try_from(slice).unwrap_or(i64::MAX);
    if merge.step == MergeStep::Switch && imports_before(tx, &merge).await? {
        return Ok(Advanced::Waits);
    }
    let seen = match (merge.step, merge.kind) {
        (MergeStep::Done, _) => return Ok(Advanced::Done),
        (MergeStep::Copy, MergeKind::Tag) => tags::copy(tx, &merge, limit).await?,
        (MergeStep::Copy, MergeKind::Field) => fields::copy(tx, &merge, limit).await?,
        (MergeStep::Switch, MergeKind::Tag) => tags::switch(tx, &merge).await?,
        (MergeStep::Switch, MergeKind::Field) => fields::switch(tx, &merge).await?,
        (MergeStep::Move, MergeKind::Tag) => tags::leave(tx, &merge, limit).await?,
        (MergeStep::Move, MergeKind::Field) => fields::leave(tx, &merge, limit).await?,
    };
    let step = merge.step.after_slice(seen.len(), slice);
    let after = seen.last().copied().filter(|_| step == merge.step);
    let moved = if merge.step == MergeStep::Move { seen.len() } else { 0 };
    sqlx::query!(
        "update name_merge set step = $2, after_contact_id = $3, contacts = contacts + $4,
             finished_at = case when $2 = 'done' then clock_timestamp() end
         where id = $1",
        id.0,
        step.as_str(),
        after,
        i64::try_from(moved).unwrap_or(i64::MAX),
    )
    .execute(tx.conn())
    .await?;
    Ok(if step == MergeStep::Done { Advanced::Done } else { Advanced::Again })
}

async fn imports_before(tx: &mut Tx, merge: &Merge) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from import
               where organization_id = $1 and state in ('waiting', 'running') and created_at <= $2) as "any!""#,
        merge.organization_id.0,
        merge.created_at,
    )
    .fetch_one(tx.conn())
    .await?)
}
