-- $1 goal, $2 assigned?, $3 batch size. Puts each target into the batch that its place belongs to;
-- the same order as goals_partition.sql, in which batches of one agent have consecutive numbers.
with placed as (
    select t.contact_id, case when $2 then m.assigned_agent_id end as agent_id,
        (row_number() over (partition by case when $2 then m.assigned_agent_id end order by t.position) - 1) / $3 as part
    from target t
    join goal g on g.id = t.goal_id
    join membership m on m.group_id = g.group_id and m.contact_id = t.contact_id
    where t.goal_id = $1 and (not $2 or m.assigned_agent_id is not null)
), numbered as (
    select id, assigned_agent_id, row_number() over (partition by assigned_agent_id order by number) - 1 as part
    from batch where goal_id = $1 and kind = 'initial'
)
update target t set batch_id = n.id
from placed p join numbered n on n.assigned_agent_id is not distinct from p.agent_id and n.part = p.part
where t.goal_id = $1 and t.contact_id = p.contact_id
