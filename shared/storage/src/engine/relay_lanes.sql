-- The lines of jobs that can go now: one for each kind, tenant and priority. The recursions step
-- from kind to kind, and from line to line, by single index look-ups, so that the cost is the
-- number of kinds and lines with waiting jobs, and not of kinds or jobs.
with recursive waiting (kind) as (
    (select j.kind from job j where j.state = 'pending' and not j.blocked order by j.kind limit 1)
    union all
    select further.kind
    from waiting w cross join lateral (
        select j.kind from job j
        where j.state = 'pending' and not j.blocked and j.kind > w.kind
        order by j.kind
        limit 1
    ) further
),
kind_now as (
    select k.kind, k.room - (select count(*) from job p where p.state = 'published' and p.kind = k.kind) as room
    from waiting w join unnest($1::text[], $2::bigint[]) as k (kind, room) on k.kind = w.kind
),
lane (kind, room, tenant, rank) as (
    select k.kind, k.room, first.tenant, first.rank
    from kind_now k cross join lateral (
        select tenant(j.organization_id) as tenant, -j.priority as rank
        from job j
        where j.state = 'pending' and not j.blocked and j.kind = k.kind
        order by j.kind, tenant(j.organization_id), (-j.priority)
        limit 1
    ) first
    where k.room > 0
    union all
    select l.kind, l.room, further.tenant, further.rank
    from lane l cross join lateral (
        select tenant(j.organization_id) as tenant, -j.priority as rank
        from job j
        where j.state = 'pending' and not j.blocked and j.kind = l.kind
          and (tenant(j.organization_id), (-j.priority)) > (l.tenant, l.rank)
        order by j.kind, tenant(j.organization_id), (-j.priority)
        limit 1
    ) further
)
select l.kind as "kind!", l.tenant as "tenant!", l.rank::smallint as "rank!", l.room as "room!",
       coalesce(of_kind.at_most, of_tenant.at_most, of_all.at_most) is not null as "limited!"
from lane l
left join job_policy of_kind on of_kind.kind = l.kind and of_kind.organization_id = tenant(null)
left join job_policy of_tenant on of_tenant.kind = l.kind and of_tenant.organization_id = l.tenant and l.tenant <> tenant(null)
left join job_policy of_all on of_all.kind = '*' and of_all.organization_id = l.tenant
where not coalesce(of_kind.paused, false) and not coalesce(of_tenant.paused, false) and not coalesce(of_all.paused, false)
  and exists (
      select from job j
      where j.state = 'pending' and not j.blocked and j.kind = l.kind and tenant(j.organization_id) = l.tenant
        and (-j.priority) = l.rank and j.run_at <= (select clock_timestamp()))
order by l.kind, l.tenant, l.rank
