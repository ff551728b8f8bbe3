-- The order in which jobs are relayed: fair between tenants, by priority within one, one after another where a key asks for it.

alter table job
    -- Jobs with the same key run one after another, in order of position (engine promise J5).
    add column order_key text,
    add column position bigint,
    -- An earlier job with the same order key is not over.
    add column blocked boolean not null default false,
    -- An attempt ended with its worker.
    add column suspect boolean not null default false,
    add check ((order_key is null) = (position is null)),
    add check (order_key is not null or not blocked);

create sequence job_position;

-- The organization whose job it is, as the relay's lines are drawn; nil for the engine's own upkeep.
create function tenant(organization_id uuid) returns uuid language sql immutable parallel safe as $$
    select coalesce(organization_id, '00000000-0000-0000-0000-000000000000'::uuid)
$$;

drop index job_due;
create index job_due on job (kind, tenant(organization_id), (-priority), run_at, id) where state = 'pending' and not blocked;
create index job_order on job (order_key, position) where order_key is not null and state in ('pending', 'published', 'running');

-- When a job with an order key is over, however that came to be, the next one may go.
create function release_next_in_order() returns trigger language plpgsql as $$
begin
    -- Whoever enqueues a job with this key decides under the same lock whether it is blocked.
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

-- What operators and installations say about kinds and organizations: paused, or at most so many published and running at a time.
-- Kind '*' stands for every kind, the nil organization for every one.
create table job_policy (
    kind text not null,
    organization_id uuid not null default '00000000-0000-0000-0000-000000000000',
    paused boolean not null default false,
    at_most int check (at_most > 0),
    reason text,
    changed_at timestamptz not null default now(),
    primary key (kind, organization_id)
);
