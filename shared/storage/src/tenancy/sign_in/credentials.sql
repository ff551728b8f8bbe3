-- Credentials of members in force, by the hashes of their secrets: tokens that were neither ended
-- nor have expired, and sessions that were neither ended, nor idle for too long, nor are too old.
-- Of a session's own limits and those of its account today, the narrower ones hold. A fixed number
-- of hashes has one plan, and the planner would make another for each list.
with credential as (
    select 'token' as kind, t.id, t.secret_hash, t.scope, t.member_id, not exists (
        select from token_use u where u.token_id = t.id and u.used_at > clock_timestamp() - interval '1 minute') as use_is_due
    from token t
    where t.secret_hash in ($1, $2, $3, $4, $5, $6, $7, $8) and t.revoked_at is null and (t.expires_at is null or t.expires_at > clock_timestamp())
    union all
    select 'session', s.id, s.secret_hash, s.scope, s.member_id,
        u.used_at is null or u.used_at <= clock_timestamp() - interval '1 minute'
    from session s
    join member m on m.id = s.member_id
    left join sign_in_policy p on p.account_id = m.account_id
    left join session_use u on u.session_id = s.id
    where s.secret_hash in ($1, $2, $3, $4, $5, $6, $7, $8) and s.ended_at is null
      and s.created_at > clock_timestamp() - make_interval(hours => least(s.lifetime_hours, p.session_lifetime_hours))
      and greatest(s.created_at, u.used_at)
          > clock_timestamp() - make_interval(mins => least(s.idle_minutes, p.session_idle_minutes))
)
select c.kind as "kind!", c.id as "credential_id!", c.secret_hash as "secret_hash!", c.scope as "scope!", c.use_is_due as "use_is_due!",
    m.id as "id!", m.account_id as "account_id!", m.organization_id, m.role as "role!", m.first_name as "first_name!",
    m.last_name as "last_name!", array(select g.group_id from group_member g where g.member_id = m.id) as "groups!"
from credential c join member m on m.id = c.member_id
where m.suspended_at is null and m.removed_at is null
