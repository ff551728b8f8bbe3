//! Custom fields of an organization's contacts as records (rules C14 and C16).
//!
//! A field that was renamed or merged leaves its former name behind as a row of its own that points
//! to it, so that columns of files with that name fill the field.

use chrono::{DateTime, Utc};
use muster_domain::ids::{FieldId, GroupId, OrganizationId};

use crate::{
    Db, Page, Pool, Result, Tx,
    people::tags::{COUNT_LIMIT, Deleted},
};

/// A custom field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The field.
    pub id: FieldId,
    /// Its name, unique in the organization.
    pub name: String,
    /// Files and agents leave its values as they are.
    pub locked: bool,
    /// Since when it is known.
    pub created_at: DateTime<Utc>,
    /// Counts its edits.
    pub version: i32,
}

/// Fields that a list has; each member narrows it.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// This one alone.
    pub id: Option<FieldId>,
    /// Fields with these words in their name, in any case.
    pub search: Option<String>,
}

/// Returns a page of an organization's fields, by age. With a reader's groups, the fields in which
/// those groups know a value of a contact (rule A5).
pub async fn page(
    db: impl Into<Db<'_>>,
    organization_id: OrganizationId,
    readers: Option<&[GroupId]>,
    filter: &Filter,
    page: Page<FieldId>,
) -> Result<Vec<Field>> {
    let readers: Option<Vec<_>> = readers.map(|groups| groups.iter().map(|id| id.0).collect());
    let rows = sqlx::query!(
        "select f.id, f.name, f.locked, f.created_at, f.version
         from custom_field f
         where f.organization_id = $1 and f.merged_into is null
           and ($2::uuid is null or f.id = $2)
           and ($3::uuid is null or f.id > $3)
           and ($5::text is null or strpos(lower(f.name), lower($5)) > 0)
           and ($6::uuid[] is null or f.name in (
               select jsonb_object_keys(case when m.knows is null then c.fields else m.knows -> 'fields' end)
               from membership m join contact c on c.id = m.contact_id
               where m.group_id = any($6)))
         order by f.id limit $4",
        organization_id.0,
        filter.id.map(|id| id.0),
        page.after.map(|id| id.0),
        page.limit,
        filter.search,
        readers.as_deref(),
    )
    .fetch_all(&mut *db.into().connection().await?)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Field {
            id: FieldId(row.id),
            name: row.name,
            locked: row.locked,
            created_at: row.created_at,
            version: row.version,
        })
        .collect())
}

/// Returns a field of this organization, for its reader as [`page`] does.
pub async fn get(
    db: impl Into<Db<'_>>,
    organization_id: OrganizationId,
    readers: Option<&[GroupId]>,
    id: FieldId,
) -> Result<Option<Field>> {
    let filter = Filter { id: Some(id), ..Filter::default() };
    Ok(page(db, organization_id, readers, &filter, Page::first(1)).await?.pop())
}

/// Returns how many contacts have a value in a field, at most [`COUNT_LIMIT`]; with a reader's
/// groups, how many of those groups have one to their knowledge.
pub async fn count(
    tx: &mut Tx,
    organization_id: OrganizationId,
    readers: Option<&[GroupId]>,
    name: &str,
) -> Result<i64> {
    let Some(readers) = readers else {
        return Ok(sqlx::query_scalar!(
            r#"select count(*) as "contacts!" from (
                   select from contact where organization_id = $1 and fields ? $2 limit $3) c"#,
            organization_id.0,
            name,
            COUNT_LIMIT,
        )
        .fetch_one(tx.conn())
        .await?);
    };
    let readers: Vec<_> = readers.iter().map(|id| id.0).collect();
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "contacts!" from (
               select distinct m.contact_id from membership m join contact c on c.id = m.contact_id
               where m.group_id = any($1) and (case when m.knows is null then c.fields else m.knows -> 'fields' end) ? $2
               limit $3) c"#,
        &readers,
        name,
        COUNT_LIMIT,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Records a field; false when another has the name. A former name of another field becomes a name
