-- Imports: sources, files, their parts and shards, rejects, and the record for an undo
-- (rules C3 to C17). Many workers read and apply the parts of a file at once.

-- Files that come again and again: the place to fetch them from, and the validators of the last
-- one.
create table import_source (
    id uuid primary key,
    organization_id uuid not null references organization,
    group_id uuid not null references contact_group,
    name text not null,
    -- `https://…`, `store:PATH` for a file in the organization's incoming folder of the object
    -- store, or null for uploads alone.
    url text,
    mapping jsonb not null default '{}',
    tags text[] not null default '{}',
    consent_text text,
    created_by uuid not null references member,
    created_at timestamptz not null default now(),
    -- The file that was fetched last: only one that has changed is imported.
    etag text,
    last_modified text,
    sha256 bytea,
    checked_at timestamptz,
    -- Why the last fetch failed; null when it did not.
    failure text,
    -- References `import`, below.
    last_import_id uuid,
    unique (organization_id, name)
);

create table import (
    id uuid primary key,
    organization_id uuid not null references organization,
    -- Null for a dry run of a file for which a group would have to be made (rule C12).
    group_id uuid references contact_group,
    source_id uuid references import_source on delete set null,
    created_by uuid not null references member,
    file_name text not null,
    object_key text not null,
    size_bytes bigint not null,
    mapping jsonb not null default '{}',
    tags text[] not null default '{}',
    -- Tags of the file and its rows that are locked, and so were not given.
    locked_tags text[] not null default '{}',
    dry_run boolean not null default false,
    consent_text text,
    state text not null default 'waiting' check (state in ('waiting', 'running', 'succeeded', 'failed', 'cancelled')),
    cancel_requested boolean not null default false,
    failure text,
    -- The file's format, once it has been looked at.
    compression text
        check (compression in ('gzip', 'zstd', 'zip')),
    encoding text
        check (encoding in ('UTF-8', 'UTF-16LE', 'UTF-16BE', 'windows-1252')),
    delimiter text,
    -- The facts of the header that a reader of any part needs.
    header jsonb,
    -- Where the object store has the file as plain UTF-8 text; null when that is the file itself.
    text_key text,
    sha256 bytea,
    -- About how many rows the file has: by its lines when it was uploaded, by its records since it
    -- was cut. Null where it is not known yet.
    rows_expected bigint,
    -- Bytes of the file that were looked at to cut it; null before the first look.
    bytes_cut bigint,
    -- Into how many shards, by a hash of the phone, its rows are sorted.
    shards int,
    parts_left int,
    shards_left int,
    -- Places in the group that are kept for this import's new members (rule A2), and the last line
    -- with one.
    places_left bigint,
    last_admitted_line bigint,
    -- Counters.
    rows_read bigint not null default 0,
    created bigint not null default 0,
    updated bigint not null default 0,
    unchanged bigint not null default 0,
    merged bigint not null default 0,
    rejected bigint not null default 0,
    -- Rejects are bounded in number and bytes, and leave after a time; all are counted by reason.
    -- These count the rejects that reading has kept, and about how many bytes they take. Rejects of
    -- applying stand with the shards.
    rejects_kept bigint not null default 0,
    rejects_kept_bytes bigint not null default 0,
    -- The instant at which kept rejects were forgotten, because they were kept long enough.
    rejects_forgotten_at timestamptz,
    -- When its file and the record for its undo were removed (rule R7).
    file_forgotten_at timestamptz,
    created_at timestamptz not null default now(),
    -- The first look at the file.
    started_at timestamptz,
    finished_at timestamptz,
    -- An undo: asked for, done, and its report.
    undo_requested boolean not null default false,
    undone_at timestamptz,
    undone jsonb,
    constraint import_has_a_group check (group_id is not null or dry_run),
    -- Every row ends in exactly one counter (rule C7).
    constraint import_counts_every_row
        check (rows_read = created + updated + unchanged + merged + rejected or state in ('waiting', 'running'))
);
create index import_organization on import (organization_id, id);
create index import_of_source on import (source_id) where source_id is not null;
-- Imports with rejects that are still to be forgotten.
create index import_rejects on import (finished_at) where rejects_forgotten_at is null;

alter table import_source add foreign key (last_import_id) references import;

