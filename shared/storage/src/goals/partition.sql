-- Writes the goal's targets in their order, each with its batch, and the batches, all held: of all
-- targets in their order, or of each agent's targets in theirs. Each row is written once. The first
-- contact of a batch brings the batch's id, so that nothing is joined. The selection and the places
-- of values are put into the braces.
with placed as (
    select contact_id, position, agent_id, part, first_value(made) over (partition by agent_id, part order by position) as batch_id
    from (
        select contact_id, position, agent_id, (nth - 1) / {batch_size} as part,
            case when (nth - 1) % {batch_size} = 0 and (not {is_assigned} or agent_id is not null) then uuid_v7() end as made
        from (
            select contact_id, position, agent_id, row_number() over (partition by agent_id order by position) as nth
            from (
                select contact_id, row_number() over (order by contact_id) as position,
                    case when {is_assigned} then assigned_agent_id end as agent_id
                from ({targeted}) selected
            ) targeted
        ) counted
    ) cut
), batches as (
    insert into batch (id, goal_id, kind, number, assigned_agent_id, state, estimated_segments)
    select batch_id, {goal}, 'initial', row_number() over (order by agent_id nulls first, part), agent_id, 'held', count(*) * {segments_each}
    from placed where batch_id is not null group by batch_id, agent_id, part
    returning 1
), targets as (
    insert into target (goal_id, contact_id, position, batch_id)
    select {goal}, contact_id, position, batch_id from placed order by position
    returning 1
)
select (select count(*) from targets) as targets, (select count(*) from batches) as batches
