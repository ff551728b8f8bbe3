-- The audit: acts on records, with their parties and addresses, in a chain of hashes for each
-- account (rule R9). `domain::trust::audit` has the form of the hashes.
--
-- Daemons write here by `audit_append` alone, and have no other right on these tables than to read.

-- The last entry of each chain. The nil UUID is the installation's chain.
create table audit_head (
    chain uuid primary key,
    number bigint not null,
    hash bytea not null check (length(hash) = 32),
    at timestamptz not null
);
create trigger audit_head_stays before delete on audit_head for each row execute function refuse_delete();
create trigger audit_head_is_kept before truncate on audit_head for each statement execute function refuse_delete();

create table audit_entry (
    chain uuid not null,
    -- From 1, without a gap.
    number bigint not null check (number > 0),
    at timestamptz not null,
    organization_id uuid,
    principal text not null check (principal in ('member', 'operator', 'visitor')),
    member_id uuid,
    -- The member's role at that time.
    role text check (role in ('agent', 'group_admin', 'organization_admin', 'account_admin')),
    -- An operator's name: their user on the machine, or the one that they go by.
    operator text,
    via text not null check (via in ('api', 'cli', 'job')),
    job_id uuid,
    operation text not null,
    method text,
    -- Nouns and ids of the records, the main one first.
    record_kinds text[] not null,
    record_ids uuid[] not null,
    -- Names of the request's members, never their values (rule R5).
    members text[] not null,
    trace_id text,
    -- Salted hashes of the words in `audit_aside`.
    address_hash bytea check (length(address_hash) = 32),
    reason_hash bytea check (length(reason_hash) = 32),
    hash bytea not null check (length(hash) = 32),
    primary key (chain, number)
);
create index audit_entry_at on audit_entry (chain, at);
create index audit_entry_organization on audit_entry (chain, organization_id, number);
create index audit_entry_member on audit_entry (chain, member_id, number) where member_id is not null;
create index audit_entry_operation on audit_entry (chain, operation, number);
create index audit_entry_kind on audit_entry (chain, (record_kinds[1]), number);
-- Without a list of pending additions, which one of the writers would have to work off.
create index audit_entry_record on audit_entry using gin (record_ids) with (fastupdate = off);
create trigger audit_entry_stays before update or delete on audit_entry for each row execute function refuse_change();
create trigger audit_entry_is_kept before truncate on audit_entry for each statement execute function refuse_change();

-- Words that may tell of people: the client's address, and a reason in free text. The chain has
-- their salted hashes, so that they can go without breaking it: addresses by age, reasons with the
-- person.
create table audit_aside (
    chain uuid not null,
    number bigint not null,
    kind text not null check (kind in ('address', 'reason')),
    salt bytea not null,
    words text not null,
    at timestamptz not null,
    primary key (chain, number, kind),
    foreign key (chain, number) references audit_entry
);
create index audit_aside_age on audit_aside (kind, at);
create trigger audit_aside_stays before update on audit_aside for each row execute function refuse_change();
create trigger audit_aside_is_kept before truncate on audit_aside for each statement execute function refuse_change();

-- Heads that are in the object store.
create table audit_published (
    chain uuid not null,
    number bigint not null,
    hash bytea not null check (length(hash) = 32),
    at timestamptz not null,
    published_at timestamptz not null default clock_timestamp(),
    primary key (chain, number)
);
create trigger audit_published_stays before update or delete on audit_published for each row execute function refuse_change();
create trigger audit_published_is_kept before truncate on audit_published for each statement execute function refuse_change();

-- Adds an entry to the chain of its account; returns its number. The account is the one given, else
-- the organization's, else the chain is the installation's. `content` is the hash of the contents.
--
-- It is a transaction's last statement: the chain's head stays locked until the commit alone.
create function audit_append(
    of_account uuid, of_organization uuid, by_principal text, by_member uuid, by_role text, by_operator text, by_way text,
    by_job uuid, did text, by_method text, kinds text[], ids uuid[], named text[], of_trace text, from_address text,
    with_reason text, content bytea) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    head audit_head;
    of_chain uuid := coalesce(
        of_account, (select account_id from organization where id = of_organization), '00000000-0000-0000-0000-000000000000');
    entry audit_entry;
    salts bytea[] := array[uuid_send(gen_random_uuid()), uuid_send(gen_random_uuid())];
