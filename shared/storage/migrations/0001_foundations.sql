-- Foundations: ids that follow time, the partitions of tables that grow with time, and guards of
-- tables with rows that stay. Later files build on them; nothing here speaks of the business.

-- Returns a UUID version 7, so that ids follow the order in which a statement makes them. An id is
-- made for every event of every message: plpgsql takes a third of the time that SQL would.
create function uuid_v7() returns uuid language plpgsql volatile parallel safe as $$
declare
    micros bigint := extract(epoch from clock_timestamp()) * 1000000;
begin
    -- 48 bits of milliseconds, the version, and 12 bits of the millisecond's fraction are the first
    -- 18 characters, which have two dashes. The rest, with the variant, is a random UUID's.
    return overlay(
        gen_random_uuid()::text placing lpad(to_hex(micros / 1000 << 16 | 28672 | micros % 1000 * 4096 / 1000), 16, '0') from 1 for 18)::uuid;
end
$$;

-- Returns the smallest version-7 id of an instant: the bounds of partitions by range of id.
create function uuid_v7_floor(at timestamptz) returns uuid language sql immutable parallel safe as $$
    select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
$$;

-- Makes the monthly partitions of a table from this month on, as far ahead as asked. Ids of other
-- times go to the default partition.
--
-- A row in the default partition of a month without one came when the partitions were not made in
-- time, or from a machine with a clock that is months ahead. That month's partition cannot be made
-- any more; the other months' can. `muster doctor` tells.
create function ensure_partitions(parent text, months_ahead int) returns void language plpgsql as $$
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
        -- Postgres does not pass triggers of statements on to partitions. A new partition gets its
        -- parent's guards against TRUNCATE here.
        for guard in
            select t.tgname, t.tgfoid::regproc as does from pg_trigger t
            where t.tgrelid = parent::regclass and not t.tgisinternal and (t.tgtype & 34) = 34
        loop
            execute format(
                'create trigger %I before truncate on %I for each statement execute function %s()', guard.tgname, name, guard.does);
        end loop;
        -- Rows are written through the table, by the rights that roles have on it.
        for guard in
            select distinct a.grantee::regrole::text as role from pg_class c cross join lateral aclexplode(c.relacl) a
            where c.oid = to_regclass(name) and a.grantee not in (0, c.relowner)
        loop
            execute format('revoke insert, update, delete on %I from %s', name, guard.role);
        end loop;
    end loop;
end
$$;

-- Guards an append-only table. TRUNCATE passes by the triggers of rows and needs a trigger of its
-- own.
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name;
end
$$;

-- Guards a table of rows that change and are never deleted.
create function refuse_delete() returns trigger language plpgsql as $$
begin
    raise exception 'rows of % are not deleted', tg_table_name;
end
$$;
