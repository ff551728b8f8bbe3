-- $1 group, $2 goals, $3 contacts. Makes the batches that reassign_place.sql puts contacts into and
-- that are not there: released, or held for contacts that go on waiting for the release plan.
with moving as (
    select distinct t.goal_id, m.assigned_agent_id as agent_id,
        (b.id is null or b.state = 'held')
        and (g.opens_at > now() or exists (select from batch h where h.goal_id = g.id and h.kind = 'initial' and h.state = 'held')) as waits
    from target t
    join goal g on g.id = t.goal_id and g.partitioned_at is not null
    join membership m on m.group_id = $1 and m.contact_id = t.contact_id and m.assigned_agent_id is not null
    left join batch b on b.id = t.batch_id
    where t.goal_id = any($2) and t.contact_id = any($3) and t.initial_message_id is null and t.skipped_at is null
      and (b.id is null or b.state = 'finished' or b.assigned_agent_id is distinct from m.assigned_agent_id)
), lacking as (
    select w.goal_id, w.agent_id, w.waits, row_number() over (partition by w.goal_id order by w.agent_id, w.waits)::int as nth
    from moving w
    where not exists (
        select from batch b
        where b.goal_id = w.goal_id and b.kind = 'initial' and b.assigned_agent_id = w.agent_id and b.state <> 'finished'
          and (b.state = 'held') = w.waits)
)
insert into batch (id, goal_id, kind, number, assigned_agent_id, state)
select uuid_v7(), l.goal_id, 'initial',
    l.nth + (select coalesce(max(b.number), 0) from batch b where b.goal_id = l.goal_id and b.kind = 'initial'),
    l.agent_id, case when l.waits then 'held' else 'released' end
from lacking l
