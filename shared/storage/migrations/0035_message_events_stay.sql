-- The history of messages cannot be emptied either: TRUNCATE passes by the triggers of rows. Triggers of statements are not passed on to
-- partitions, so each has its own; those to come get it when they are made.
create trigger message_event_is_kept before truncate on message_event for each statement execute function refuse_change();
do $$
declare
    partition regclass;
begin
    for partition in select inhrelid::regclass from pg_inherits where inhparent = 'message_event'::regclass loop
        execute format(
            'create trigger message_event_is_kept before truncate on %s for each statement execute function refuse_change()', partition);
    end loop;
end
$$;

create or replace function ensure_partitions(parent text, months_ahead int) returns void language plpgsql as $$
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
            if parent = 'message_event' then
                execute format(
                    'create trigger message_event_is_kept before truncate on %I for each statement execute function refuse_change()',
                    name);
            end if;
        end if;
    end loop;
end
$$;
