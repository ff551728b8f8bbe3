-- $1 groups, $2 goals of a group at most, $3 the kind of the timer of releases. Launched goals of
-- the groups that are not over for 31 days, the last to close first.
select g.id as "id!", g.organization_id as "organization_id!", g.group_id as "group_id!", g.name as "name!",
       g.instructions as "instructions!", g.strategy as "strategy!", g.zone as "zone!", g.launched_at, g.paused_at,
       g.opens_at as "opens_at!", g.closes_at as "closes_at!", g.reminder_opens_at, g.reminder_closes_at,
       g.partitioned_at is not null as "partitioned!", r.fire_at as "next_release?",
       -- Of a goal that is not open, a text of it proves that it was active before (rule G5).
       (g.opens_at > clock_timestamp() and exists (select from message m where m.goal_id = g.id)) as "was_active!"
from unnest($1::uuid[]) as own (group_id)
cross join lateral (
    select * from goal
    where goal.group_id = own.group_id and goal.launched_at is not null
      and goal.closes_at > clock_timestamp() - interval '31 days'
    order by goal.closes_at desc, goal.id limit $2
) g
left join timer r on r.kind = $3 and r.subject = g.id
