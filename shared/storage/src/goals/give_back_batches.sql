-- $1 goal, $2 contacts, $3 assigned?, $4 batch size, $5 estimated segments of one text. Cuts
-- contacts of the goal into new batches, all held, behind those that are there: in their order, or
-- of each agent in theirs. Where each agent texts their own, unassigned contacts are in none.
with placed as (
    select t.contact_id, place.agent_id, (row_number() over (partition by place.agent_id order by t.position) - 1) / $4 as part
    from target t
    join goal g on g.id = t.goal_id
    join membership m on m.group_id = g.group_id and m.contact_id = t.contact_id,
        lateral (select case when $3 then m.assigned_agent_id end as agent_id) place
    where t.goal_id = $1 and t.contact_id = any($2) and (not $3 or m.assigned_agent_id is not null)
), parts as (
    select agent_id, part, uuid_v7() as id, count(*) as contacts, row_number() over (order by agent_id nulls first, part) as nth
    from placed group by agent_id, part
), made as (
    insert into batch (id, goal_id, kind, number, assigned_agent_id, state, estimated_segments)
    select id, $1, 'initial', nth + coalesce((select max(number) from batch where goal_id = $1 and kind = 'initial'), 0),
        agent_id, 'held', contacts * $5
    from parts
    returning id
), filled as (
    update target t set batch_id = p.id
    from placed c join parts p on p.part = c.part and p.agent_id is not distinct from c.agent_id
    where t.goal_id = $1 and t.contact_id = c.contact_id
)
select count(*) as "batches!" from made
