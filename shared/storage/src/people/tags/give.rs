//! Giving tags to contacts of a group by its own people, within the group's knowledge (rule A5).

use muster_domain::ids::{ContactId, GroupId, TagId};

use crate::{Result, Tx};

/// Gives tags to contacts of a group on behalf of that group's agents or admins; returns how many
/// contacts have got one. Other groups that know all of a contact know from now on their knowledge
/// so far (docs/privacy.md). Contacts are locked before memberships, both in the order of their
/// ids, as imports lock them.
pub async fn give_in_group(tx: &mut Tx, group_id: GroupId, contacts: &[ContactId], tags: &[TagId]) -> Result<u64> {
    let contacts: Vec<_> = contacts.iter().map(|id| id.0).collect();
    let tags: Vec<_> = tags.iter().map(|id| id.0).collect();
    sqlx::query!(
        "with locked as materialized (
             select c.id, told(c.first_name, c.last_name, c.email, c.postal_code, c.notes, c.external_id, c.fields) as told
             from contact c where c.id = any($2) and c.redacted_at is null order by c.id for no key update
         ), held as materialized (
             select m.group_id, m.contact_id, l.told
             from locked l join membership m on m.contact_id = l.id
             where m.group_id <> $1 and m.knows is null
               and exists (select from unnest($3::uuid[]) as given (tag_id)
                           where not exists (select from contact_tag ct where ct.contact_id = l.id and ct.tag_id = given.tag_id))
             order by m.contact_id, m.group_id for no key update of m
         )
         update membership m
         set knows = known_with('{}', h.told, array(select ct.tag_id from contact_tag ct where ct.contact_id = h.contact_id))
         from held h where m.group_id = h.group_id and m.contact_id = h.contact_id",
        group_id.0,
        &contacts,
        &tags,
    )
    .execute(tx.conn())
    .await?;
    let told = sqlx::query_scalar!(
        r#"with mine as materialized (
             select m.contact_id, m.knows from membership m join contact c on c.id = m.contact_id
             where m.group_id = $1 and m.contact_id = any($2) and c.redacted_at is null
             order by m.contact_id for no key update of m
         ), given as (
             insert into contact_tag (contact_id, tag_id)
             select contact_id, tag_id from mine cross join unnest($3::uuid[]) as given (tag_id) order by contact_id, tag_id
             on conflict do nothing returning contact_id
         ), learned as (
             update membership m set knows = known_with(m.knows, '{"fields": {}}', $3)
             from mine where m.group_id = $1 and m.contact_id = mine.contact_id and mine.knows is not null
               and not coalesce(m.knows -> 'tags' ?& array(select unnest($3::uuid[])::text), false)
             returning m.contact_id
         )
         select count(*) as "told!" from (select contact_id from given union select contact_id from learned) either"#,
        group_id.0,
        &contacts,
        &tags,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(told.unsigned_abs())
}
