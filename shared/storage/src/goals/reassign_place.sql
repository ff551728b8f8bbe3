-- $1 group, $2 goals, $3 contacts. Puts contacts without an initial yet into the last batch of
-- their agent that is not finished: one that is held if they go on waiting for the release plan,
-- else one that is released or in hand. Targets are locked in the order of their positions, in
-- which agents take them.
with moving as (
    select t.goal_id, t.contact_id, m.assigned_agent_id as agent_id,
        (b.id is null or b.state = 'held')
        and (g.opens_at > now() or exists (select from batch h where h.goal_id = g.id and h.kind = 'initial' and h.state = 'held')) as waits
    from target t
    join goal g on g.id = t.goal_id and g.partitioned_at is not null
    join membership m on m.group_id = $1 and m.contact_id = t.contact_id
    left join batch b on b.id = t.batch_id
    where t.goal_id = any($2) and t.contact_id = any($3) and t.initial_message_id is null and t.skipped_at is null
      and (b.id is null or b.state = 'finished' or b.assigned_agent_id is distinct from m.assigned_agent_id)
    order by t.goal_id, t.position for no key update of t
)
update target t
set batch_id = (
    select b.id from batch b
    where b.goal_id = w.goal_id and b.kind = 'initial' and b.assigned_agent_id = w.agent_id and b.state <> 'finished'
      and (b.state = 'held') = w.waits
    order by b.number desc limit 1)
from moving w
where t.goal_id = w.goal_id and t.contact_id = w.contact_id