/// of its own again.
pub async fn create(
    tx: &mut Tx,
    id: FieldId,
    organization_id: OrganizationId,
    name: &str,
    locked: bool,
) -> Result<bool> {
    sqlx::query!(
        "delete from custom_field f where f.organization_id = $1 and f.name = $2 and f.switched_at is not null
           and not exists (select from name_merge m where m.from_id = f.id and m.finished_at is null)",
        organization_id.0,
        name,
    )
    .execute(tx.conn())
    .await?;
    let made = sqlx::query!(
        "insert into custom_field (id, organization_id, name, locked) values ($1, $2, $3, $4)
         on conflict (organization_id, name) do nothing",
        id.0,
        organization_id.0,
        name,
        locked,
    )
    .execute(tx.conn())
    .await?;
    Ok(made.rows_affected() == 1)
}

/// Locks a field until the end of the transaction and returns it.
pub async fn lock(tx: &mut Tx, organization_id: OrganizationId, id: FieldId) -> Result<Option<Field>> {
    sqlx::query!("select from custom_field where id = $1 and organization_id = $2 for update", id.0, organization_id.0)
        .execute(tx.conn())
        .await?;
    get(tx, organization_id, None, id).await
}

/// Locks a field's values, or opens them again.
pub async fn set_locked(tx: &mut Tx, id: FieldId, locked: bool) -> Result<()> {
    sqlx::query!("update custom_field set locked = $2, version = version + 1 where id = $1", id.0, locked)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Deletes a locked field that nothing refers to.
pub async fn delete(tx: &mut Tx, organization_id: OrganizationId, field: &Field, pattern: &str) -> Result<Deleted> {
    let used = sqlx::query!(
        r#"select exists (select from contact where organization_id = $2 and fields ? $3) as "contacts!",
                  exists (
                      select from goal
                      where organization_id = $2
                        and (with_field(targeting, $3, '') <> targeting or script ~ $4 or reminder_script ~ $4
                             or exists (select from jsonb_array_elements(responses) one where one ->> 'script' ~ $4)))
                  or exists (select from library_script where organization_id = $2 and script ~ $4)
                  or exists (
                      select from agent_script s join member m on m.id = s.member_id
                      where m.organization_id = $2 and s.script ~ $4)
                  or exists (
                      select from import_source s
                      where s.organization_id = $2 and exists (select from jsonb_each_text(s.mapping) where value = 'custom:' || $3::text))
                  or exists (
                      select from form
                      where organization_id = $2 and questions @> jsonb_build_array(jsonb_build_object('field', 'custom:' || $3::text))) as "named!",
                  exists (select from import where organization_id = $2 and state in ('waiting', 'running')) as "imports!",
                  exists (select from name_merge where finished_at is null and $1 in (from_id, into_id)) as "merging!""#,
        field.id.0,
        organization_id.0,
        field.name,
        pattern,
    )
    .fetch_one(tx.conn())
    .await?;
    if used.merging {
        return Ok(Deleted::Merging);
    }
    if used.contacts {
        return Ok(Deleted::OfContacts);
    }
    if used.named {
        return Ok(Deleted::Named);
    }
    if used.imports {
        return Ok(Deleted::Imports);
    }
    sqlx::query!("delete from custom_field where id = $1 or merged_into = $1", field.id.0).execute(tx.conn()).await?;
    Ok(Deleted::Done)
}

/// An organization's custom fields as its files meet them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileFields {
    /// Names of all fields, in order.
    pub known: Vec<String>,
    /// Names of locked ones.
    pub locked: Vec<String>,
    /// Former names, each with the present one.
    pub former: Vec<(String, String)>,
}

/// Returns an organization's custom fields as its files meet them.
pub async fn of_files(pool: &Pool, organization_id: OrganizationId) -> Result<FileFields> {
    let rows = sqlx::query!(
        r#"select f.name, coalesce(i.locked, f.locked) as "locked!", i.name as "into?"
           from custom_field f left join custom_field i on i.id = f.merged_into
           where f.organization_id = $1 order by f.name"#,
        organization_id.0,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    let mut fields = FileFields::default();
    for row in rows {
        if row.locked {
            fields.locked.push(row.name.clone());
        }
        match row.into {
            Some(into) => fields.former.push((row.name, into)),
            None => fields.known.push(row.name),
        }
    }
    Ok(fields)
}

/// Returns the present name of a custom field, by its present or a former one.
pub async fn present_name(tx: &mut Tx, organization_id: OrganizationId, name: &str) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        r#"select coalesce(i.name, f.name) as "name!" from custom_field f left join custom_field i on i.id = f.merged_into
           where f.organization_id = $1 and f.name = $2"#,
        organization_id.0,
        name,
    )
    .fetch_optional(tx.conn())
    .await?)
}
