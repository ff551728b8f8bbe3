-- A job's row stays until its month's partition is dropped: what was enqueued is succeeded, parked, cancelled or live, and nothing else
-- (engine promises J1 and J11).
create function refuse_delete() returns trigger language plpgsql as $$
begin
    raise exception 'rows of % are not deleted', tg_table_name;
end
$$;
create trigger job_stays before delete on job for each row execute function refuse_delete();

-- What a schedule was to do when it was changed or ended before anybody had decided about it is skipped, and says so: see
-- storage::engine::schedules.
comment on column tick.why is 'missed, beyond_bound, changed or disabled';