begin
    loop
        select * into head from audit_head h where h.chain = of_chain for update;
        exit when found;
        insert into audit_head (chain, number, hash, at)
        values (of_chain, 0, decode(repeat('00', 32), 'hex'), clock_timestamp()) on conflict do nothing;
    end loop;
    entry.chain := of_chain;
    entry.number := head.number + 1;
    entry.at := greatest(clock_timestamp(), head.at);
    entry.address_hash := sha256(salts[1] || convert_to(from_address, 'UTF8'));
    entry.reason_hash := sha256(salts[2] || convert_to(with_reason, 'UTF8'));
    entry.hash := sha256(
        'muster.audit.1'::bytea || uuid_send(of_chain) || head.hash || int8send(entry.number)
        || int8send((extract(epoch from entry.at) * 1000000)::bigint) || content
        || coalesce('\x01'::bytea || entry.address_hash, '\x00') || coalesce('\x01'::bytea || entry.reason_hash, '\x00'));
    insert into audit_entry (chain, number, at, organization_id, principal, member_id, role, operator, via, job_id, operation,
        method, record_kinds, record_ids, members, trace_id, address_hash, reason_hash, hash)
    values (entry.chain, entry.number, entry.at, of_organization, by_principal, by_member, by_role, by_operator, by_way, by_job, did,
        by_method, kinds, ids, named, of_trace, entry.address_hash, entry.reason_hash, entry.hash);
    insert into audit_aside (chain, number, kind, salt, words, at)
    select entry.chain, entry.number, a.kind, a.salt, a.words, entry.at
    from (values ('address', salts[1], from_address), ('reason', salts[2], with_reason)) as a (kind, salt, words)
    where a.words is not null;
    update audit_head h set number = entry.number, hash = entry.hash, at = entry.at where h.chain = of_chain;
    return entry.number;
end
$$;

-- Forgets addresses of clients that were written before an instant, the oldest, at most `step`;
-- returns how many.
create function audit_forget_addresses(before timestamptz, step int) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    gone bigint;
begin
    delete from audit_aside a using (
        select chain, number, kind from audit_aside o where o.kind = 'address' and o.at < before order by o.at limit step) old
    where a.chain = old.chain and a.number = old.number and a.kind = old.kind;
    get diagnostics gone = row_count;
    return gone;
end
$$;

-- Forgets a person's words beside an account's chain: reasons of acts on these contacts, reasons in
-- which one of the patterns is found, and addresses from which visitors of forms became these
-- contacts. Operators' reasons on the whole installation go by the sure pattern. Returns how many.
create function audit_forget_person(of_account uuid, contacts uuid[], sure text, alone text) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    gone bigint;
begin
    delete from audit_aside a using (
        select o.chain, o.number, o.kind from audit_entry e join audit_aside o on o.chain = e.chain and o.number = e.number
        where e.chain = of_account and e.record_ids && contacts and (o.kind = 'reason' or e.principal = 'visitor')
        union
        select o.chain, o.number, o.kind from audit_aside o
        where o.chain = of_account and o.kind = 'reason' and (o.words ~* sure or o.words ~* alone)
        union
        select o.chain, o.number, o.kind from audit_aside o
        where o.chain = '00000000-0000-0000-0000-000000000000' and o.kind = 'reason' and o.words ~* sure) found
    where a.chain = found.chain and a.number = found.number and a.kind = found.kind;
    get diagnostics gone = row_count;
    return gone;
end
$$;

-- Rights on functions are everybody's unless they are taken away.
revoke execute on function audit_append(uuid, uuid, text, uuid, text, text, text, uuid, text, text, text[], uuid[], text[], text, text, text, bytea)
    from public;
revoke execute on function audit_forget_addresses(timestamptz, int) from public;
revoke execute on function audit_forget_person(uuid, uuid[], text, text) from public;

insert into schedule (name, cron, zone, kind, payload, jitter_seconds) values
    ('audit-heads', '25 * * * *', 'UTC', 'audit-heads', '{}', 300),
    ('audit-addresses', '5 5 * * *', 'UTC', 'upkeep', '{"task": "audit-addresses"}', 600);

-- Least privilege -------------------------------------------------------------

-- Daemons make and drop months' partitions by these alone, with the rights of the tables' owner.
alter function ensure_partitions(text, int) security definer;
alter function ensure_partitions(text, int) set search_path = public, pg_temp;
alter function drop_job_partitions(timestamptz) security definer;
alter function drop_job_partitions(timestamptz) set search_path = public, pg_temp;
revoke execute on function ensure_partitions(text, int) from public;
revoke execute on function drop_job_partitions(timestamptz) from public;
