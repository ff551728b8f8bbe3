-- $1 groups. Conversations with unread replies, by goal, holder and assigned agent: as a claim of
-- replies finds them.
select t.group_id as "group_id!", g.id as "goal_id?", h.held_by, own.assigned_to, own.allowed as "allowed!",
       count(*) as "threads!", min(t.unread_since) as "oldest!", min(t.held_until) filter (where h.held_by is not null) as held_until
from thread t
cross join lateral (select case when t.held_until > clock_timestamp() then t.held_by end as held_by) h
left join goal g on g.id = case when h.held_by is null then coalesce(t.next_goal_id, t.goal_id) else t.goal_id end
left join membership m on g.strategy = 'assigned' and m.group_id = t.group_id and m.contact_id = t.contact_id
cross join lateral (
    select m.assigned_agent_id as assigned_to,
           g.id is null or goal_allows(
               goal_status(g.launched_at, g.paused_at, g.opens_at, g.closes_at, statement_timestamp()), 'unread') as allowed
) own
where t.group_id = any($1) and t.unread_since is not null
group by t.group_id, g.id, h.held_by, own.assigned_to, own.allowed
