-- $1 organization, $2 group, $3 imported by an admin of groups, $4 the file's tags. The group's
-- knowledge, before and by their rows, of people that it does not know wholly: those with some
-- known values, and those that others brought and an admin of groups brings now (rule A5). They are
-- written if the row says anything, whether that is there already or not, so that no answer tells
-- which.
update import_row r
set known = m.knows,
    knows = known_with(coalesce(m.knows, '{}'),
        told(r.first_name, r.last_name, r.email, r.postal_code, r.notes, r.external_id, r.fields),
        array(select distinct t.tag_id from given_tag t where t.organization_id = $1 and t.name = any(r.tags || $4))),
    changed = r.opt_out or cardinality(r.tags || $4) > 0
        or told(r.first_name, r.last_name, r.email, r.postal_code, r.notes, r.external_id, r.fields) <> '{"fields": {}}',
    -- Rule C17: an opt-out that the row states is everybody's to know.
    news = r.opt_out and c.opted_out_at is null
from contact c left join membership m on m.group_id = $2 and m.contact_id = c.id
where c.id = r.contact_id and not r.created and (m.knows is not null or ($3 and m.contact_id is null))
