-- Rule T1: a contact is messaged when the text was handed to the carrier. A hand-over without an outcome may have reached it, and counts (rule S2).
create function is_messaged(state text) returns boolean language sql immutable parallel safe as $$
    select state in ('sending', 'unknown', 'sent', 'delivered', 'undelivered', 'failed')
$$;

-- Whether a target's text was handed over. A text that is not there any more was.
create function was_messaged(message_id uuid) returns boolean language sql stable as $$
    select message_id is not null and not exists (
        select from message m where m.id = message_id and not is_messaged(m.state))
$$;

-- Whether a hand-over of this message ever had no outcome.
create function was_unknown(in_contact uuid, in_message uuid) returns boolean language sql stable as $$
    select exists (select from message_event e where e.contact_id = in_contact and e.message_id = in_message and e.state = 'unknown')
$$;

-- Rule T1: a target's result in an earlier goal.
create function has_result(initial_message_id uuid, replied_at timestamptz, answer text, opted_out_at timestamptz, result text)
returns boolean language sql stable as $$
    select case result
        when 'not_messaged' then not was_messaged(initial_message_id)
        when 'messaged' then was_messaged(initial_message_id)
        when 'replied' then replied_at is not null
        when 'not_replied' then replied_at is null and was_messaged(initial_message_id)
        when 'yes' then answer is not distinct from 'yes'
        when 'no' then answer is not distinct from 'no'
        when 'maybe' then answer is not distinct from 'maybe'
        when 'opted_out' then opted_out_at is not null
        else false
    end
$$;

-- Rules T1 and T2, said once for the preview and for the launch: the contacts of a group that a targeting selects.
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
            and has_result(e.initial_message_id, e.replied_at, e.answer, e.opted_out_at,
                targeting -> 'earlier_goal' ->> 'result')))
$$;
