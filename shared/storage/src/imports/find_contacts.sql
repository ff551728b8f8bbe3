-- $1 organization. Gives rows of known people their contact, and tells which of these they change:
-- blank cells leave the value.
update import_row r
set contact_id = c.id, created = false,
    changed = (c.first_name, c.last_name, c.email, c.postal_code, c.notes, c.external_id, c.fields) is distinct from (
        coalesce(nullif(r.first_name, ''), c.first_name),
        coalesce(nullif(r.last_name, ''), c.last_name),
        coalesce(r.email, c.email),
        coalesce(r.postal_code, c.postal_code),
        coalesce(r.notes, c.notes),
        coalesce(r.external_id, c.external_id),
        c.fields || r.fields)
        -- Rule C17: an opt-out that the row states.
        or (r.opt_out and c.opted_out_at is null)
from contact c
where c.organization_id = $1 and c.e164 = r.e164 and c.id <> r.contact_id
