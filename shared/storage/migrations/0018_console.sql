-- The console beside a million contacts, and the history of waiting work for its pictures.

-- A tag's contacts in the order of lists, so that a page of them reads no more than a page.
create index contact_tag_contacts on contact_tag (tag_id, contact_id);
drop index contact_tag_tag;

-- How work has drained in the last day: a row for each minute in which a scheduler took figures.
-- Rows of a day ago leave with the next one. Numbers of jobs by kind, without anything of tenants.
create table figure_minute (
    at timestamptz primary key,
    -- Jobs that were due at the minute's first look.
    due jsonb not null check (jsonb_typeof(due) = 'object'),
    -- Jobs that succeeded in the minute before that look.
    done jsonb not null check (jsonb_typeof(done) = 'object')
);
