-- $1 organization, $2 group, $3 only this contact, $4 after this one, $5 limit, $6 groups of the
-- reader. With a reader's groups: each group's knowledge (JSON's null: everything), tags that one
-- of them knows, and how the contact joined the first of them (rule A5).
select c.id, c.e164, c.first_name, c.last_name, c.email, c.postal_code, c.external_id, c.fields, c.opted_out_at, c.opt_out_reason,
       c.redacted_at, c.line_type, c.carrier, c.source, c.source_import_id, c.consent_text, c.created_at,
       (select i.group_id from import i where i.id = c.source_import_id) as source_group_id,
       array(select t.name from contact_tag ct join tag t on t.id = ct.tag_id
             where ct.contact_id = c.id
               and ($6::uuid[] is null or exists (
                   select from membership m
                   where m.contact_id = c.id and m.group_id = any($6) and (m.knows is null or m.knows -> 'tags' ? ct.tag_id::text)))
             order by t.name) as "tags!",
       array(select m.group_id from membership m where m.contact_id = c.id order by m.group_id) as "groups!",
       array(select coalesce(m.knows, 'null') from membership m
             where m.contact_id = c.id and m.group_id = any($6) order by m.added_at, m.group_id) as "knows!",
       case when j.import_id is not null then 'file' else 'inbound' end as "joined_source!",
       j.import_id as "joined_import_id?", j.group_id as "joined_group_id?", j.consent_text as "joined_consent_text?", j.added_at as "joined_at?"
from contact c
left join lateral (
    select m.group_id, m.import_id, m.added_at, i.consent_text
    from membership m left join import i on i.id = m.import_id
    where m.contact_id = c.id and m.group_id = any($6)
    order by m.added_at, m.group_id limit 1
) j on $6 is not null
where c.organization_id = $1
  and ($2::uuid is null or exists (select from membership m where m.contact_id = c.id and m.group_id = $2))
  and ($3::uuid is null or c.id = $3)
  and ($4::uuid is null or c.id > $4)
order by c.id limit $5
