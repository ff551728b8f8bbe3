-- Time-ordered ids made by set-based statements, and partitions of the tables that grow with time.

-- A UUID version 7: 48 bits of milliseconds, the version, 12 bits of the millisecond's fraction, so that ids follow the order in which
-- a statement makes them, then random bits. The variant comes with the random UUID's own.
create function uuid_v7() returns uuid language sql volatile parallel safe as $$
    select (
        lpad(to_hex(micros / 1000), 12, '0') || '7' || lpad(to_hex(micros % 1000 * 4096 / 1000), 3, '0') || substr(hex, 17, 16)
    )::uuid
    from (
        select (extract(epoch from clock_timestamp()) * 1000000)::bigint as micros, replace(gen_random_uuid()::text, '-', '') as hex
        offset 0
    ) parts
$$;

-- The smallest version-7 id of an instant: the bounds of partitions by range of id.
create function uuid_v7_floor(at timestamptz) returns uuid language sql immutable parallel safe as $$
    select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
$$;

-- Makes the monthly partitions of a table from this month on, as far ahead as asked. Ids of other times go to the default partition.
create function ensure_partitions(parent text, months_ahead int) returns void language plpgsql as $$
declare
    first date := date_trunc('month', now() at time zone 'UTC')::date;
    month date;
    name text;
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
        end if;
    end loop;
end
$$;
