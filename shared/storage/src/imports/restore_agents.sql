-- $1 import, $2 group, $3 contacts that an agent may have in it (rule A2). Gives contacts that the
-- import assigned their former agent back, and forgets the assignment. Left as they are: contacts
-- that were assigned to another agent since, contacts with an earlier agent that is none of the
-- group any more, and contacts for which that agent has no room.
with mine as (
    select m.contact_id, a.before_agent_id, a.after_agent_id
    from import_assignment a
    join membership m on m.group_id = $2 and m.contact_id = a.contact_id and m.assigned_agent_id = a.after_agent_id
    where a.import_id = $1
    order by m.contact_id for update of m
), possible as (
    select contact_id, before_agent_id, after_agent_id
    from mine
    where before_agent_id is null
       or exists (
           select from group_member g join member p on p.id = g.member_id and p.role = 'agent' and p.suspended_at is null
           where g.group_id = $2 and g.member_id = mine.before_agent_id)
), coming as materialized (
    select p.before_agent_id as agent_id, array_agg(p.contact_id order by p.contact_id) as contacts,
           $3 - (select count(*) from membership m where m.group_id = $2 and m.assigned_agent_id = p.before_agent_id) as free
    from possible p group by p.before_agent_id
), going as materialized (
    select after_agent_id as agent_id, count(*) as contacts from possible group by after_agent_id
), room as materialized (
    -- Agents that were given one another's contacts make room for one another, if all of them go;
    -- else only the present room is sure.
    select coalesce(bool_and(cardinality(c.contacts) <= c.free + coalesce(g.contacts, 0)), true) as for_all
    from coming c left join going g using (agent_id) where c.agent_id is not null
), admitted as materialized (
    select a.contact_id, c.agent_id
    from coming c cross join room
    cross join lateral unnest(
        case when c.agent_id is null or room.for_all then c.contacts else c.contacts[1:greatest(c.free, 0)::int] end) a (contact_id)
), restored as (
    update membership m set assigned_agent_id = a.agent_id from admitted a
    where m.group_id = $2 and m.contact_id = a.contact_id
    returning m.contact_id
), forgotten as (
    delete from import_assignment a using restored r where a.import_id = $1 and a.contact_id = r.contact_id
)
select r.contact_id as "contact_id!",
       not exists (select from import_change h where h.import_id = $1 and h.contact_id = r.contact_id) as "whole!"
from restored r
