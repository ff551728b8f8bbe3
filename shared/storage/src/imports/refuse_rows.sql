-- $1 import, $2 organization, $3 group, $4 contacts that an agent may have, $5 fields of the file's
-- columns in order, $6 the character between its cells, $7 the agents' column, $8 rows and $9 bytes
-- that are kept of them at most. Rules A2, C7 and C10: rows over a limit, and rows for an unknown
-- agent, become rejects. The lines were found out when the import was admitted; agents' contacts
-- are counted once more, because others assign too. A reject's row is the values that were read, as
-- the file would have them. `offset 0` keeps the planner from reading all contacts to find a few.
with beyond as (
    select r.e164 from import_row r join import i on i.id = $1
    where r.line > i.last_admitted_line
      and not exists (
          select from contact c join membership m on m.contact_id = c.id and m.group_id = $3
          where c.organization_id = $2 and c.e164 = r.e164 offset 0)
), fresh as (
    select r.e164, r.line, a.member_id, a.last_admitted_line, row_number() over (partition by a.member_id order by r.line) as place
    from import_row r join import_agent a on a.import_id = $1 and a.email = lower(r.agent)
    where r.e164 not in (select e164 from beyond)
      and not exists (
          select from contact c join membership m on m.contact_id = c.id and m.group_id = $3
          where c.organization_id = $2 and c.e164 = r.e164 and m.assigned_agent_id = a.member_id offset 0)
), held as (
    select assigned_agent_id as member_id, count(*) as contacts from membership
    where group_id = $3 and assigned_agent_id in (select member_id from fresh) group by 1
), refused as (
    select e164, 'group_full' as reason from beyond
    union all
    select f.e164, case when f.member_id is null then 'agent_unknown' else 'agent_full' end
    from fresh f left join held h on h.member_id = f.member_id
    where f.member_id is null or f.line > f.last_admitted_line or f.place > $4 - coalesce(h.contacts, 0)
), gone as (
    delete from import_row r using refused f where r.e164 = f.e164 returning r.*, f.reason
), numbered as (
    select g.*, row_number() over (order by g.line) as nth from gone g
), told as (
    select g.line, g.reason, case when g.reason <> 'group_full' then left($7::text, 200) end as column_name,
           case when length(cells.line) > 4096 then left(cells.line, 4095) || '…' else cells.line end as raw
    from numbered g
    cross join lateral (
        select rtrim(string_agg(coalesce('"' || replace(cell.value, '"', '""') || '"', ''), $6::text order by nth), $6::text) as line
        from unnest($5::text[]) with ordinality as named (field, nth)
        cross join lateral (
            select case named.field
                when 'first_name' then nullif(g.first_name, '')
                when 'last_name' then nullif(g.last_name, '')
                when 'phone' then g.e164
                when 'email' then g.email
                when 'postal_code' then g.postal_code
                when 'notes' then g.notes
                when 'external_id' then g.external_id
                when 'assigned_agent' then g.agent
                when 'tags' then nullif(array_to_string(g.tags, ';'), '')
                when 'opt_out' then case when g.opt_out then 'yes' end
                when 'opt_in' then case when g.opt_out then 'no' end
                when 'opt_out_status' then case when g.opt_out then 'unsubscribed' end
                else g.fields ->> substr(named.field, length('custom:') + 1)
            end as value
        ) cell
    ) cells
    where g.nth <= $8
), kept as (
    insert into import_reject (import_id, line, reason, column_name, raw)
    select $1, line, reason, column_name, raw
    from (
        select t.*, sum(octet_length(t.raw) + coalesce(octet_length(t.column_name), 0) + 128) over (order by t.line) as bytes from told t
    ) t
    where t.bytes <= $9
    returning line
)
select g.reason as "reason!", count(*) as "rows!", (select count(*) from kept) as "kept!",
       coalesce(array_agg(g.e164) filter (where g.opt_out), '{}') as "opted_out!"
from gone g group by g.reason
