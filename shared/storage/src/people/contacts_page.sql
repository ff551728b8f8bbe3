-- $1 organization, $2 groups of the reader, $3 ids of contacts. The youngest first. With a
-- reader's groups: each group's knowledge (JSON's null: everything), tags that one of them knows,
-- and how the contact joined the first of them (rule A5).
select c.id as "id!", c.e164, c.first_name as "first_name!", c.last_name as "last_name!", c.email, c.postal_code, c.notes, c.external_id,
       c.fields as "fields!", c.opted_out_at, c.opt_out_reason, c.opt_out_origin, c.redacted_at, c.line_type as "line_type!", c.carrier, c.source as "source!",
       c.source_import_id, c.consent_text, c.created_at as "created_at!",
       (select i.group_id from import i where i.id = c.source_import_id) as source_group_id,
       array(select t.name from contact_tag ct join tag t on t.id = ct.tag_id
             where ct.contact_id = c.id
               and ($2::uuid[] is null or exists (
                   select from membership m
                   where m.contact_id = c.id and m.group_id = any($2) and (m.knows is null or m.knows -> 'tags' ? ct.tag_id::text)))
             order by t.name) as "tags!",
       coalesce((select jsonb_agg(jsonb_build_object('group_id', m.group_id, 'deactivated_at', m.deactivated_at,
                     'assigned_agent_id', m.assigned_agent_id, 'added_at', m.added_at) order by m.group_id)
                 from membership m where m.contact_id = c.id), '[]') as "memberships!",
       array(select coalesce(m.knows, 'null') from membership m
             where m.contact_id = c.id and m.group_id = any($2) order by m.added_at, m.group_id) as "knows!",
       coalesce(j.source, case when j.import_id is not null then 'file' else 'inbound' end) as "joined_source!",
       j.import_id as "joined_import_id?", j.group_id as "joined_group_id?", j.consent_text as "joined_consent_text?", j.added_at as "joined_at?"
from contact c
left join lateral (
    select m.group_id, m.import_id, m.added_at, m.source, coalesce(m.consent_text, i.consent_text) as consent_text
    from membership m left join import i on i.id = m.import_id
    where m.contact_id = c.id and m.group_id = any($2)
    order by m.added_at, m.group_id limit 1
) j on $2 is not null
where c.organization_id = $1 and c.id = any($3)
  and ($2::uuid[] is null or exists (select from membership m where m.contact_id = c.id and m.group_id = any($2)))
order by c.id desc
