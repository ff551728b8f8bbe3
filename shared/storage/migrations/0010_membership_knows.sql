-- Groups know of a contact the values that they or an organization's admin brought, and not those
-- of other groups (rules A5 and C1).

-- The group's knowledge of the contact: values by field, as `told` makes them, custom fields under
-- `fields`, and ids of tags under `tags`. Null: all that the organization has. Values and not names
-- of fields, so that a group keeps its own values when another group's file replaces them.
alter table membership add column knows jsonb;

-- The import's group's knowledge of the contact before and since; null where it knew all, or did
-- not have the contact before.
alter table import_change add column known_before jsonb;
alter table import_change add column known_after jsonb;

-- The same for a row that is applied, and does it tell the group anything new?
alter table import_row add column known jsonb;
alter table import_row add column knows jsonb;
alter table import_row add column news boolean not null default false;

-- Returns the values that a row, or a contact, tells by its fields.
create function told(first_name text, last_name text, email text, postal_code text, notes text, external_id text, fields jsonb)
returns jsonb language sql immutable parallel safe as $$
    select jsonb_strip_nulls(jsonb_build_object('first_name', nullif(first_name, ''), 'last_name', nullif(last_name, ''), 'email', email,
            'postal_code', postal_code, 'notes', notes, 'external_id', external_id))
        || jsonb_build_object('fields', fields)
$$;

-- Returns the knowledge once something is told, with these tags.
create function known_with(known jsonb, told jsonb, tags uuid[]) returns jsonb language sql immutable parallel safe as $$
    select known || told || jsonb_build_object(
        'fields', coalesce(known -> 'fields', '{}') || (told -> 'fields'),
        'tags', (select coalesce(jsonb_agg(tag order by tag), '[]')
                 from (select jsonb_array_elements(coalesce(known -> 'tags', '[]')) union select to_jsonb(unnest(tags))) both_of_them (tag)))
$$;

-- Returns the contacts of a group that a targeting selects (rules T1 and T2), by the group's
-- knowledge of them (rule A5): unknown values are absent.
create or replace function targeted_contacts(in_group uuid, targeting jsonb)
returns table (contact_id uuid, assigned_agent_id uuid) language sql stable as $$
    select c.id, m.assigned_agent_id
    from membership m
    join contact c on c.id = m.contact_id
    where m.group_id = in_group
      -- T2: never inactive, opted out, not textable or redacted.
      and m.deactivated_at is null
      and c.opted_out_at is null
      and c.redacted_at is null
      and is_textable(c.line_type)
      and not exists (
          select from jsonb_array_elements_text(coalesce(targeting -> 'tags_all', '[]')) wanted
          where not exists (
              select from contact_tag ct join tag t on t.id = ct.tag_id
              where ct.contact_id = c.id and t.name = wanted and (m.knows is null or m.knows -> 'tags' ? ct.tag_id::text)))
      and (coalesce(targeting -> 'tags_any', '[]') = '[]' or exists (
          select from contact_tag ct join tag t on t.id = ct.tag_id
          where ct.contact_id = c.id and targeting -> 'tags_any' ? t.name and (m.knows is null or m.knows -> 'tags' ? ct.tag_id::text)))
      and not exists (
          select from contact_tag ct join tag t on t.id = ct.tag_id
          where ct.contact_id = c.id and targeting -> 'tags_none' ? t.name and (m.knows is null or m.knows -> 'tags' ? ct.tag_id::text))
      and not exists (
          select from jsonb_array_elements(coalesce(targeting -> 'fields', '[]')) f,
               lateral (
                   select nullif((case when m.knows is null then c.fields else m.knows -> 'fields' end) ->> (f ->> 'field'), '') as value
               ) v
          where not case
              when f -> 'is' ? 'any_of' then v.value is not null and f -> 'is' -> 'any_of' ? v.value
              when f -> 'is' ? 'none_of' then v.value is not null and not f -> 'is' -> 'none_of' ? v.value
              when f ->> 'is' = 'has_value' then v.value is not null
              when f ->> 'is' = 'blank' then v.value is null
              else false
          end)
      and not exists (
          select from jsonb_array_elements_text(coalesce(targeting -> 'member_of', '[]')) g
          where not exists (select from membership o where o.group_id = g::uuid and o.contact_id = c.id))
      and not exists (
          select from jsonb_array_elements_text(coalesce(targeting -> 'not_member_of', '[]')) g
          where exists (select from membership o where o.group_id = g::uuid and o.contact_id = c.id))
      and (coalesce(targeting -> 'earlier_goal', 'null') = 'null' or exists (
          select from target e
          where e.goal_id = (targeting -> 'earlier_goal' ->> 'goal_id')::uuid
            and e.contact_id = c.id
            and has_result(e.initial_message_id, e.replied_at, e.answer, e.opted_out_at,
                targeting -> 'earlier_goal' ->> 'result')))
$$;
