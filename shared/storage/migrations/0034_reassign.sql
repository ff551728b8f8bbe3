-- Rule S7: a number that nobody has is no landline; neither takes texts.
alter table contact drop constraint contact_line_type_check;
alter table contact add constraint contact_line_type_check
    check (line_type in ('unknown', 'mobile', 'voip', 'landline', 'invalid')) not valid;
alter table contact validate constraint contact_line_type_check;

-- Said once for whoever targets, sends and tells why (rules C5 and S7).
create function is_textable(line_type text) returns boolean language sql immutable parallel safe as $$
    select line_type not in ('landline', 'invalid')
$$;

drop trigger contact_stops on contact;
create trigger contact_stops after update of opted_out_at, redacted_at, line_type on contact for each row
    when ((old.opted_out_at is null and new.opted_out_at is not null) or (old.redacted_at is null and new.redacted_at is not null)
          or (old.line_type not in ('landline', 'invalid') and new.line_type in ('landline', 'invalid')))
    execute function tell_contact_stops();

-- Rule B6: what one initial of a goal may count, by which batches are paced to caps. Whoever releases batches keeps it up to date;
-- this is for goals whose batches were released before.
create table goal_estimate (
    goal_id uuid primary key references goal,
    segments_each bigint not null
);
insert into goal_estimate (goal_id, segments_each)
select b.goal_id, greatest(1, max(ceil(b.estimated_segments::numeric / greatest((select count(*) from target t where t.batch_id = b.id), 1))))
from batch b join goal g on g.id = b.goal_id
where b.kind = 'initial' and g.closes_at > now()
group by b.goal_id;

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
