-- $1 group, $2 the file's tags. Other groups that know all of a contact that a row of this group
-- changes know from now on their knowledge so far, and nothing that this file brings (rule A5).
-- Contacts are locked before memberships, both in the order of their ids.
with locked as materialized (
    select c.id, told(c.first_name, c.last_name, c.email, c.postal_code, c.notes, c.external_id, c.fields) as told
    from import_row r join contact c on c.id = r.contact_id
    where not r.created and (r.changed or cardinality(r.tags || $2) > 0) and c.e164 is not null
    order by c.id for no key update of c
), held as materialized (
    select m.group_id, m.contact_id, l.told
    from locked l join membership m on m.contact_id = l.id
    where m.group_id <> $1 and m.knows is null
    order by m.contact_id, m.group_id for no key update of m
)
update membership m
set knows = known_with('{}', h.told, array(select ct.tag_id from contact_tag ct where ct.contact_id = h.contact_id))
from held h
where m.group_id = h.group_id and m.contact_id = h.contact_id
