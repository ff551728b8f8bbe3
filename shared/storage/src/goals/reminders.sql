-- $1 goal, $2 batch size, $3 estimated segments of one reminder. All contacts with a yes that were
-- texted and have no reminder batch, in the order in which they were targeted, top up the released
-- batches that have room, and then go into new released ones; where each agent texts their own
-- contacts, into one of the agent's, and a contact without an agent waits. The released batches are
-- locked before.
with waiting as (
    select t.contact_id, place.agent_id, row_number() over (partition by place.agent_id order by t.position) - 1 as place
    from target t join goal g on g.id = t.goal_id
    join contact c on c.id = t.contact_id
    join membership m on m.group_id = g.group_id and m.contact_id = t.contact_id,
        lateral (select case when g.strategy = 'assigned' then m.assigned_agent_id end as agent_id) place
    where t.goal_id = $1 and t.answer = 'yes' and t.reminder_batch_id is null and t.initial_message_id is not null
      and t.skipped_at is null and c.opted_out_at is null and c.redacted_at is null
      and (g.strategy <> 'assigned' or m.assigned_agent_id is not null)
), rooms as (
    select b.id, b.assigned_agent_id as agent_id, b.number,
        greatest(0, $2 - (select count(*) from target t where t.reminder_batch_id = b.id)) as room
    from batch b where b.goal_id = $1 and b.kind = 'reminder' and b.state = 'released'
), open as (
    select id, agent_id, sum(room) over (partition by agent_id order by number) - room as first,
        sum(room) over (partition by agent_id order by number) as past
    from rooms
), topping as (
    select w.contact_id, o.id, w.agent_id
    from waiting w join open o on o.agent_id is not distinct from w.agent_id and w.place >= o.first and w.place < o.past
), rest as (
    select contact_id, agent_id, (row_number() over (partition by agent_id order by place) - 1) / $2 as part
    from waiting w where not exists (select from topping t where t.contact_id = w.contact_id)
), parts as (
    select agent_id, part, uuid_v7() as id, count(*) as contacts, row_number() over (order by agent_id, part) as nth
    from rest group by agent_id, part
), made as (
    insert into batch (id, goal_id, kind, number, assigned_agent_id, state, estimated_segments)
    select id, $1, 'reminder',
        nth + coalesce((select max(number) from batch where goal_id = $1 and kind = 'reminder'), 0),
        agent_id, 'released', contacts * $3
    from parts
    returning id
), placed as (
    update target t set reminder_batch_id = p.id
    from (
        select contact_id, id from topping
        union all
        select r.contact_id, parts.id from rest r join parts on parts.part = r.part and parts.agent_id is not distinct from r.agent_id
    ) p
    where t.goal_id = $1 and t.contact_id = p.contact_id
)
select (select count(*) from made) as "batches!", (select count(*) from topping) as "topped_up!"
