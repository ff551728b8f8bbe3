-- Operators' work: workers by their kinds of jobs, draining, texts of unknown outcome, and acts on
-- many jobs.

alter table process
    -- The kinds of jobs that a worker takes; null: every kind.
    add column kinds text[],
    -- Since when it takes no more jobs, because an operator has asked for it.
    add column draining_since timestamptz;

-- Texts of unknown outcome, of which there are few among millions.
create index message_unknown on message (id) where state = 'unknown';

-- Acts on all jobs that match a filter, so many a second, until none is left or too many fail.
create table job_act (
    id uuid primary key,
    -- Parked jobs run again, or jobs that wait or are parked are cancelled.
    verb text not null check (verb in ('retry', 'cancel')),
    filter jsonb not null,
    -- Jobs that matched when it was asked for; later ones are not in it.
    matching bigint not null,
    -- Jobs a second.
    rate int not null check (rate > 0),
    -- It ends when more than this share of the jobs that were tried again has failed.
    abort_above double precision not null check (abort_above between 0 and 1),
    state text not null default 'running' check (state in ('running', 'succeeded', 'stopped', 'aborted')),
    acted bigint not null default 0,
    tried bigint not null default 0,
    failed bigint not null default 0,
    created_at timestamptz not null default clock_timestamp(),
    -- When it was last done with a job.
    acted_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    constraint job_act_running_is_not_over check ((state = 'running') = (finished_at is null))
);

-- Jobs that an act lets run and that have not been tried since.
create table job_act_job (
    job_act_id uuid not null references job_act on delete cascade,
    job_id uuid not null,
    primary key (job_act_id, job_id)
);
