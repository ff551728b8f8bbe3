-- Contacts, memberships, tags, imports (rules C1 to C15) and what remains of redacted people (rule R4).

create table contact (
    id uuid primary key,
    organization_id uuid not null references organization,
    -- Null once redacted.
    e164 text check (e164 ~ '^\+1[2-9][0-9]{2}[2-9][0-9]{6}$'),
    first_name text not null default '',
    last_name text not null default '',
    email text,
    postal_code text,
    notes text,
    external_id text,
    fields jsonb not null default '{}',
    -- unknown until a lookup says otherwise (rule C5); landline takes no texts.
    line_type text not null default 'unknown' check (line_type in ('unknown', 'mobile', 'voip', 'landline')),
    -- The carrier that serves the number, null when nobody has looked (rule S10).
    carrier text,
    opted_out_at timestamptz,
    opt_out_reason text,
    redacted_at timestamptz,
    -- Provenance (rule C13).
    source text not null check (source in ('file', 'api', 'form', 'inbound')),
    source_import_id uuid,
    consent_text text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (organization_id, e164),
    check ((redacted_at is null) = (e164 is not null))
);

create table membership (
    group_id uuid not null references contact_group,
    contact_id uuid not null references contact,
    assigned_agent_id uuid references member,
    deactivated_at timestamptz,
    added_at timestamptz not null default now(),
    primary key (group_id, contact_id)
);
create index membership_contact on membership (contact_id);

create table custom_field (
    organization_id uuid not null references organization,
    name text not null,
    created_at timestamptz not null default now(),
    primary key (organization_id, name)
);

create table tag (
    id uuid primary key default uuid_v7(),
    organization_id uuid not null references organization,
    name text not null,
    unique (organization_id, name)
);

create table contact_tag (
    contact_id uuid not null references contact,
    tag_id uuid not null references tag,
    primary key (contact_id, tag_id)
);
create index contact_tag_tag on contact_tag (tag_id);

create table import (
    id uuid primary key,
    organization_id uuid not null references organization,
    group_id uuid not null references contact_group,
    created_by uuid not null references member,
    file_name text not null,
    object_key text not null,
    size_bytes bigint not null,
    mapping jsonb not null default '{}',
    tags text[] not null default '{}',
    dry_run boolean not null default false,
    consent_text text,
    state text not null default 'waiting' check (state in ('waiting', 'running', 'succeeded', 'failed', 'cancelled')),
    cancel_requested boolean not null default false,
    failure text,
    bytes_read bigint not null default 0,
    rows_read bigint not null default 0,
    created bigint not null default 0,
    updated bigint not null default 0,
    unchanged bigint not null default 0,
    merged bigint not null default 0,
    rejected bigint not null default 0,
    created_at timestamptz not null default now(),
    finished_at timestamptz,
    -- Rule C7: every row ends in exactly one counter.
    check (rows_read = created + updated + unchanged + merged + rejected or state in ('waiting', 'running'))
);
create index import_organization on import (organization_id, id);

-- A file's readable rows on their way into contacts; filled and emptied in the transaction that applies them.
create unlogged table import_row (
    import_id uuid not null,
    line bigint not null,
    e164 text not null,
    first_name text not null,
    last_name text not null,
    email text,
    postal_code text,
    notes text,
    external_id text,
    fields jsonb not null,
    tags text[] not null,
    phone_hash bytea,
    contact_id uuid,
    outcome text not null default 'unchanged'
) with (autovacuum_analyze_threshold = 1000000000);
create index import_row_key on import_row (import_id, e164, line desc);

create table import_reject (
    import_id uuid not null references import,
    line bigint not null,
    reason text not null,
    column_name text,
    raw text not null,
    primary key (import_id, line)
);

-- What is left of a redacted person: HMAC of the number (key outside the database) and whether they had opted out.
create table suppression (
    account_id uuid not null references account,
    phone_hash bytea not null,
    organization_id uuid not null references organization,
    opted_out boolean not null,
    primary key (account_id, phone_hash, organization_id)
);

-- The ledger of erasures (rule R6): enough to replay them, nothing that identifies.
create table redaction (
    id uuid primary key,
    account_id uuid not null references account,
    requested_by uuid not null references member,
    phone_hash bytea not null,
    -- Needed until the job has run, then null.
    e164 text,
    contacts int,
    messages bigint,
    created_at timestamptz not null default now(),
    finished_at timestamptz,
    check ((finished_at is null) = (e164 is not null))
);
