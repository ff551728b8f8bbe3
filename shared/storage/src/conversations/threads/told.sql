-- $1 organization, $2 threads, $3 by the knowledge of their groups (rule A5), $4 groups, $5
-- progress, $6 agent, $7 goal, $8 tag, $9 words in small letters, $10 without opt-outs, $11 limit,
-- $12 digits of a number (null: the words are none). A claim that has ended is none, and the goal
-- and the agent that waited for its end count.
select t.id, t.recency, t.group_id, t.contact_id, t.unread_since, t.last_message_at,
       case when h.is_held then t.goal_id else coalesce(t.next_goal_id, t.goal_id) end as "goal_id?",
       case when h.is_held then t.agent_id else coalesce(t.next_agent_id, t.agent_id) end as "agent_id?",
       m.assigned_agent_id as "assigned_agent_id?",
       case when h.is_held then t.held_by end as "held_by?", case when h.is_held then t.held_until end as "held_until?",
       p.first_name as "first_name!", p.last_name as "last_name!",
       c.opted_out_at is not null as "opted_out!", coalesce(m.deactivated_at is not null, false) as "deactivated!"
from thread t
join contact c on c.id = t.contact_id
left join membership m on m.group_id = t.group_id and m.contact_id = t.contact_id
cross join lateral (select coalesce(t.held_until > statement_timestamp(), false) as is_held) h
cross join lateral (select $3 and (m.contact_id is null or m.knows is not null) as partly) k
cross join lateral (
    select case when k.partly then coalesce(m.knows ->> 'first_name', '') else c.first_name end as first_name,
           case when k.partly then coalesce(m.knows ->> 'last_name', '') else c.last_name end as last_name
) p
where t.organization_id = $1 and t.id = any($2)
  and ($4::uuid[] is null or t.group_id = any($4))
  and case $5
          when 'unresponded' then t.unread_since is not null
          when 'held' then h.is_held
          when 'done' then t.unread_since is null and not h.is_held
          else true
      end
  and ($6::uuid is null or t.agent_id = $6 or m.assigned_agent_id = $6 or (h.is_held and t.held_by = $6))
  and ($7::uuid is null or t.goal_id = $7 or t.next_goal_id = $7 or exists (
      select from target g where g.goal_id = $7 and g.contact_id = t.contact_id and g.initial_message_id is not null))
  and ($8::text is null or exists (
      select from contact_tag ct join tag on tag.id = ct.tag_id
      where ct.contact_id = t.contact_id and tag.name = $8 and (not k.partly or m.knows -> 'tags' ? ct.tag_id::text)))
  and (not $10 or (c.opted_out_at is null and c.redacted_at is null))
  and (cardinality($9::text[]) = 0
      or not exists (
          select from unnest($9::text[]) as w (word) where strpos(lower(p.first_name || ' ' || p.last_name), w.word) = 0)
      or strpos(c.e164, $12) > 0
      or exists (
          select from message x
          where x.thread_id = t.id and not exists (
              select from unnest($9::text[]) as w (word) where strpos(lower(x.body), w.word) = 0)))
order by t.recency desc limit $11
