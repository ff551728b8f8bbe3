-- How far long jobs are, in words as well.
alter table job add column progress_note text;

alter table import
    -- About how many rows its file has: by its lines when it was uploaded, by its records since it was cut. Null where nobody can say yet.
    add column rows_expected bigint,
    -- Bytes of the file that were looked at to cut it; null before anybody began.
    add column bytes_cut bigint;

-- Rule C4: rows whose area code is in no number plan that we know, and the lines of the first of them.
alter table import_part
    add column warnings bigint not null default 0,
    add column warning_lines bigint[] not null default '{}';

-- The columns of `before` as the import left them; null for what was changed before this was kept.
alter table import_change add column after jsonb;
