-- $1 import, $2 account. Rows of people with a redaction that was still to be done when the import
-- began, or is now: they are not brought back (rules R3 and S9). Nothing is kept of the row.
with gone as (
    delete from import_row r
    using import i
    where i.id = $1 and exists (
        select from redaction d
        where d.account_id = $2 and (d.e164 = r.e164 or d.phone_hash = any(r.phone_hash || coalesce(r.phone_hashes_previous, '{}')))
          and (d.finished_at is null or d.finished_at >= i.created_at))
    returning r.line
)
insert into import_reject (import_id, line, reason, column_name, raw)
select $1, line, 'redacted', null, '' from gone
