-- $1 organization, $2 lanes, $3 texts that each has room for. Texts that wait for them, goals
-- taking turns: the first of each goal, then the second of each, and among these by lot, so that no
-- goal is always first where there is room for one. A lane's goals are found by stepping from one
-- to the next in the index, so that a goal with a million messages costs no more than one with ten.
-- Answers in conversations (nil goal) come before all. Chosen first and locked then, so that texts
-- without room are not touched.
with recursive asked as (
    select lane, room from unnest($2::text[], $3::bigint[]) as a (lane, room)
), goals as (
    select a.lane, a.room, (
            select lane_goal(m.kind, m.goal_id) from message m
            where m.organization_id = $1 and m.lane = a.lane and m.state = 'held' and m.lane is not null
            order by lane_goal(m.kind, m.goal_id) limit 1) as goal
    from asked a
    union all
    select g.lane, g.room, (
            select lane_goal(m.kind, m.goal_id) from message m
            where m.organization_id = $1 and m.lane = g.lane and m.state = 'held' and m.lane is not null
              and lane_goal(m.kind, m.goal_id) > g.goal
            order by lane_goal(m.kind, m.goal_id) limit 1)
    from goals g where g.goal is not null
), chosen as (
    select w.id, g.lane, g.room,
        row_number() over (partition by g.lane order by g.goal <> '00000000-0000-0000-0000-000000000000'::uuid, w.turn, random()) as rank
    from goals g
    left join goal paused on paused.id = g.goal and goal_status(
        paused.launched_at, paused.paused_at, paused.opens_at, paused.closes_at, statement_timestamp()) = 'paused'
    cross join lateral (
        select first.id, row_number() over (order by first.id) as turn
        from (
            select m.id from message m
            where m.organization_id = $1 and m.lane = g.lane and m.state = 'held' and m.lane is not null
              and lane_goal(m.kind, m.goal_id) = g.goal
            order by m.id limit g.room
        ) first
    ) w
    where g.goal is not null and paused.id is null
)
select locked.id as "id?", c.lane as "lane!"
from (select * from chosen where rank <= room) c
left join lateral (
    select m.id from message m
    where m.id = c.id and m.organization_id = $1 and m.lane = c.lane and m.state = 'held' and m.lane is not null
    for update skip locked
) locked on true
order by c.rank
