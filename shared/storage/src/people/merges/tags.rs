//! Slices of a merge of tags. Contacts' tags and groups' knowledge of them change together: first
//! memberships, in the order of their ids, then tags, in the order of theirs, as imports do.

use uuid::Uuid;

use crate::{Result, Tx, people::merges::Merge};

/// Gives contacts of the one the other as well; returns them.
pub(super) async fn copy(tx: &mut Tx, merge: &Merge, limit: i64) -> Result<Vec<Uuid>> {
    let next = sqlx::query_scalar!(
        "select contact_id from contact_tag
         where tag_id = $1 and contact_id > coalesce($2, '00000000-0000-0000-0000-000000000000'::uuid) order by contact_id limit $3",
        merge.from_id,
        merge.after_contact_id,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    know(tx, merge, &next, true).await?;
    give(tx, merge, &next).await?;
    Ok(next)
}

/// Groups that know the one know the other, and the one no more unless it stays for now.
async fn know(tx: &mut Tx, merge: &Merge, contacts: &[Uuid], stays: bool) -> Result<()> {
    sqlx::query!(
        "with held as materialized (
             select group_id, contact_id from membership
             where contact_id = any($1) and knows -> 'tags' ? $2::uuid::text
             order by contact_id, group_id for no key update
         )
         update membership m
         set knows = jsonb_set(m.knows, '{tags}',
             ((m.knows -> 'tags') - array[$3::uuid::text, case when not $4::bool then $2::uuid::text end]) || to_jsonb($3::uuid::text))
         from held h where m.group_id = h.group_id and m.contact_id = h.contact_id",
        contacts,
        merge.from_id,
        merge.into_id,
        stays,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn give(tx: &mut Tx, merge: &Merge, contacts: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "insert into contact_tag (contact_id, tag_id, import_id)
         select contact_id, $3, import_id from contact_tag where contact_id = any($1) and tag_id = $2 order by contact_id
         on conflict do nothing",
        contacts,
        merge.from_id,
        merge.into_id,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Goals, sources and forms come to name the other.
pub(super) async fn switch(tx: &mut Tx, merge: &Merge) -> Result<Vec<Uuid>> {
    let names = sqlx::query!(
        r#"select f.name as "from!", i.name as "into!" from tag f, tag i where f.id = $1 and i.id = $2"#,
        merge.from_id,
        merge.into_id,
    )
    .fetch_one(tx.conn())
    .await?;
    crate::people::tags::follow(tx, merge.organization_id, &names.from, &names.into).await?;
    sqlx::query!(
        "update form set tag_ids = array_replace(tag_ids, $2::uuid, $3::uuid), version = version + 1
         where organization_id = $1 and $2 = any(tag_ids)",
        merge.organization_id.0,
        merge.from_id,
        merge.into_id,
    )
    .execute(tx.conn())
    .await?;
    Ok(Vec::new())
}

/// Takes the one from contacts that have it; returns them.
pub(super) async fn leave(tx: &mut Tx, merge: &Merge, limit: i64) -> Result<Vec<Uuid>> {
    let next = sqlx::query_scalar!(
        "select contact_id from contact_tag where tag_id = $1 order by contact_id limit $2",
        merge.from_id,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    know(tx, merge, &next, false).await?;
    give(tx, merge, &next).await?;
    sqlx::query!("delete from contact_tag where contact_id = any($1) and tag_id = $2", &next, merge.from_id)
        .execute(tx.conn())
        .await?;
    Ok(next)
}
