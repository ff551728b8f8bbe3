-- $1 import, $2 organization, $3 account, $4 consent text. Answers how many contacts are new; marks each staged row created, updated
-- or unchanged and gives the first two their contact.
with upserted as (
    insert into contact as c (id, organization_id, e164, first_name, last_name, email, postal_code, notes, external_id, fields,
        source, source_import_id, consent_text, opted_out_at, opt_out_reason)
    select uuid_v7(), $2, r.e164, r.first_name, r.last_name, r.email, r.postal_code, r.notes, r.external_id, r.fields,
        'file', $1, $4,
        case when s.opted_out then now() end,
        case when s.opted_out then 'opted out before redaction' end
    from import_row r
    left join suppression s on s.account_id = $3 and s.phone_hash = r.phone_hash and s.organization_id = $2
    where r.import_id = $1
    order by r.e164
    on conflict (organization_id, e164) do update set
        first_name = coalesce(nullif(excluded.first_name, ''), c.first_name),
        last_name = coalesce(nullif(excluded.last_name, ''), c.last_name),
        email = coalesce(excluded.email, c.email),
        postal_code = coalesce(excluded.postal_code, c.postal_code),
        notes = coalesce(excluded.notes, c.notes),
        external_id = coalesce(excluded.external_id, c.external_id),
        fields = c.fields || excluded.fields,
        updated_at = now()
    where (c.first_name, c.last_name, c.email, c.postal_code, c.notes, c.external_id, c.fields) is distinct from (
        coalesce(nullif(excluded.first_name, ''), c.first_name),
        coalesce(nullif(excluded.last_name, ''), c.last_name),
        coalesce(excluded.email, c.email),
        coalesce(excluded.postal_code, c.postal_code),
        coalesce(excluded.notes, c.notes),
        coalesce(excluded.external_id, c.external_id),
        c.fields || excluded.fields)
    returning c.id, c.e164, c.xmax = 0 as created
), marked as (
    update import_row r
    set contact_id = u.id, outcome = case when u.created then 'created' else 'updated' end
    from upserted u
    where r.import_id = $1 and r.e164 = u.e164
)
select count(*) as "created!" from upserted where created
