//! Groups, their members, and their sender numbers (rules A1 to A4).

use muster_domain::{
    ids::{GroupId, MemberId, OrganizationId},
    people::e164::E164,
};

use crate::{Db, Page, Pool, Result, Tx};

/// Entries of a group's size that are not worth a fold.
const FEW_ENTRIES: i64 = 8;
/// Groups and entries of one fold.
const GROUPS_PER_FOLD: i64 = 1_000;
const ENTRIES_PER_FOLD: i64 = 50_000;

/// A group.
#[derive(Debug, Clone)]
pub struct Group {
    /// The group.
    pub id: GroupId,
    /// Its tenant.
    pub organization_id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Where it is, in words.
    pub location: String,
    /// Its IANA time zone.
    pub zone: String,
    /// The area code of its numbers.
    pub area_code: String,
    /// It takes no new goals.
    pub archived: bool,
    /// Bumped by every edit.
    pub version: i32,
}

/// A group with its size.
#[derive(Debug, Clone)]
pub struct CountedGroup {
    /// The group.
    pub group: Group,
    /// Contacts in it, active or not.
    pub contacts: i64,
}

/// A group to be made.
#[derive(Debug, Clone)]
pub struct NewGroup<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where it is, in words.
    pub location: &'a str,
    /// Its IANA time zone, checked.
    pub zone: &'a str,
    /// The area code of its numbers.
    pub area_code: &'a str,
}

