-- Recurring schedules and the ledger of their ticks: every planned tick has a row that says what became of it (engine promise J11).

create table schedule (
    name text primary key,
    -- The tenant whose it is; null for the installation's own upkeep.
    organization_id uuid,
    -- cron(5): five fields, or six with seconds first; evaluated on the zone's local timeline.
    cron text not null,
    zone text not null,
    gap text not null default 'after' check (gap in ('skip', 'after')),
    overlap text not null default 'first' check (overlap in ('first', 'last', 'both')),
    catch_up text not null default 'coalesce' check (catch_up in ('skip', 'coalesce', 'all')),
    -- With catch-up 'all': how many missed ticks fire at most.
    catch_up_at_most int not null default 10 check (catch_up_at_most > 0),
    -- How late a tick may be and still be on time.
    grace_seconds int not null default 30 check (grace_seconds >= 0),
    -- Ticks' jobs run up to this much later than planned, each schedule's differently.
    jitter_seconds int not null default 0 check (jitter_seconds >= 0),
    enabled boolean not null default true,
    kind text not null,
    payload jsonb not null,
    -- Every tick up to here has a row.
    decided_until timestamptz not null default now(),
    -- The next planned tick; null when it has not been computed or the expression cannot be read.
    next_at timestamptz,
    error text,
    changed_at timestamptz not null default now()
);
create index schedule_due on schedule (next_at nulls first) where enabled and error is null;

create table tick (
    schedule text not null references schedule (name) on delete cascade,
    planned_at timestamptz not null,
    -- The wall-clock time that the expression names, and whether it is one that exists once.
    local timestamp not null,
    note text not null,
    fate text not null check (fate in ('fired', 'late', 'coalesced', 'skipped')),
    why text,
    late_ms bigint,
    coalesced_into timestamptz,
    job_id uuid,
    -- More than one: a run of ticks that were missed long ago, up to planned_until.
    ticks bigint not null default 1 check (ticks > 0),
    planned_until timestamptz not null,
    decided_at timestamptz not null default clock_timestamp(),
    primary key (schedule, planned_at),
    check ((fate in ('fired', 'late')) = (job_id is not null))
);

-- The installation's own upkeep.
insert into schedule (name, cron, zone, kind, payload, jitter_seconds) values
    ('partitions', '7 * * * *', 'UTC', 'upkeep', '{"task": "partitions"}', 60),
    ('job-history', '20 4 * * *', 'UTC', 'upkeep', '{"task": "job-history"}', 600),
    ('idempotency-keys', '40 * * * *', 'UTC', 'upkeep', '{"task": "idempotency-keys"}', 300),
    ('reconcile', '*/10 * * * *', 'UTC', 'upkeep', '{"task": "reconcile"}', 60);

-- Drops the partitions of `job` that ended before an instant and hold nothing that is not over; answers their names.
create function drop_job_partitions(before timestamptz) returns setof text language plpgsql as $$
declare
    part record;
    live boolean;
begin
    for part in
        select c.relname as name, to_date(right(c.relname, 7), 'YYYY_MM') as month
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'job'::regclass and c.relname ~ '^job_\d{4}_\d{2}$'
        order by 1
    loop
        continue when (part.month + interval '1 month') at time zone 'UTC' > before;
        execute format(
            'select exists (select from %I where state not in (''succeeded'', ''cancelled'') or finished_at >= $1)', part.name)
            into live using before;
        continue when live;
        execute format('drop table %I', part.name);
        return next part.name;
    end loop;
end
$$;