-- The rows of a file's text from one byte to another, cut between records.
create table import_part (
    import_id uuid not null references import,
    number int not null,
    first_byte bigint not null,
    bytes bigint not null,
    first_line bigint not null,
    -- Null until the part has been read.
    rows_read bigint,
    rejected bigint,
    merged bigint,
    -- All its rejects by reason; null until it has been read.
    reject_reasons jsonb,
    -- Rows that were read with a doubt (rule C4), those rows by reason, and the lines of the first.
    warnings bigint not null default 0,
    warning_reasons jsonb,
    warning_lines bigint[] not null default '{}',
    -- Where, in the part's object, the rows of each shard begin, and where the last one ends.
    shard_starts bigint[],
    -- The epoch of the job that read it: each attempt writes an object of its own.
    read_epoch bigint,
    -- Tags that its rows name, until the import is admitted.
    tags text[],
    primary key (import_id, number)
);

-- The counters of a shard's rows. A row stands here when the shard is applied.
create table import_shard (
    import_id uuid not null references import,
    number int not null,
    created bigint not null,
    updated bigint not null,
    unchanged bigint not null,
    merged bigint not null,
    rejected bigint not null,
    reject_reasons jsonb not null,
    rejects_kept bigint not null default 0,
    -- People with an opt-out stated in the file (rule C17).
    opted_out bigint not null default 0,
    primary key (import_id, number)
);

create table import_reject (
    import_id uuid not null references import,
    line bigint not null,
    reason text not null
        check (reason in (
            'quote_malformed', 'quote_unclosed', 'record_too_long', 'too_many_columns', 'encoding',
            'cell_too_long', 'tag_too_long', 'agent_too_long', 'phone_missing', 'phone_damaged',
            'phone_extension', 'phone_several', 'phone_invalid', 'group_full', 'agent_unknown',
            'agent_full', 'redacted')),
    column_name text,
    raw text not null,
    primary key (import_id, line)
);

-- Per agent: the last line with a row that may be assigned to them (rule A2).
create table import_agent (
    import_id uuid not null references import,
    email text not null,
    -- Null when no member of the organization has the address.
    member_id uuid references member,
    last_admitted_line bigint,
    primary key (import_id, email)
);

-- Changes that an import made to contacts that were there before it, told by its report and taken
-- back by its undo. Contacts, memberships and tags that it created name the import themselves.
create table import_change (
    import_id uuid not null references import,
    -- No reference: the delete of a contact would look through all of this table.
    contact_id uuid not null,
    -- The columns as they were, and as the import left them.
    before jsonb not null,
    after jsonb not null,
    -- The contact's updated_at since: a contact that was edited later is not undone.
    changed_at timestamptz not null,
    -- The import's group's knowledge of the contact before and since; null where it knew all, or
    -- did not have the contact before.
    known_before jsonb,
    known_after jsonb,
    primary key (import_id, contact_id)
);

-- Changes of a person, for a redaction.
create index import_change_contact on import_change (contact_id);

-- Agents that an import took or gave, of contacts that were in its group before it, told by its
-- report and taken back by its undo. Contacts that joined by it leave the group with it.
create table import_assignment (
    import_id uuid not null references import,
    -- No references: the delete of a contact would look through all of this table, and agents are
    -- never deleted.
    contact_id uuid not null,
    -- Null: they had none.
    before_agent_id uuid,
    after_agent_id uuid not null,
    primary key (import_id, contact_id)
);

create index import_assignment_contact on import_assignment (contact_id);

-- The shape of the temporary table in which an import's rows stand while they are applied. It is
-- always empty itself.
create table import_row (
    line bigint not null,
    e164 text not null,
    -- A new contact's id, until the contact is found to be there.
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
    -- Rows are looked for under the keys of before as well (rule R4); null when there are none.
    phone_hashes_previous bytea[],
    opt_out boolean not null default false,
    created boolean not null default true,
    changed boolean not null default false,
    joined boolean not null default false,
    -- The group's knowledge of the contact before and since, and does the row add to it?
    known jsonb,
    knows jsonb,
    news boolean not null default false
);

-- The same for phones alone, where a limit makes their order count.
create table import_phone (
    line bigint not null,
    e164 text not null,
    agent text
);

-- Returns the reason of an opt-out that a file states: the import (rules C13 and C17).
create function opt_out_reason_of_import(import_id uuid) returns text language sql immutable parallel safe as $$
    select 'stated in the file of import ' || import_id
$$;

insert into schedule (name, cron, zone, kind, payload, jitter_seconds) values
    ('import-rejects', '35 4 * * *', 'UTC', 'upkeep', '{"task": "import-rejects"}', 600);
