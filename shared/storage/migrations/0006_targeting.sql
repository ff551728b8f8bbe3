-- Rules T1 and T2, said once for the preview and for the launch: the contacts of a group that a targeting selects.
create function targeted_contacts(in_group uuid, targeting jsonb)
returns table (contact_id uuid, assigned_agent_id uuid) language sql stable as $$
    select c.id, m.assigned_agent_id
    from membership m
    join contact c on c.id = m.contact_id
    where m.group_id = in_group
      -- T2: never inactive, opted out, not textable or redacted.
      and m.deactivated_at is null
      and c.opted_out_at is null
      and c.redacted_at is null
      and c.line_type <> 'landline'
      and not exists (
          select from jsonb_array_elements_text(coalesce(targeting -> 'tags_all', '[]')) wanted
          where not exists (
              select from contact_tag ct join tag t on t.id = ct.tag_id where ct.contact_id = c.id and t.name = wanted))
      and (coalesce(targeting -> 'tags_any', '[]') = '[]' or exists (
          select from contact_tag ct join tag t on t.id = ct.tag_id
          where ct.contact_id = c.id and targeting -> 'tags_any' ? t.name))
      and not exists (
          select from contact_tag ct join tag t on t.id = ct.tag_id
          where ct.contact_id = c.id and targeting -> 'tags_none' ? t.name)
      and not exists (
          select from jsonb_array_elements(coalesce(targeting -> 'fields', '[]')) f,
               lateral (select nullif(c.fields ->> (f ->> 'field'), '') as value) v
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
            and case targeting -> 'earlier_goal' ->> 'result'
                when 'not_messaged' then e.initial_message_id is null
                when 'messaged' then e.initial_message_id is not null
                when 'replied' then e.replied_at is not null
                when 'not_replied' then e.initial_message_id is not null and e.replied_at is null
                when 'yes' then e.answer = 'yes'
                when 'no' then e.answer = 'no'
                when 'maybe' then e.answer = 'maybe'
                when 'opted_out' then e.opted_out_at is not null
                else false
            end))
$$;
