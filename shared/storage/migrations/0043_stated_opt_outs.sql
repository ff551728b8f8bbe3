-- Rule C17: an opt-out that a file's columns state is kept as one.
alter table import_row add column opt_out boolean not null default false;
-- People of the file of whom it states that.
alter table import_shard add column opted_out bigint not null default 0;
-- Rows that were read with a doubt, by its reason; null before doubts had more than one.
alter table import_part add column warning_reasons jsonb;

-- The reason of such an opt-out: which file states it (rule C13).
create function opt_out_reason_of_import(import_id uuid) returns text language sql immutable parallel safe as $$
    select 'stated in the file of import ' || import_id
$$;
