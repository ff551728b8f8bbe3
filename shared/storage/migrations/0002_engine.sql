-- The engine: jobs, timers, schedules, and their history. A job is its row, which is outbox and
-- history in one. The engine knows organizations by id alone and references no other chapter.

-- Jobs ------------------------------------------------------------------------

create table job (
    id uuid primary key,
    kind text not null,
    -- The tenant that the job works for; null for the engine's own upkeep.
    organization_id uuid,
    payload jsonb not null,
    priority smallint not null default 0,
    state text not null default 'pending'
        check (state in ('pending', 'published', 'running', 'succeeded', 'parked', 'cancelled')),
    run_at timestamptz not null default now(),
    attempt int not null default 0,
    max_attempts int not null check (max_attempts > 0),
    -- Fencing token: bumped by every claim, compared by every write.
    epoch bigint not null default 0,
    worker text,
    lease_until timestamptz,
    -- At most one job of a key waits to be claimed (engine promise J4).
    unique_key text,
    -- Jobs of one key run one after another, in order of position (engine promise J5).
    order_key text,
    position bigint,
    -- An earlier job of the same order key is not over.
    blocked boolean not null default false,
    -- An attempt ended with its worker.
    suspect boolean not null default false,
    -- W3C trace context of the enqueuing span.
    traceparent text,
    -- Trace context of the first attempt, if it failed; retries are linked to it.
    first_attempt text,
    -- One entry for each failed attempt: {attempt, at, worker, error}.
    errors jsonb not null default '[]',
    -- The last twenty attempts that were handed back: {number, at, worker, epoch, why}. They count
    -- as no attempt and are no errors, and are a part of the job's life (engine promise J11).
    hand_backs jsonb not null default '[]',
    progress_done bigint,
    progress_total bigint,
    -- Progress in words.
    progress_note text,
    created_at timestamptz not null default now(),
    published_at timestamptz,
    claimed_at timestamptz,
    finished_at timestamptz,
    constraint job_runs_under_a_lease check ((state = 'running') = (lease_until is not null)),
    constraint job_order_has_position check ((order_key is null) = (position is null)),
    constraint job_blocked_has_order check (order_key is not null or not blocked)
) partition by range (id);
create table job_default partition of job default;

create sequence job_position;

-- Returns the organization as the relay's lanes are drawn; nil for the engine's own upkeep.
create function tenant(organization_id uuid) returns uuid language sql immutable parallel safe as $$
    select coalesce(organization_id, '00000000-0000-0000-0000-000000000000'::uuid)
$$;

create index job_due on job (kind, tenant(organization_id), (-priority), run_at, id) where state = 'pending' and not blocked;
create index job_published on job (kind, published_at) where state = 'published';
create index job_running on job (lease_until) where state = 'running';
create index job_parked on job (kind, id) where state = 'parked';
create index job_order on job (order_key, position) where order_key is not null and state in ('pending', 'published', 'running');
-- How many jobs ended lately, without an index that every completion pays for.
create index job_finished on job using brin (finished_at);

-- When a job with an order key is over, the next one may go, whichever statement ended it.
create function release_next_in_order() returns trigger language plpgsql as $$
begin
    -- Enqueuing a job with this key decides under the same lock whether it is blocked.
    perform pg_advisory_xact_lock(hashtextextended(new.order_key, 0));
    update job set blocked = false
    where blocked and id = (
        select id from job where order_key = new.order_key and state in ('pending', 'published', 'running')
        order by position limit 1);
    perform pg_notify('muster_jobs', '');
    return null;
end
$$;
create trigger release_next_in_order after update of state on job for each row
    when (new.order_key is not null and new.state in ('succeeded', 'parked', 'cancelled')
        and old.state not in ('succeeded', 'parked', 'cancelled'))
    execute function release_next_in_order();

-- A job's row stays until its month's partition is dropped: every job that was enqueued is
-- succeeded, parked, cancelled or live (engine promises J1 and J11).
create trigger job_stays before delete on job for each row execute function refuse_delete();
create trigger job_is_kept before truncate on job for each statement execute function refuse_delete();
create trigger job_is_kept before truncate on job_default for each statement execute function refuse_delete();

select ensure_partitions('job', 2);

