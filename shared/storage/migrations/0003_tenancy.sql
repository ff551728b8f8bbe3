-- Accounts, organizations, groups, people and their numbers (rules A1 to A5).

create table account (
    id uuid primary key,
    name text not null,
    created_at timestamptz not null default now()
);

-- A sender's registration; carriers cap by brand (rule S3).
create table brand (
    id uuid primary key,
    account_id uuid not null references account,
    name text not null
);

-- Segments a day for each carrier that caps a brand; a carrier without a row does not cap it.
create table brand_cap (
    brand_id uuid not null references brand,
    carrier text not null,
    daily_segments bigint not null check (daily_segments >= 0),
    primary key (brand_id, carrier)
);

-- What has gone out, and is on its way out, under a cap (rule S3). The limit is copied here by each reservation, and never below
-- what is used already, so that lowering a cap while texts are on their way stops new ones without breaking the ledger.
create table cap_ledger (
    brand_id uuid not null references brand,
    carrier text not null,
    day date not null,
    daily_limit bigint not null,
    reserved bigint not null default 0 check (reserved >= 0),
    settled bigint not null default 0 check (settled >= 0),
    primary key (brand_id, carrier, day),
    constraint cap_is_never_exceeded check (reserved + settled <= daily_limit)
);

create table organization (
    id uuid primary key,
    account_id uuid not null references account,
    brand_id uuid not null references brand,
    name text not null,
    batch_size int not null default 100 check (batch_size between 1 and 1000),
    lease_minutes int not null default 60 check (lease_minutes between 1 and 1440),
    response_window_minutes int not null default 60 check (response_window_minutes between 1 and 1440),
    group_contact_limit int not null default 10000 check (group_contact_limit > 0),
    agent_contact_limit int not null default 1000 check (agent_contact_limit > 0),
    require_opt_out_language boolean not null default true,
    recipient_safe boolean not null default true,
    sending_opens_minute smallint not null default 480,
    sending_closes_minute smallint not null default 1200,
    max_segments int not null default 57 check (max_segments between 1 and 57),
    opt_out_keywords text[] not null default '{}',
    opt_out_text text not null default 'You are unsubscribed and will get no more texts from us.',
    help_text text not null default 'Reply STOP to get no more texts from us.',
    created_at timestamptz not null default now(),
    check (sending_opens_minute >= 0 and sending_opens_minute < sending_closes_minute and sending_closes_minute <= 1440)
);
create index organization_account on organization (account_id);

-- "group" is a reserved word of SQL.
create table contact_group (
    id uuid primary key,
    organization_id uuid not null references organization,
    name text not null,
    location text not null default '',
    zone text not null,
    area_code text not null check (area_code ~ '^[2-9][0-9]{2}$'),
    archived_at timestamptz,
    created_at timestamptz not null default now()
);
create index contact_group_organization on contact_group (organization_id, name);

create table member (
    id uuid primary key,
    account_id uuid not null references account,
    organization_id uuid references organization,
    role text not null check (role in ('agent', 'group_admin', 'organization_admin', 'account_admin')),
    first_name text not null,
    last_name text not null,
    created_at timestamptz not null default now(),
    check ((role = 'account_admin') = (organization_id is null))
);
create index member_organization on member (organization_id);

-- The groups that a group admin administers and that an agent texts in.
create table group_member (
    group_id uuid not null references contact_group,
    member_id uuid not null references member,
    added_at timestamptz not null default now(),
    primary key (group_id, member_id)
);
create index group_member_member on group_member (member_id);

create table token (
    id uuid primary key,
    member_id uuid not null references member,
    -- SHA-256 of the secret, which has 244 random bits; the secret itself is shown once and not kept.
    secret_hash bytea not null unique,
    created_at timestamptz not null default now(),
    revoked_at timestamptz
);

-- Numbers that the organization can text from. One belongs to (group, agent) and stays theirs (rule A3).
create table sender_number (
    e164 text primary key check (e164 ~ '^\+1[2-9][0-9]{2}[2-9][0-9]{6}$'),
    organization_id uuid not null references organization,
    area_code text generated always as (substr(e164, 3, 3)) stored,
    group_id uuid references contact_group,
    agent_id uuid references member,
    unique (group_id, agent_id),
    check ((group_id is null) = (agent_id is null))
);
create index sender_number_free on sender_number (organization_id, area_code) where group_id is null;

-- Answers to POSTs that carried an Idempotency-Key.
create table idempotency (
    member_id uuid not null references member,
    key text not null,
    request_hash bytea not null,
    status smallint not null,
    body jsonb not null,
    created_at timestamptz not null default now(),
    primary key (member_id, key)
);
create index idempotency_created on idempotency (created_at);
