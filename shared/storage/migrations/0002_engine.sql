-- The job engine: a job is its row, which is outbox and history in one; timers are one-shot.

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
    -- Fences stale workers: bumped by every claim, compared by every write.
    epoch bigint not null default 0,
    worker text,
    lease_until timestamptz,
    unique_key text,
    -- W3C trace context of whoever enqueued the job.
    traceparent text,
    -- Trace context of the first attempt, if it failed; retries are linked to it.
    first_attempt text,
    -- One entry for each failed attempt: {attempt, at, worker, error}.
    errors jsonb not null default '[]',
    progress_done bigint,
    progress_total bigint,
    created_at timestamptz not null default now(),
    published_at timestamptz,
    claimed_at timestamptz,
    finished_at timestamptz,
    check ((state = 'running') = (lease_until is not null))
) partition by range (id);
create table job_default partition of job default;
select ensure_partitions('job', 2);

create index job_due on job (kind, priority desc, run_at, id) where state = 'pending';
create index job_published on job (kind, published_at) where state = 'published';
create index job_running on job (lease_until) where state = 'running';
create index job_parked on job (kind, id) where state = 'parked';

-- Engine promise J4: the key of a job that waits to be claimed.
create table job_unique (
    unique_key text primary key,
    job_id uuid not null
);
create index job_unique_job on job_unique (job_id);

-- Messages of the broker that could not be decoded, parked as they came (at most 64 KiB of each).
create table dead_letter (
    id uuid primary key default uuid_v7(),
    queue text not null,
    body bytea not null,
    error text not null,
    received_at timestamptz not null default now()
);

create table timer (
    kind text not null,
    subject uuid not null,
    fire_at timestamptz not null,
    organization_id uuid not null,
    primary key (kind, subject)
);
create index timer_due on timer (fire_at);

-- When each daemon was last seen, for operators.
create table process (
    name text primary key,
    role text not null,
    started_at timestamptz not null default now(),
    seen_at timestamptz not null default now()
);
