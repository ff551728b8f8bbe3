-- $1 goal, $2 group, $3 filters, $4 assigned?, $5 batch size, $6 estimated segments of one text.
-- Writes the goal's targets in their order, each with its batch, and the batches, all held: of all
-- targets in their order, or of each agent's targets in theirs. Each row is written once.
with placed as (
    select contact_id, position, agent_id, (not $4 or agent_id is not null) as is_cut,
        (row_number() over (partition by agent_id order by position) - 1) / $5 as part
    from (
        select contact_id, row_number() over (order by contact_id) as position,
            case when $4 then assigned_agent_id end as agent_id
        from targeted_contacts($2, $3)
    ) targeted
), cut as (
    insert into batch (id, goal_id, kind, number, assigned_agent_id, state, estimated_segments)
    select uuid_v7(), $1, 'initial', row_number() over (order by agent_id nulls first, part), agent_id, 'held', contacts * $6
    from (select agent_id, part, count(*) as contacts from placed where is_cut group by agent_id, part) parts
    returning id, assigned_agent_id, number
), numbered as (
    select id, assigned_agent_id, row_number() over (partition by assigned_agent_id order by number) - 1 as part
    from cut
), targets as (
    insert into target (goal_id, contact_id, position, batch_id)
    select $1, p.contact_id, p.position, n.id
    from placed p
    left join numbered n on p.is_cut and n.part = p.part and n.assigned_agent_id is not distinct from p.agent_id
    order by p.position
    returning 1
)
select (select count(*) from targets) as "targets!", (select count(*) from cut) as "batches!"
