-- Imports in parts, which many workers read and apply at once.

-- What the file is, once somebody has looked.
alter table import
    drop column bytes_read,
    add column compression text,
    add column encoding text,
    add column delimiter text,
    -- What a reader of any part has to know of the header.
    add column header jsonb,
    -- Where the object store has the file as plain UTF-8 text; null when that is the file itself.
    add column text_key text,
    add column sha256 bytea,
    -- Into how many shards, by a hash of the phone, its rows are sorted.
    add column shards int,
    add column parts_left int,
    add column shards_left int,
    -- Places in the group that are kept for this import's new members (rule A2), and the last line whose row may have one.
    add column places_left bigint,
    add column last_admitted_line bigint,
    -- When somebody began to look at it.
    add column started_at timestamptz,
    -- Somebody asked for it to be undone; then, when that was done, and what became of its contacts.
    add column undo_requested boolean not null default false,
    add column undone_at timestamptz,
    add column undone jsonb;

-- The rows of a file's text from one byte to another, cut between records.
create table import_part (
    import_id uuid not null references import,
    number int not null,
    first_byte bigint not null,
    bytes bigint not null,
    first_line bigint not null,
    -- Null until it has been read.
    rows_read bigint,
    rejected bigint,
    merged bigint,
    -- Where, in the part's object, the rows of each shard begin, and where the last one ends.
    shard_starts bigint[],
    -- The attempt that read it: each writes an object of its own.
    read_epoch bigint,
    -- Tags that its rows name.
    tags text[],
    primary key (import_id, number)
);

-- What became of the rows of a shard. A row stands here when it is applied.
create table import_shard (
    import_id uuid not null references import,
    number int not null,
    created bigint not null,
    updated bigint not null,
    unchanged bigint not null,
    merged bigint not null,
    rejected bigint not null,
    primary key (import_id, number)
);

-- Per agent: the last line whose row may be assigned to them (rule A2).
create table import_agent (
    import_id uuid not null references import,
    email text not null,
    -- Null when nobody of the organization has the address.
    member_id uuid references member,
    last_admitted_line bigint,
    primary key (import_id, email)
);

-- What an import changed of contacts that were there before it, so that it can be told and undone. Those that it created name it
-- themselves, and so do memberships and tags.
create table import_change (
    import_id uuid not null references import,
    -- No reference: whoever deletes a contact would look through all of this table.
    contact_id uuid not null,
    -- The columns as they were.
    before jsonb not null,
    -- The contact's updated_at since: whoever has edited it later is not undone.
    changed_at timestamptz not null,
    primary key (import_id, contact_id)
);

-- Rule C14: columns that are no custom field yet are not imported.
alter table organization add column lock_custom_fields boolean not null default false;

-- How files name an agent.
alter table member add column email text check (email = lower(email));
create unique index member_email on member (account_id, email);

alter table membership add column import_id uuid;
alter table contact_tag add column import_id uuid;

-- The shape of the temporary table in which an import's rows stand while they are applied. It is always empty itself.
drop table import_row;
create table import_row (
    line bigint not null,
    e164 text not null,
    -- The contact's id if it is new, until somebody is found who is there.
    contact_id uuid not null,
    first_name text not null,
    last_name text not null,
    email text,
    postal_code text,
    notes text,
    external_id text,
    agent text,
    fields jsonb not null,
    tags text[] not null,
    phone_hash bytea,
    created boolean not null default true,
    changed boolean not null default false,
    joined boolean not null default false
);

-- The same for phones alone, where a limit makes their order count.
create table import_phone (
    line bigint not null,
    e164 text not null,
    agent text
);

-- Organizations, groups and tags are never deleted (rule A4), and who writes these tables has just read them. Checking each row would cost more than
-- all else of an import, and would lock the same few rows from all workers at once.
alter table contact drop constraint contact_organization_id_fkey;
alter table membership drop constraint membership_group_id_fkey;
alter table contact_tag drop constraint contact_tag_tag_id_fkey;
