-- $1 organization, $2 groups, $3 agent, $4 behind this place (null: from the first), $5 limit, $6
-- progress. The latest conversations of an agent: those that they hold, those with their last text
-- (also one from another agent's claim that is over), and those of their contacts: at most as many
-- as rule A2 allows in each group.
select own.id as "id!", own.recency as "recency!"
from (
    (select t.id, t.recency from thread t
     where t.held_by = $3 and t.held_until > statement_timestamp() and t.organization_id = $1 and t.group_id = any($2)
       and ($4::uuid is null or t.recency < $4)
     order by t.recency desc limit $5)
    union
    (select t.id, t.recency from thread t
     where $6 <> 'unresponded' and t.agent_id = $3 and t.organization_id = $1 and t.group_id = any($2)
       and ($4::uuid is null or t.recency < $4)
     order by t.recency desc limit $5)
    union
    (select t.id, t.recency from thread t
     where $6 = 'unresponded' and t.agent_id = $3 and t.organization_id = $1 and t.group_id = any($2)
       and t.unread_since is not null and ($4::uuid is null or t.recency < $4)
     order by t.recency desc limit $5)
    union
    (select t.id, t.recency from thread t
     where t.next_agent_id = $3 and t.held_until <= statement_timestamp() and t.organization_id = $1 and t.group_id = any($2)
       and ($4::uuid is null or t.recency < $4)
     order by t.recency desc limit $5)
    union
    (select t.id, t.recency from membership m join thread t on t.group_id = m.group_id and t.contact_id = m.contact_id
     where m.group_id = any($2) and m.assigned_agent_id = $3 and t.organization_id = $1
       and ($4::uuid is null or t.recency < $4)
     order by t.recency desc limit $5)
) own
order by own.recency desc limit $5
