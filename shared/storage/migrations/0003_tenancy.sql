-- Tenancy: accounts, organizations, groups, members, and the numbers they text from (rules A1 to
-- A5).

create table account (
    id uuid primary key,
    name text not null,
    version int not null default 1,
    created_at timestamptz not null default now(),
    -- `domain::tenancy::settings` declares them, as it does an organization's.
    settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
    -- Since when the account's organizations hear each other's opt-outs (rule I3); null: they do
    -- not.
    opt_outs_shared_since timestamptz,
    -- Opt-outs from before are still being written to sister organizations. As long as they are,
    -- each hand-over looks for them itself.
    opt_outs_catching_up boolean not null default false,
    constraint account_catches_up_while_it_shares check (not opt_outs_catching_up or opt_outs_shared_since is not null)
);

-- The usual daily caps of carriers by a brand's registration, in segments (rule S3). They are data:
-- others write the limits of trust scores as 75, 50 and 25, and carriers change them.
create table cap_tier (
    tier text primary key check (tier ~ '^[a-z0-9_]{1,40}$'),
    position smallint not null unique,
    description text not null,
    carrier text not null,
    -- Null: no cap.
    daily_segments bigint check (daily_segments >= 0),
    source text not null
);
insert into cap_tier (tier, position, description, carrier, daily_segments, source) values
    ('trust_76', 1, 'Trust score 76 to 100', 't-mobile', 200000, 'Hustle 4407606633367; Aloware 6958138'),
    ('trust_51', 2, 'Trust score 51 to 75', 't-mobile', 40000, 'Hustle 4407606633367; Aloware 6958138'),
    ('trust_26', 3, 'Trust score 26 to 50', 't-mobile', 10000, 'Hustle 4407606633367; Aloware 6958138'),
    ('trust_1', 4, 'Trust score 1 to 25', 't-mobile', 2000, 'Hustle 4407606633367; Aloware 6958138'),
    ('low_volume', 5, 'Low volume', 't-mobile', 2000, 'Twilio support 1260804800549'),
    ('sole_proprietor', 6, 'Sole proprietor', 't-mobile', 1000, 'Twilio support 1260804800549; Sinch 7037'),
    ('russell_3000', 7, 'Russell 3000', 't-mobile', 200000, 'Sinch 7037'),
    ('campaign_verify', 8, 'Campaign Verify', 't-mobile', null, 'Twilio support 1260804800549; Hustle 4407606633367'),
    ('government', 9, 'Verified government', 't-mobile', null, 'Twilio support 1260804800549');

-- A sender's registration; carriers cap by brand (rule S3). The organizations of an account under
-- one tax number are one brand, and share its ledger.
create table brand (
    id uuid primary key,
    account_id uuid not null references account,
    name text not null,
    -- An Employer Identification Number, as `12-3456789`.
    tax_number text check (tax_number ~ '^[0-9]{2}-[0-9]{7}$'),
    -- The tier that its cap is by; null: an admin has set a cap of its own.
    tier text references cap_tier
);
create unique index brand_tax_number on brand (account_id, tax_number);

create table organization (
    id uuid primary key,
    account_id uuid not null references account,
    brand_id uuid not null references brand,
    name text not null,
    created_at timestamptz not null default now(),
    -- `domain::tenancy::settings` declares, bounds and documents the members. A member that is not
    -- there has its default, so that a new setting needs no migration. Statements get settings as
    -- arguments and never read them here.
    settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object')
);
create index organization_account on organization (account_id);
create index organization_brand on organization (brand_id);

-- Returns the account of an organization where its organizations hear each other's opt-outs
-- (rule I3), and keeps it from changing that until the transaction ends. Each statement has a
-- snapshot of its own: the setting is read after the lock.
create function sharing_account(of_organization uuid) returns uuid language plpgsql as $$
declare
    of_account uuid;
    shared boolean;
begin
    select account_id into of_account from organization where id = of_organization;
    perform pg_advisory_xact_lock_shared(hashtextextended('opt-outs:' || of_account::text, 0));
    select opt_outs_shared_since is not null into shared from account where id = of_account;
    return case when shared then of_account end;
end
$$;