-- Drops the oldest partition of `job` that ended before an instant and holds only jobs that are
-- over. Returns its name, if there is one.
--
-- One partition at a time: from the lock to the commit every statement on jobs waits. The look that
-- may take long comes before the lock. Behind it, indexes find jobs that an operator may have
-- retried meanwhile.
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
        lock table only job in access exclusive mode;
        execute format(
            'select exists (select from %1$I where state = ''pending'' and not blocked)
                 or exists (select from %1$I where order_key is not null and state in (''pending'', ''published'', ''running''))
                 or exists (select from %1$I where state = ''published'')
                 or exists (select from %1$I where state = ''running'')
                 or exists (select from %1$I where state = ''parked'')', part.name)
            into live;
        if not live then
            execute format('drop table %I', part.name);
            return next part.name;
        end if;
        return;
    end loop;
end
$$;

-- The unique keys of jobs that wait to be claimed (engine promise J4).
create table job_unique (
    unique_key text primary key,
    job_id uuid not null
);
create index job_unique_job on job_unique (job_id);

-- Pauses and limits that operators set for kinds and organizations. Kind '*' stands for every kind,
-- the nil organization for every organization.
create table job_policy (
    kind text not null,
    organization_id uuid not null default '00000000-0000-0000-0000-000000000000',
    paused boolean not null default false,
    -- Jobs published or running at a time.
    at_most int check (at_most > 0),
    reason text,
    changed_at timestamptz not null default now(),
    primary key (kind, organization_id)
);

-- Messages of the broker that could not be decoded, parked as they came (at most 64 KiB of each).
create table dead_letter (
    id uuid primary key default uuid_v7(),
    queue text not null,
    body bytea not null,
    error text not null,
    received_at timestamptz not null default now()
);

-- Each daemon's heartbeat, for operators.
create table process (
    name text primary key,
    role text not null
        check (role in ('api', 'scheduler', 'worker')),
    started_at timestamptz not null default now(),
    seen_at timestamptz not null default now()
);

-- Figures of the whole installation, taken by one scheduler at a time: a list of gauges with their
-- labels and values, without anything of tenants.
create table figures (
    id boolean primary key default true check (id),
    -- A scheduler takes them from then on.
    claimed_at timestamptz not null default '-infinity',
    taken_at timestamptz,
    figures jsonb not null default '[]'
);
insert into figures default values;

-- Timers and schedules --------------------------------------------------------

-- One-shot timers: one for each kind and subject.
create table timer (
    kind text not null,
    subject uuid not null,
    fire_at timestamptz not null,
    organization_id uuid not null,
    primary key (kind, subject)
);
create index timer_due on timer (fire_at);

create table schedule (
    name text primary key,
    -- The tenant's id; null for the installation's own upkeep.
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
    -- Jobs of ticks run up to this much later than planned, each schedule's differently.
    jitter_seconds int not null default 0 check (jitter_seconds >= 0),
    enabled boolean not null default true,
    kind text not null,
    payload jsonb not null,
    -- Every tick up to here has a row.
    decided_until timestamptz not null default now(),
    -- The next planned tick; null when it has not been computed or the expression cannot be read.
    next_at timestamptz,
    error text,
    changed_at timestamptz not null default now(),
    -- A schedule that is removed keeps its ledger (engine promise J11): it is retired, recurs no
    -- more, and leaves with its last ticks. Its name may be used again.
    retired_at timestamptz,
    constraint schedule_retired_is_off check (retired_at is null or not enabled)
);
create index schedule_due on schedule (next_at nulls first) where enabled and error is null;

-- The ledger of ticks: every planned tick has a row with its fate (engine promise J11).
create table tick (
    schedule text not null references schedule (name) on delete cascade,
    planned_at timestamptz not null,
    -- The wall-clock time that the expression names, and whether it is one that exists once.
    local timestamp not null,
    note text not null
        check (note in ('plain', 'shifted', 'first_pass', 'second_pass')),
    fate text not null check (fate in ('fired', 'late', 'coalesced', 'skipped')),
    -- Of a skipped tick: missed, beyond_bound, changed, disabled or removed.
    why text
        check (why in ('missed', 'beyond_bound', 'changed', 'disabled', 'removed')),
    late_ms bigint,
    coalesced_into timestamptz,
    job_id uuid,
    -- More than one: a run of ticks that were missed long ago, up to planned_until.
    ticks bigint not null default 1 check (ticks > 0),
    planned_until timestamptz not null,
    decided_at timestamptz not null default clock_timestamp(),
    primary key (schedule, planned_at),
    constraint tick_fired_has_job check ((fate in ('fired', 'late')) = (job_id is not null))
);

-- The engine's own upkeep. Sweeping has no jitter: a round that finds nothing is one statement. The
-- schedulers sweep beside it, because jobs that bring jobs back must not depend on a job alone.
insert into schedule (name, cron, zone, kind, payload, jitter_seconds) values
    ('engine-sweep', '* * * * *', 'UTC', 'upkeep', '{"task": "sweep"}', 0),
    ('partitions', '7 * * * *', 'UTC', 'upkeep', '{"task": "partitions"}', 60),
    ('job-history', '20 4 * * *', 'UTC', 'upkeep', '{"task": "job-history"}', 600),
    ('engine-history', '50 4 * * *', 'UTC', 'upkeep', '{"task": "engine-history"}', 600);
