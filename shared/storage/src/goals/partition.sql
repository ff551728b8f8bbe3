-- $1 goal, $2 assigned?, $3 batch size, $4 estimated segments of one text. Makes the goal's
-- batches, all held: of everybody in their order, or of each agent's contacts in theirs.
insert into batch (id, goal_id, kind, number, assigned_agent_id, state, estimated_segments)
select uuid_v7(), $1, 'initial', row_number() over (order by agent_id nulls first, part), agent_id, 'held', contacts * $4
from (
    select agent_id, part, count(*) as contacts
    from (
        select case when $2 then m.assigned_agent_id end as agent_id,
            (row_number() over (partition by case when $2 then m.assigned_agent_id end order by t.position) - 1) / $3 as part
        from target t
        join goal g on g.id = t.goal_id
        join membership m on m.group_id = g.group_id and m.contact_id = t.contact_id
        where t.goal_id = $1 and (not $2 or m.assigned_agent_id is not null)
    ) placed
    group by agent_id, part
) parts
