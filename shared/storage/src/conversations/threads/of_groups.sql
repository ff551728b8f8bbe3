-- $1 organization, $2 groups, $3 behind this place (null: from the first), $4 limit, $5 progress.
-- The latest conversations of groups, each group's own first: of those that wait for an answer by
-- their index, which is as long as the backlog.
select l.id as "id!", l.recency as "recency!"
from unnest($2::uuid[]) as g (id)
cross join lateral (
    (select t.id, t.recency from thread t
     where $5 <> 'unresponded' and t.group_id = g.id and t.organization_id = $1 and ($3::uuid is null or t.recency < $3)
     order by t.recency desc limit $4)
    union all
    (select t.id, t.recency from thread t
     where $5 = 'unresponded' and t.group_id = g.id and t.organization_id = $1 and t.unread_since is not null
       and ($3::uuid is null or t.recency < $3)
     order by t.recency desc limit $4)
) l
order by l.recency desc limit $4
