-- $1 organization, $2 group, $3 number, $4 goal that texts (null: the contact writes), $5 agent, $6
-- contacts. Makes sure of threads. One that somebody holds keeps its goal and its agent until the
-- claim ends, and has those of this text from then on.
insert into thread as t (id, organization_id, group_id, contact_id, sender_e164, goal_id, agent_id)
select uuid_v7(), $1, $2, contact_id, $3, $4, $5 from unnest($6::uuid[]) as c (contact_id) order by contact_id
on conflict (group_id, contact_id) do update set
    goal_id = case when t.held_until > clock_timestamp() then t.goal_id
        else coalesce(excluded.goal_id, t.next_goal_id, t.goal_id) end,
    agent_id = case when t.held_until > clock_timestamp() then t.agent_id
        else coalesce(case when excluded.goal_id is not null then excluded.agent_id end, t.next_agent_id, t.agent_id, excluded.agent_id) end,
    next_goal_id = case when t.held_until > clock_timestamp() then coalesce(excluded.goal_id, t.next_goal_id) end,
    next_agent_id = case when t.held_until > clock_timestamp() and excluded.goal_id is not null then excluded.agent_id
        when t.held_until > clock_timestamp() then t.next_agent_id end,
    sender_e164 = case when exists (
            select from sender_number n where n.e164 = t.sender_e164 and n.organization_id = t.organization_id)
        then t.sender_e164 else excluded.sender_e164 end,
    last_message_at = now(),
    recency = uuid_v7()
returning id, contact_id, goal_id