/// Creates a group.
pub async fn create(tx: &mut Tx, id: GroupId, organization_id: OrganizationId, new: &NewGroup<'_>) -> Result<()> {
    sqlx::query!(
        "insert into contact_group (id, organization_id, name, location, zone, area_code) values ($1, $2, $3, $4, $5, $6)",
        id.0,
        organization_id.0,
        new.name,
        new.location,
        new.zone,
        new.area_code,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Returns a group of this organization.
pub async fn get(db: impl Into<Db<'_>>, organization_id: OrganizationId, id: GroupId) -> Result<Option<Group>> {
    let row =
        sqlx::query!("select * from contact_group where organization_id = $1 and id = $2", organization_id.0, id.0)
            .fetch_optional(&mut *db.into().connection().await?)
            .await?;
    Ok(row.map(|row| Group {
        id,
        organization_id,
        name: row.name,
        location: row.location,
        zone: row.zone,
        area_code: row.area_code,
        archived: row.archived_at.is_some(),
        version: row.version,
    }))
}

/// Returns a group of this organization with its size.
pub async fn counted(
    db: impl Into<Db<'_>>,
    organization_id: OrganizationId,
    id: GroupId,
) -> Result<Option<CountedGroup>> {
    Ok(page(db, organization_id, &Filter { ids: Some(&[id]) }, Page::first(1)).await?.pop())
}

/// Returns the first group of this name, among these groups alone if some are given. Another caller
/// that looks for it at the same time waits for this transaction, so that it is made once.
pub async fn by_name(
    tx: &mut Tx,
    organization_id: OrganizationId,
    name: &str,
    among: Option<&[GroupId]>,
) -> Result<Option<GroupId>> {
    let among: Option<Vec<_>> = among.map(|groups| groups.iter().map(|id| id.0).collect());
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", format!("group {organization_id} {name}"))
        .execute(tx.conn())
        .await?;
    let id = sqlx::query_scalar!(
        "select id from contact_group
         where organization_id = $1 and name = $2 and archived_at is null and ($3::uuid[] is null or id = any($3))
         order by id limit 1",
        organization_id.0,
        name,
        among.as_deref(),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(id.map(GroupId))
}

/// Returns whether all of these groups are this organization's.
pub async fn all_exist(tx: &mut Tx, organization_id: OrganizationId, ids: &[GroupId]) -> Result<bool> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    Ok(sqlx::query_scalar!(
        r#"select not exists (
               select from unnest($2::uuid[]) as named (id)
               where not exists (select from contact_group g where g.id = named.id and g.organization_id = $1)) as "all!""#,
        organization_id.0,
        &ids,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Groups that a list has.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    /// These alone.
    pub ids: Option<&'a [GroupId]>,
}

/// Returns a page of an organization's groups, by age.
pub async fn page(
    db: impl Into<Db<'_>>,
    organization_id: OrganizationId,
    filter: &Filter<'_>,
    page: Page<GroupId>,
) -> Result<Vec<CountedGroup>> {
    let ids: Option<Vec<_>> = filter.ids.map(|groups| groups.iter().map(|id| id.0).collect());
    let rows = sqlx::query!(
        r#"select g.*, (select coalesce(sum(s.contacts), 0)::bigint from group_size s where s.group_id = g.id) as "contacts!"
           from contact_group g
           where g.organization_id = $1 and ($2::uuid[] is null or g.id = any($2)) and ($3::uuid is null or g.id > $3)
           order by g.id limit $4"#,
        organization_id.0,
        ids.as_deref(),
        page.after.map(|id| id.0),
        page.limit,
    )
    .fetch_all(&mut *db.into().connection().await?)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| CountedGroup {
            group: Group {
                id: GroupId(row.id),
                organization_id,
                name: row.name,
                location: row.location,
                zone: row.zone,
                area_code: row.area_code,
                archived: row.archived_at.is_some(),
                version: row.version,
            },
            contacts: row.contacts,
        })
        .collect())
}

/// Folds the entries of groups' sizes, so that there are few of each group. Entries that are being
/// folded elsewhere are left out.
pub async fn fold_sizes(tx: &mut Tx) -> Result<()> {
    sqlx::query!(
        "with many as (
             select group_id from group_size group by group_id having count(*) > $1 limit $2
         ), gone as (
             delete from group_size where id in (
                 select s.id from group_size s join many using (group_id) order by s.id limit $3 for update of s skip locked)
             returning group_id, contacts
         )
         insert into group_size (group_id, contacts)
         select group_id, sum(contacts)::bigint from gone group by group_id having sum(contacts) <> 0",
        FEW_ENTRIES,
        GROUPS_PER_FOLD,
        ENTRIES_PER_FOLD,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Returns the ids and names of an organization's groups that are not archived; of these alone, if
/// some are given.
pub async fn names(
    tx: &mut Tx,
    organization_id: OrganizationId,
    only: Option<&[GroupId]>,
) -> Result<Vec<(GroupId, String)>> {
    let only: Option<Vec<_>> = only.map(|groups| groups.iter().map(|id| id.0).collect());
    let rows = sqlx::query!(
        "select id, name from contact_group
         where organization_id = $1 and archived_at is null and ($2::uuid[] is null or id = any($2)) order by id",
        organization_id.0,
        only.as_deref(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (GroupId(row.id), row.name)).collect())
}

/// Archives a group, or takes it back into use (rule A4); false when it is not this organization's.
pub async fn set_archived(tx: &mut Tx, organization_id: OrganizationId, id: GroupId, archived: bool) -> Result<bool> {
    let done = sqlx::query!(
        "update contact_group set archived_at = case when $3 then coalesce(archived_at, now()) end,
             version = version + case when (archived_at is not null) = $3 then 0 else 1 end
         where id = $1 and organization_id = $2",
        id.0,
        organization_id.0,
        archived,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Locks a group of this organization for an edit, and returns it.
pub async fn lock(tx: &mut Tx, organization_id: OrganizationId, id: GroupId) -> Result<Option<Group>> {
    sqlx::query!(
        "select from contact_group where id = $1 and organization_id = $2 for no key update",
        id.0,
        organization_id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    get(&mut *tx, organization_id, id).await
}

/// Replaces a group's name, location, zone and area code.
pub async fn update(tx: &mut Tx, id: GroupId, edit: &NewGroup<'_>) -> Result<()> {
    sqlx::query!(
        "update contact_group set name = $2, location = $3, zone = $4, area_code = $5, version = version + 1 where id = $1",
        id.0,
        edit.name,
        edit.location,
        edit.zone,
        edit.area_code,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Returns the numbers from which agents text in these groups.
pub async fn numbers(pool: &Pool, organization_id: OrganizationId, groups: &[GroupId]) -> Result<Vec<String>> {
    let groups: Vec<_> = groups.iter().map(|id| id.0).collect();
    Ok(sqlx::query_scalar!(
        "select e164 from sender_number where organization_id = $1 and group_id = any($2)",
        organization_id.0,
        &groups,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?)
}

/// Adds a member to a group.
pub async fn add_member(tx: &mut Tx, group_id: GroupId, member_id: MemberId) -> Result<()> {
    let added = sqlx::query!(
        "insert into group_member (group_id, member_id) values ($1, $2) on conflict do nothing",
        group_id.0,
        member_id.0
    )
    .execute(tx.conn())
    .await?;
    if added.rows_affected() == 1 {
        sqlx::query!("update member set version = version + 1 where id = $1", member_id.0).execute(tx.conn()).await?;
    }
    Ok(())
}

/// Adds an agent to a group and gives them a number of its area code: the same as before if they
/// have or had one (rule A3), else one of the group's that has no agent, else one of the
/// organization's. `None` when there is no free number of that area code.
pub async fn add_agent(tx: &mut Tx, group_id: GroupId, agent_id: MemberId) -> Result<Option<E164>> {
    add_member(tx, group_id, agent_id).await?;
    let kept = sqlx::query_scalar!(
        "select e164 from sender_number where group_id = $1 and agent_id = $2",
        group_id.0,
        agent_id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    let number = match kept {
        Some(number) => Some(number),
        None => {
            sqlx::query_scalar!(
                "update sender_number set group_id = $1, agent_id = $2
                 where e164 = (
                     select n.e164 from sender_number n
                     join contact_group g on g.id = $1 and g.organization_id = n.organization_id and g.area_code = n.area_code
                     where n.agent_id is null and (n.group_id is null or n.group_id = $1)
                     order by n.former_agent_id is distinct from $2, n.group_id is null, n.e164 limit 1 for update of n skip locked)
                 returning e164",
                group_id.0,
                agent_id.0,
            )
            .fetch_optional(tx.conn())
            .await?
        }
    };
    Ok(number.as_deref().map(E164::parse).transpose()?)
}
