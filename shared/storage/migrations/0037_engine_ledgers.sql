-- A schedule that is removed keeps its ledger (engine promise J11): it is retired, recurs no more, and leaves with its last ticks. Its name
-- may be used again. A version before still deletes it with its ticks.
alter table schedule
    add column retired_at timestamptz,
    add constraint schedule_retired_is_off check (retired_at is null or not enabled);
comment on column tick.why is 'missed, beyond_bound, changed, disabled or removed';

-- Attempts that were handed back, which count as none and are no errors, are a part of a job's life all the same (engine promise J11): the
-- last twenty, each {number, at, worker, epoch, why}.
alter table job add column hand_backs jsonb not null default '[]';

-- Jobs do not leave by TRUNCATE either, which passes by the triggers of rows (engine promise J1). Triggers of statements are not passed on to
-- partitions, so each has its own; partitions to come get what their parent has. Dropping a month's partition is how jobs leave.
create trigger job_is_kept before truncate on job for each statement execute function refuse_delete();
do $$
declare
    partition regclass;
begin
    for partition in select inhrelid::regclass from pg_inherits where inhparent = 'job'::regclass loop
        execute format('create trigger job_is_kept before truncate on %s for each statement execute function refuse_delete()', partition);
    end loop;
end
$$;

create or replace function ensure_partitions(parent text, months_ahead int) returns void language plpgsql as $$
declare
    first date := date_trunc('month', now() at time zone 'UTC')::date;
    month date;
    name text;
    guard record;
begin
    for i in 0..months_ahead loop
        month := (first + make_interval(months => i))::date;
        name := format('%s_%s', parent, to_char(month, 'YYYY_MM'));
        if to_regclass(name) is null then
            execute format(
                'create table %I partition of %I for values from (%L) to (%L)',
                name, parent,
                uuid_v7_floor(month::timestamp at time zone 'UTC'),
                uuid_v7_floor((month + interval '1 month') at time zone 'UTC'));
            for guard in
                -- Those before TRUNCATE.
                select t.tgname, t.tgfoid::regproc as does from pg_trigger t
                where t.tgrelid = parent::regclass and not t.tgisinternal and (t.tgtype & 34) = 34
            loop
                execute format(
                    'create trigger %I before truncate on %I for each statement execute function %s()', guard.tgname, name, guard.does);
            end loop;
        end if;
    end loop;
end
$$;
