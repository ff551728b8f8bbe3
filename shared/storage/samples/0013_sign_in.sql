-- Sample rows of sign-in.

update token set scope = 'read' where id = '0195f000-0000-7000-8000-000000000021';
insert into sign_in_policy (account_id, session_idle_minutes, session_lifetime_hours)
values ('0195f000-0000-7000-8000-000000000001', 60, 24);
insert into session (id, member_id, secret_hash, scope, method, client, address, idle_minutes, lifetime_hours, ended_at) values
    ('0195f000-0000-7000-8000-000000000301', '0195f000-0000-7000-8000-000000000011', sha256('session'), 'full', 'email_code', 'Firefox',
        '198.51.100.7', 720, 720, null),
    (uuid_v7(), '0195f000-0000-7000-8000-000000000012', sha256('another'), 'read', 'invite', '', '', 60, 24, now());
insert into session_use (session_id, used_at) values ('0195f000-0000-7000-8000-000000000301', now());
insert into operator (id, name, rights, secret_hash, expires_at, ended_at) values
    ('0195f000-0000-7000-8000-000000000311', 'Night shift', 'act', sha256('operator'), now() + interval '90 days', null),
    (uuid_v7(), 'Night shift', 'read', sha256('former'), now(), now());
insert into operator_use (operator_id, used_at) values ('0195f000-0000-7000-8000-000000000311', now());
insert into rate_bucket (kind, subject, tokens, at, full_at) values ('form', '\x01', 3.5, now(), now());
insert into sign_in (id, email, language, client_hash, client, address, tries, expires_at, mailed_at, used_at)
values (uuid_v7(), 'ada@example.org', 'es', sha256('client'), 'Firefox', '198.51.100.7', 1, now(), now(), now());
insert into invite (member_id, id, language, created_by, expires_at, mailed_at, accepted_at, revoked_at) values
    ('0195f000-0000-7000-8000-000000000011', uuid_v7(), 'en', '0195f000-0000-7000-8000-000000000011', now(), now(), now(), null),
    ('0195f000-0000-7000-8000-000000000012', uuid_v7(), 'es', null, now(), null, null, now());
insert into identity_provider (account_id, issuer, client_id, sealed_secret, email_domains, required)
values ('0195f000-0000-7000-8000-000000000001', 'https://id.example.org', 'muster', '\x01', '{example.org}', true);
insert into oidc_sign_in (id, account_id, client_hash, expires_at, used_at)
values (uuid_v7(), '0195f000-0000-7000-8000-000000000001', sha256('client'), now(), now());
