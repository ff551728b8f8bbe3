-- $1 organization, $2 groups of the reader (null: all), $3 tags, $4 fields, $5 agents as text,
-- $6 groups, $7 goals. A name of another organization or group is as one of nothing.
select kind as "kind!", array_agg(distinct name order by name) as "names!"
from (
    select 'tag' as kind, n.name from unnest($3::text[]) n (name)
    where not exists (
        select from tag t
        where t.organization_id = $1 and t.name = n.name and t.merged_into is null
          and ($2::uuid[] is null or exists (
              select from contact_tag ct join membership m on m.contact_id = ct.contact_id
              where ct.tag_id = t.id and m.group_id = any($2) and (m.knows is null or m.knows -> 'tags' ? t.id::text))))
    union all
    select 'field', n.name from unnest($4::text[]) n (name)
    where not exists (
        select from custom_field f
        where f.organization_id = $1 and f.name = n.name and f.switched_at is null
          and ($2::uuid[] is null or exists (
              select from membership m join contact c on c.id = m.contact_id
              where m.group_id = any($2) and (case when m.knows is null then c.fields else m.knows -> 'fields' end) ? n.name)))
    union all
    select 'agent', n.name from unnest($5::text[]) n (name)
    where not exists (
        select from member a
        where a.organization_id = $1 and a.role = 'agent' and a.id::text = n.name and a.removed_at is null
          and ($2::uuid[] is null or exists (select from group_member gm where gm.member_id = a.id and gm.group_id = any($2))))
    union all
    select 'group', n.id::text from unnest($6::uuid[]) n (id)
    where not exists (
        select from contact_group g where g.organization_id = $1 and g.id = n.id and ($2::uuid[] is null or g.id = any($2)))
    union all
    select 'goal', n.id::text from unnest($7::uuid[]) n (id)
    where not exists (
        select from goal g where g.organization_id = $1 and g.id = n.id and ($2::uuid[] is null or g.group_id = any($2)))
) unknown
group by kind order by kind
