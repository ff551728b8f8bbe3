-- Most jobs with an order key have none behind them. Their end wakes no relay: Postgres lets only
-- one transaction that notifies commit at a time, from before its log is flushed until after. And
-- it writes nothing, so that it makes ready for no write to each part of the table.
create or replace function release_next_in_order() returns trigger language plpgsql as $$
declare
    next uuid;
begin
    -- Enqueuing a job with this key decides under the same lock whether it is blocked.
    perform pg_advisory_xact_lock(hashtextextended(new.order_key, 0));
    select id into next from job where order_key = new.order_key and state in ('pending', 'published', 'running')
    order by position limit 1;
    if next is not null then
        update job set blocked = false where id = next and blocked;
        if found then
            perform pg_notify('muster_jobs', '');
        end if;
    end if;
    return null;
end
$$;
