-- Restores (rule R6): the ledger of redactions and opt-outs is kept in the object store, apart from
-- the database. A database that is older than the ledger has come back from a backup: nothing is
-- sent from it before the ledger was replayed.

-- Where the ledger stands, as this database knows it. One row.
create table ledger (
    one boolean primary key default true check (one),
    -- The server and the database that this is; null before the first process has started. In a
    -- copy it is another's.
    place text,
    -- The number of the last beat. Each is committed here before it is written to the object store,
    -- so that a later one there tells that this database has gone back in time.
    beat bigint not null default 0,
    beat_at timestamptz,
    -- The last segment that was written, and its SHA-256.
    segment bigint not null default 0,
    sha256 bytea,
    -- Since when nothing is sent, because the database came back from a backup, and the sign of it.
    restored_at timestamptz,
    restored_by text check (restored_by in ('command', 'place', 'beat')),
    constraint ledger_restored_has_cause check ((restored_at is null) = (restored_by is null)),
    constraint ledger_segment_has_hash check ((segment = 0) = (sha256 is null))
);
insert into ledger default values;

-- Returns the server's and the database's identity: another one after a restore into a new server
-- or a new database.
create function database_place() returns text language sql stable as $$
    select (select system_identifier from pg_control_system()) || '/' || (select oid from pg_database where datname = current_database())
$$;

-- Did the database come back from a backup that nobody has replayed the ledger into? Asked in the
-- step that hands texts over (rule S9).
create function is_restored() returns boolean language sql stable as $$
    select restored_at is not null or (place is not null and place <> database_place()) from ledger
$$;

-- Opt-outs and opt-ins that are still to be written into the ledger, whichever statement made them.
create table ledger_word (
    id bigint generated always as identity primary key,
    organization_id uuid not null,
    -- No reference: the undo of an import deletes contacts.
    contact_id uuid not null,
    opted_out boolean not null,
    -- The number of the contact's word (rule I3a).
    word bigint not null,
    -- The way by which an opt-out was recorded.
    origin text,
    at timestamptz not null default clock_timestamp(),
    -- The segment that it is being written into.
    segment bigint
);
create index ledger_word_contact on ledger_word (contact_id);

create function record_ledger_word() returns trigger language plpgsql as $$
begin
    insert into ledger_word (organization_id, contact_id, opted_out, word, origin)
    values (new.organization_id, new.id, new.opted_out_at is not null, coalesce(new.last_word, 0), new.opt_out_origin);
    return null;
end
$$;
create trigger contact_word_is_kept after update of opted_out_at on contact for each row
    when ((old.opted_out_at is null) <> (new.opted_out_at is null) and new.redacted_at is null)
    execute function record_ledger_word();
create trigger contact_first_word_is_kept after insert on contact for each row
    when (new.opted_out_at is not null)
    execute function record_ledger_word();

-- Redactions that are still to be written into the ledger.
alter table redaction add column ledger_segment bigint;
create index redaction_not_in_ledger on redaction (id) where ledger_segment is null;
create index redaction_of_segment on redaction (ledger_segment);

-- Replays: the counts of each, and since when the carrier was asked.
create table ledger_replay (
    id uuid primary key default uuid_v7(),
    texts_since timestamptz not null,
    redactions int not null,
    opt_outs int not null,
    opt_ins int not null,
    -- Texts of the carrier's list that the database knew, that it was told now, and that it cannot
    -- tell, which are not sent.
    texts_known int not null,
    texts_found int not null,
    texts_open int not null,
    replayed_at timestamptz not null default clock_timestamp()
);

insert into schedule (name, cron, zone, kind, payload) values
    ('ledger', '* * * * *', 'UTC', 'ledger-publish', '{}');
