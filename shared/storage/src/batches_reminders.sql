-- $1 goal, $2 batch size, $3 estimated segments of one reminder. Everybody who said yes, was texted and has no reminder batch goes
-- into a new released one, in the order in which they were targeted; where each agent texts their own contacts, into one of the agent's,
-- and whoever is nobody's waits.
with waiting as (
    select t.contact_id, place.agent_id,
        (row_number() over (partition by place.agent_id order by t.position) - 1) / $2 as part
    from target t join goal g on g.id = t.goal_id
    join contact c on c.id = t.contact_id
    join membership m on m.group_id = g.group_id and m.contact_id = t.contact_id,
        lateral (select case when g.strategy = 'assigned' then m.assigned_agent_id end as agent_id) place
    where t.goal_id = $1 and t.answer = 'yes' and t.reminder_batch_id is null and t.initial_message_id is not null
      and t.skipped_at is null and c.opted_out_at is null and c.redacted_at is null
      and (g.strategy <> 'assigned' or m.assigned_agent_id is not null)
), parts as (
    select agent_id, part, uuid_v7() as id, count(*) as contacts, row_number() over (order by agent_id, part) as nth
    from waiting group by agent_id, part
), made as (
    insert into batch (id, goal_id, kind, number, assigned_agent_id, state, estimated_segments)
    select id, $1, 'reminder',
        nth + coalesce((select max(number) from batch where goal_id = $1 and kind = 'reminder'), 0),
        agent_id, 'released', contacts * $3
    from parts
    returning id
), placed as (
    update target t set reminder_batch_id = p.id
    from waiting w join parts p on p.part = w.part and p.agent_id is not distinct from w.agent_id
    where t.goal_id = $1 and t.contact_id = w.contact_id
)
select count(*) as "batches!" from made
