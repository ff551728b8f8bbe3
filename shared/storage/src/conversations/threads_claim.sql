-- $1 group, $2 agent, $3 minutes of a claim, $4 threads that an agent holds at most. The agent's
-- threads in hand come first and end when they were to end; the rest are those that have waited
-- longest. Answered oldest first.
with held as (
    select t.id from thread t left join goal g on g.id = t.goal_id
    where t.group_id = $1 and t.unread_since is not null
      and t.held_by = $2 and t.held_until > clock_timestamp()
      and (g.id is null or goal_allows(goal_status(g.launched_at, g.paused_at, g.opens_at, g.closes_at, statement_timestamp()), 'unread'))
    order by t.unread_since, t.id limit $4
), free as (
    select t.id from thread t
    left join goal g on g.id = coalesce(t.next_goal_id, t.goal_id)
    left join membership m on m.group_id = t.group_id and m.contact_id = t.contact_id
    where t.group_id = $1 and t.unread_since is not null
      and (t.held_by is null or t.held_until <= clock_timestamp())
      and (g.id is null or goal_allows(goal_status(g.launched_at, g.paused_at, g.opens_at, g.closes_at, statement_timestamp()), 'unread'))
      and (g.strategy is distinct from 'assigned' or m.assigned_agent_id is null or m.assigned_agent_id = $2)
    order by t.unread_since, t.id limit $4 - (select count(*) from held) for update of t skip locked
), claimed as (
    update thread t set held_by = $2, held_since = clock_timestamp(), held_until = clock_timestamp() + make_interval(mins => $3),
        goal_id = coalesce(t.next_goal_id, t.goal_id), agent_id = coalesce(t.next_agent_id, t.agent_id),
        next_goal_id = null, next_agent_id = null
    from free where t.id = free.id
    returning t.id
)
select t.id from thread t
where t.id in (select id from held union all select id from claimed)
order by t.unread_since, t.id
