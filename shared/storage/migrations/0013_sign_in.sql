-- Sign-in: scopes of tokens, sessions, and operators (rules A5 and A6).

-- Reading alone, or all rights of the member.
alter table token add column scope text not null default 'full' check (scope in ('read', 'full'));

-- An account's settings of sign-in. An account without a row has the defaults of
-- `domain::tenancy::sign_in`; null is the default too.
create table sign_in_policy (
    account_id uuid primary key references account,
    session_idle_minutes int check (session_idle_minutes between 5 and 43200),
    session_lifetime_hours int check (session_lifetime_hours between 1 and 8760),
    version int not null default 1
);

-- A member's sign-in on one client.
create table session (
    id uuid primary key,
    member_id uuid not null references member,
    -- SHA-256 of the secret, which has 244 random bits.
    secret_hash bytea not null unique,
    scope text not null check (scope in ('read', 'full')),
    method text not null check (method in ('email_code', 'invite', 'oidc')),
    -- The client's own words on itself, and the address that it signed in from.
    client text not null,
    address text not null,
    created_at timestamptz not null default clock_timestamp(),
    -- The account's limits as the session began. Narrower ones of today hold as well.
    idle_minutes int not null,
    lifetime_hours int not null,
    ended_at timestamptz
);
create index session_member on session (member_id, id);
create index session_created on session (created_at);

-- The last use of each session, to the minute. A table of its own: most requests read the session's
-- row and few write here.
create table session_use (
    session_id uuid primary key references session on delete cascade,
    used_at timestamptz not null
);

-- Persons and programs that operate the installation, each with a token of their own.
create table operator (
    id uuid primary key,
    name text not null,
    rights text not null check (rights in ('read', 'act')),
    -- SHA-256 of the token's secret, which has 244 random bits.
    secret_hash bytea not null unique,
    created_at timestamptz not null default clock_timestamp(),
    -- From then on the token is refused.
    expires_at timestamptz not null,
    ended_at timestamptz
);
-- A name is one operator's at a time.
create unique index operator_name on operator (name) where ended_at is null;

-- The last use of each operator's token, to the minute.
create table operator_use (
    operator_id uuid primary key references operator,
    used_at timestamptz not null
);

-- Token buckets of rates: of forms, of sign-ins, and of requests. A subject is an id, or a keyed
-- hash where it is an address.
create table rate_bucket (
    kind text not null
        check (kind in ('form', 'form_client', 'sign_in_address', 'sign_in_email', 'credential', 'account')),
    subject bytea not null,
    -- Tokens at the instant `at`; it fills with time.
    tokens double precision not null,
    at timestamptz not null,
    -- From then on it is full again, and may be forgotten.
    full_at timestamptz not null,
    primary key (kind, subject)
);
create index rate_bucket_full on rate_bucket (full_at);

-- Sign-ins by a code that is sent to an address. The code is derived from the row's id under a key
-- outside the database, and stands nowhere.
create table sign_in (
    id uuid primary key,
    email text not null check (email = lower(email)),
    language text not null check (language in ('en', 'es')),
    -- SHA-256 of the secret of the client that asked: the code is of no use to another.
    client_hash bytea not null,
    client text not null,
    address text not null,
    -- Wrong codes so far.
    tries smallint not null default 0 check (tries between 0 and 5),
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null,
    mailed_at timestamptz,
    used_at timestamptz
);
create index sign_in_created on sign_in (created_at);

-- An invite of a member, one at a time. Its secret is derived from the id and the generation under
-- a key outside the database: a new generation makes the former link useless.
create table invite (
    member_id uuid primary key references member,
    id uuid not null unique,
    generation int not null default 1,
    language text not null check (language in ('en', 'es')),
    created_by uuid references member,
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null,
    mailed_at timestamptz,
    accepted_at timestamptz,
    revoked_at timestamptz,
    constraint invite_has_one_end check (accepted_at is null or revoked_at is null)
);

-- A person is found by their address over all accounts.
create index member_by_email on member (email) where removed_at is null;

insert into schedule (name, cron, zone, kind, payload, jitter_seconds) values
    ('sign-in-history', '20 3 * * *', 'UTC', 'upkeep', '{"task": "sign-in-history"}', 300);

-- The identity provider of an account, by which its admins sign in (OpenID Connect).
create table identity_provider (
    account_id uuid primary key references account,
    issuer text not null,
    client_id text not null,
    -- The client's secret, sealed under a key outside the database (AES-256-GCM), for this account
    -- and issuer alone.
    sealed_secret bytea not null,
    -- Domains of addresses that it may speak for.
    email_domains text[] not null check (cardinality(email_domains) > 0),
    -- Admins sign in by it alone: neither by a code nor by an invite.
    required boolean not null,
    version int not null default 1,
    created_at timestamptz not null default clock_timestamp()
);

-- Sign-ins that are under way at an identity provider. State, nonce and PKCE's verifier are derived
-- from the id under a key outside the database.
create table oidc_sign_in (
    id uuid primary key,
    account_id uuid not null references account,
    -- SHA-256 of the secret of the client that asked.
    client_hash bytea not null,
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null,
    used_at timestamptz
);
create index oidc_sign_in_created on oidc_sign_in (created_at);