-- "group" is a reserved word of SQL.
create table contact_group (
    id uuid primary key,
    organization_id uuid not null references organization,
    name text not null,
    location text not null default '',
    zone text not null,
    area_code text not null check (area_code ~ '^[2-9][0-9]{2}$'),
    archived_at timestamptz,
    version int not null default 1,
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
    -- Files name an agent by it.
    email text check (email = lower(email)),
    version int not null default 1,
    -- Until an admin restores the member, their tokens are refused (rule A6).
    suspended_at timestamptz,
    -- For good. The row stays, because history names it.
    removed_at timestamptz,
    created_at timestamptz not null default now(),
    constraint member_of_account_or_organization check ((role = 'account_admin') = (organization_id is null))
);
-- A person with work in several organizations is a member of each (rule A6).
create unique index member_email on member
    (account_id, coalesce(organization_id, '00000000-0000-0000-0000-000000000000'::uuid), email) where removed_at is null;
create index member_organization on member (organization_id);

-- The groups that a group admin administers and that an agent texts in.
create table group_member (
    group_id uuid not null references contact_group,
    member_id uuid not null references member,
    added_at timestamptz not null default now(),
    primary key (group_id, member_id)
);
create index group_member_member on group_member (member_id);

-- Does this member text in the group (rule A6)? Neither when suspended nor when taken out of it.
create function texts_in(in_group uuid, agent uuid) returns boolean language sql stable as $$
    select exists (
        select from group_member g join member m on m.id = g.member_id
        where g.group_id = in_group and g.member_id = agent and m.suspended_at is null)
$$;

create table token (
    id uuid primary key,
    member_id uuid not null references member,
    -- A name by which the member tells their tokens apart.
    name text not null default '',
    -- SHA-256 of the secret, which has 244 random bits; the secret itself is shown once and not
    -- kept.
    secret_hash bytea not null unique,
    created_at timestamptz not null default now(),
    -- From then on it is refused; null: never.
    expires_at timestamptz,
    revoked_at timestamptz
);
create index token_member on token (member_id, id);

-- The last use of each token, to the minute. A table of its own: most requests read the token's row
-- and few write here.
create table token_use (
    token_id uuid primary key references token,
    used_at timestamptz not null
);

-- The account that owns a number (rules A3 and A5): one of the installation. The operator arranges
-- it; as long as they have arranged none, an account has the numbers that it was first to name. A
-- number of nobody, or of another account, cannot be added, and a text to it lands with nobody
-- else.
create table number_owner (
    e164 text primary key check (e164 ~ '^\+1[2-9][0-9]{2}[2-9][0-9]{6}$'),
    account_id uuid not null references account,
    arranged_by_operator boolean not null,
    since timestamptz not null default clock_timestamp()
);
create index number_owner_account on number_owner (account_id);
create index number_owner_arranged on number_owner (e164) where arranged_by_operator;

-- A brand's campaigns as they are registered, beside the one that it begins with (rule S4). Each
-- has its own pace at each carrier, for the texts from its numbers.
create table registered_campaign (
    id uuid primary key,
    brand_id uuid not null references brand,
    name text not null,
    -- The class that a carrier gave it, such as A to F, K or P.
    class text check (class ~ '^[A-Z]{1,2}$'),
    -- Segments a minute by carrier; a carrier that is not there does not limit it.
    segments_per_minute jsonb not null default '{}' check (jsonb_typeof(segments_per_minute) = 'object'),
    created_at timestamptz not null default now()
);
create index registered_campaign_brand on registered_campaign (brand_id);

-- Numbers that the organization can text from. One belongs to (group, agent) and stays theirs
-- (rule A3). Without its agent (rule A6) it stays the group's as long as conversations were held
-- from it, and is free for the group's next agent.
create table sender_number (
    e164 text primary key check (e164 ~ '^\+1[2-9][0-9]{2}[2-9][0-9]{6}$'),
    organization_id uuid not null references organization,
    area_code text generated always as (substr(e164, 3, 3)) stored,
    group_id uuid references contact_group,
    agent_id uuid references member,
    -- Its registered campaign; null: the one that the brand begins with.
    registered_campaign_id uuid references registered_campaign,
    -- The agent that had it last. Back in the group, they have it again if it is free.
    former_agent_id uuid references member,
    unique (group_id, agent_id),
    constraint sender_number_of_agent_has_group check (agent_id is null or group_id is not null)
);
create index sender_number_campaign on sender_number (registered_campaign_id) where registered_campaign_id is not null;
create index sender_number_free on sender_number (organization_id, area_code) where agent_id is null;

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

insert into schedule (name, cron, zone, kind, payload, jitter_seconds) values
    ('idempotency-keys', '40 * * * *', 'UTC', 'upkeep', '{"task": "idempotency-keys"}', 300);
