//! Giving tags to contacts, to the knowledge of groups (rule A5).

use muster_domain::ids::{ContactId, GroupId, TagId};

use crate::{Result, Tx};

/// Gives tags to contacts of a group on behalf of that group's agents or admins; returns how many
/// contacts have got one.
pub async fn give_in_group(tx: &mut Tx, group_id: GroupId, contacts: &[ContactId], tags: &[TagId]) -> Result<u64> {
    give(tx, Some(&[group_id]), contacts, tags).await
}

/// Gives tags to contacts; returns how many have got one. With a giver's groups, their contacts
/// alone, and these groups learn of it: other groups that know all of a contact know from now on
/// their knowledge so far (docs/privacy.md). Without, all groups learn. Contacts are locked before
/// memberships, both in the order of their ids, as imports lock them.
pub async fn give(tx: &mut Tx, givers: Option<&[GroupId]>, contacts: &[ContactId], tags: &[TagId]) -> Result<u64> {
    let givers: Option<Vec<_>> = givers.map(|groups| groups.iter().map(|id| id.0).collect());
    let contacts: Vec<_> = contacts.iter().map(|id| id.0).collect();
    let tags: Vec<_> = tags.iter().map(|id| id.0).collect();
    sqlx::query!(
        "with locked as materialized (
             select c.id, told(c.first_name, c.last_name, c.email, c.postal_code, c.notes, c.external_id, c.fields) as told
             from contact c where c.id = any($2) and c.redacted_at is null order by c.id for no key update
         ), held as materialized (
             select m.group_id, m.contact_id, l.told
             from locked l join membership m on m.contact_id = l.id
             where m.group_id <> all($1::uuid[]) and m.knows is null
               and exists (select from unnest($3::uuid[]) as given (tag_id)
                           where not exists (select from contact_tag ct where ct.contact_id = l.id and ct.tag_id = given.tag_id))
             order by m.contact_id, m.group_id for no key update of m
         )
         update membership m
         set knows = known_with('{}', h.told, array(select ct.tag_id from contact_tag ct where ct.contact_id = h.contact_id))
         from held h where m.group_id = h.group_id and m.contact_id = h.contact_id",
        givers.as_deref(),
        &contacts,
        &tags,
    )
    .execute(tx.conn())
    .await?;
    let told = sqlx::query_scalar!(
        r#"with theirs as materialized (
             select m.group_id, m.contact_id, m.knows from membership m join contact c on c.id = m.contact_id
             where m.contact_id = any($2) and ($1::uuid[] is null or m.group_id = any($1)) and c.redacted_at is null
             order by m.contact_id, m.group_id for no key update of m
         ), given as (
             insert into contact_tag (contact_id, tag_id)
             select c.id, tag_id from contact c cross join unnest($3::uuid[]) as given (tag_id)
             where c.id = any($2) and c.redacted_at is null and ($1 is null or c.id in (select contact_id from theirs))
             order by c.id, tag_id
             on conflict do nothing returning contact_id
         ), learned as (
             update membership m set knows = known_with(m.knows, '{"fields": {}}', $3)
             from theirs t where m.group_id = t.group_id and m.contact_id = t.contact_id and t.knows is not null
               and not coalesce(m.knows -> 'tags' ?& array(select unnest($3::uuid[])::text), false)
             returning m.contact_id
         )
         select count(*) as "told!" from (select contact_id from given union select contact_id from learned) either"#,
        givers.as_deref(),
        &contacts,
        &tags,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(told.unsigned_abs())
}
