-- $1 import, $2 organization, $3 account, $4 consent text. Creates the contacts that are not there
-- yet, in the order of their phones, so that two imports of the same people wait for one another
-- and never deadlock. A redacted number comes back as a new contact that keeps its opt-out
-- (rule C9), and one that the row states is kept (rule C17). `offset 0` keeps the planner from
-- reading all contacts to find a few.
insert into contact (id, organization_id, e164, first_name, last_name, email, postal_code, notes, external_id, fields,
    source, source_import_id, consent_text, opted_out_at, opt_out_reason, opt_out_origin)
select r.contact_id, $2, r.e164, r.first_name, r.last_name, r.email, r.postal_code, r.notes, r.external_id, r.fields,
    'file', $1, $4,
    case when s.opted_out or r.opt_out then now() end,
    case when s.opted_out then 'opted out before redaction' when r.opt_out then opt_out_reason_of_import($1) end,
    case when s.opted_out then 'redacted' when r.opt_out then 'file' end
from import_row r
left join lateral (
    -- A hash may be under a key of before.
    select bool_or(s.opted_out) as opted_out from suppression s
    where s.account_id = $3 and s.phone_hash = any(r.phone_hash || coalesce(r.phone_hashes_previous, '{}')) and s.organization_id = $2
) s on r.phone_hash is not null
where not exists (select from contact c where c.organization_id = $2 and c.e164 = r.e164 offset 0)
order by r.e164
on conflict (organization_id, e164) do nothing
