-- Where files come from again and again: what is known of a file that comes again, and where it can be fetched.

create table import_source (
    id uuid primary key,
    organization_id uuid not null references organization,
    group_id uuid not null references contact_group,
    name text not null,
    -- `https://…`, `store:PATH` for a file in the organization's incoming folder of the object store, or null for uploads alone.
    url text,
    mapping jsonb not null default '{}',
    tags text[] not null default '{}',
    consent_text text,
    created_by uuid not null references member,
    created_at timestamptz not null default now(),
    -- What was seen when it was fetched last: only a file that has changed is imported.
    etag text,
    last_modified text,
    sha256 bytea,
    checked_at timestamptz,
    -- Why the last fetch failed; null when it did not.
    failure text,
    last_import_id uuid references import,
    unique (organization_id, name)
);

alter table import add column source_id uuid references import_source on delete set null;
create index import_of_source on import (source_id) where source_id is not null;
