-- Months' partitions are made and dropped so that nobody waits for it, and so that one that cannot be made leaves the others alone.
--
-- A row of a month that has no partition is in the default one: nobody made partitions in time, or a machine's clock is months ahead. That
-- month's partition can't be made any more; the next ones' can. `muster doctor` tells.
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
        continue when to_regclass(name) is not null;
        begin
            execute format(
                'create table %I partition of %I for values from (%L) to (%L)',
                name, parent,
                uuid_v7_floor(month::timestamp at time zone 'UTC'),
                uuid_v7_floor((month + interval '1 month') at time zone 'UTC'));
        exception when check_violation then
            raise warning 'the default partition of % has rows of %', parent, to_char(month, 'YYYY-MM');
            continue;
        end;
        for guard in
            -- Those before TRUNCATE.
            select t.tgname, t.tgfoid::regproc as does from pg_trigger t
            where t.tgrelid = parent::regclass and not t.tgisinternal and (t.tgtype & 34) = 34
        loop
            execute format(
                'create trigger %I before truncate on %I for each statement execute function %s()', guard.tgname, name, guard.does);
        end loop;
    end loop;
end
$$;

-- Drops the oldest partition of `job` that ended before an instant and holds nothing that is not over; answers its name, if there is one. One
-- at a time: from the lock to the commit all that has to do with jobs waits. A look that may take long comes before the lock; behind it, only
-- what an operator may have retried meanwhile is looked for, along indexes.
create or replace function drop_job_partitions(before timestamptz) returns setof text language plpgsql as $$
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
