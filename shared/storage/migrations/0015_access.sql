-- Access requests (rule R8), and the audit among the exports (rules E1 and R9).

-- Access requests -------------------------------------------------------------

alter table export
    drop constraint export_kind_check,
    add constraint export_kind_check check (
        kind in ('contacts', 'conversations', 'goal_results', 'campaign_results', 'opt_outs', 'audit', 'access_request')),
    drop constraint export_format_check,
    add constraint export_format_check check (format in ('csv', 'json_lines', 'html')),
    add constraint export_access_request_is_a_page check ((kind = 'access_request') = (format = 'html'));

-- Requests for everything that is held of one contact. The export of the same id is the work, the
-- file, its links and its end.
create table access_request (
    id uuid primary key references export,
    -- No reference: the undo of an import deletes contacts.
    contact_id uuid not null,
    -- The admin's words; null once the person was redacted.
    reason text
);
create index access_request_contact on access_request (contact_id);

-- The audit among the exports -------------------------------------------------

-- Acts in an organization, the oldest first; with `account` in the filter those of the whole
-- account. The rest of the filter is the list's. Groups have no part in it.
create function export_audit(in_organization uuid, readers uuid[], filter jsonb)
returns table (number bigint, at timestamptz, organization_id uuid, principal text, member_id uuid, role text, operator text, via text,
    job_id uuid, operation text, method text, records jsonb, members jsonb, trace_id text, address text, reason text, hash text)
language sql stable as $$
    select e.number, e.at, e.organization_id, e.principal, e.member_id, e.role, e.operator, e.via, e.job_id, e.operation, e.method,
        (select coalesce(jsonb_agg(r.kind || ' ' || r.id order by r.nth), '[]')
         from unnest(e.record_kinds, e.record_ids) with ordinality as r (kind, id, nth)),
        to_jsonb(e.members), e.trace_id, a.words, w.words, encode(e.hash, 'hex')
    from audit_entry e
    left join audit_aside a on a.chain = e.chain and a.number = e.number and a.kind = 'address'
    left join audit_aside w on w.chain = e.chain and w.number = e.number and w.kind = 'reason'
    where e.chain = (select o.account_id from organization o where o.id = in_organization)
      and readers is null
      and (filter ? 'account' or e.organization_id = in_organization)
      and (filter ->> 'member_id' is null or e.member_id = (filter ->> 'member_id')::uuid)
      and (filter ->> 'operator' is null or e.operator = filter ->> 'operator')
      and (filter ->> 'operation' is null or e.operation = filter ->> 'operation')
      and (filter ->> 'record_kind' is null or e.record_kinds[1] = filter ->> 'record_kind')
      and (filter ->> 'record_id' is null or e.record_ids @> array[(filter ->> 'record_id')::uuid])
      and (filter ->> 'from' is null or e.at >= (filter ->> 'from')::timestamptz)
      and (filter ->> 'to' is null or e.at < (filter ->> 'to')::timestamptz)
    order by e.number
$$;
