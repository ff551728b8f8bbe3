-- $1 import, $2 after this contact, $3 limit, $4 as its group knows them. Contacts that the import
-- changed or assigned, with the differing fields: before, and as the import left them. Of contacts
-- that the group knows partly, it is told its former and present knowledge (rule A5); tags are not
-- told. Named first, so that a page costs by its own contacts.
with named as (
    (select h.contact_id
     from import_change h join contact c on c.id = h.contact_id and c.redacted_at is null
     where h.import_id = $1 and h.contact_id > coalesce($2, '00000000-0000-0000-0000-000000000000'::uuid)
       and case when $4 and h.known_after is not null then h.known_after - 'tags' <> h.known_before - 'tags' else h.after <> h.before end
     order by h.contact_id limit $3)
    union
    (select s.contact_id
     from import_assignment s join contact c on c.id = s.contact_id and c.redacted_at is null
     where s.import_id = $1 and s.contact_id > coalesce($2, '00000000-0000-0000-0000-000000000000'::uuid)
     order by s.contact_id limit $3)
    order by contact_id limit $3
)
select n.contact_id as "contact_id!", coalesce(d.before, '{}') as "before!", coalesce(d.after, '{}') as "after!"
from named n
cross join lateral (
    select jsonb_object_agg(f.key, f.before) as before, jsonb_object_agg(f.key, f.after) as after
    from (
        select b.key, b.value as before, a.value as after
        from import_change h
        cross join lateral (
            select $4 and h.known_after is not null as partly, '{"first_name": "", "last_name": "", "email": null, "postal_code": null,
                "notes": null, "external_id": null, "fields": {}}'::jsonb as nothing
        ) p
        cross join lateral jsonb_each(case when p.partly then p.nothing || (h.known_before - 'tags') else h.before end) b
        join lateral jsonb_each(case when p.partly then p.nothing || (h.known_after - 'tags') else h.after end) a
            on a.key = b.key and a.value is distinct from b.value
        where h.import_id = $1 and h.contact_id = n.contact_id
        union all
        select 'assigned_agent_id', to_jsonb(s.before_agent_id), to_jsonb(s.after_agent_id)
        from import_assignment s
        where s.import_id = $1 and s.contact_id = n.contact_id
    ) f
) d
order by n.contact_id
