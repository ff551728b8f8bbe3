-- Sample rows of the tenancy: an account with two organizations, the second with defaults alone.

insert into account (id, name, settings, opt_outs_shared_since, opt_outs_catching_up)
values ('0195f000-0000-7000-8000-000000000001', 'Sample account', '{"opt_outs_account_wide": true}', now(), true);
insert into brand (id, account_id, name, tax_number, tier) values
    ('0195f000-0000-7000-8000-0000000000b1', '0195f000-0000-7000-8000-000000000001', 'Sample brand', '12-3456789', null),
    ('0195f000-0000-7000-8000-0000000000b2', '0195f000-0000-7000-8000-000000000001', 'Second brand', null, 'low_volume');
insert into organization (id, account_id, brand_id, name, settings) values
    ('0195f000-0000-7000-8000-0000000000a1', '0195f000-0000-7000-8000-000000000001', '0195f000-0000-7000-8000-0000000000b1', 'Sample organization',
        '{"opt_out_keywords": ["ENOUGH"], "initials_per_day": 2}'),
    ('0195f000-0000-7000-8000-0000000000a2', '0195f000-0000-7000-8000-000000000001', '0195f000-0000-7000-8000-0000000000b2', 'Second organization',
        '{}');
insert into contact_group (id, organization_id, name, location, zone, area_code, archived_at) values
    ('0195f000-0000-7000-8000-000000000101', '0195f000-0000-7000-8000-0000000000a1', 'Harlem', 'New York', 'America/New_York', '646', null),
    ('0195f000-0000-7000-8000-000000000102', '0195f000-0000-7000-8000-0000000000a1', 'Closed', '', 'America/Los_Angeles', '213', now());
insert into member (id, account_id, organization_id, role, first_name, last_name, email, suspended_at, removed_at) values
    ('0195f000-0000-7000-8000-000000000011', '0195f000-0000-7000-8000-000000000001', null, 'account_admin', 'Ada', 'Lovelace', 'ada@example.org', null, null),
    ('0195f000-0000-7000-8000-000000000012', '0195f000-0000-7000-8000-000000000001', '0195f000-0000-7000-8000-0000000000a1', 'agent', 'Grace', 'Hopper', 'grace@example.org', now(), null),
    ('0195f000-0000-7000-8000-000000000013', '0195f000-0000-7000-8000-000000000001', '0195f000-0000-7000-8000-0000000000a1', 'group_admin', 'Alan', 'Turing', null, null, now());
insert into group_member (group_id, member_id) values
    ('0195f000-0000-7000-8000-000000000101', '0195f000-0000-7000-8000-000000000012'),
    ('0195f000-0000-7000-8000-000000000101', '0195f000-0000-7000-8000-000000000013');
insert into token (id, member_id, name, secret_hash, expires_at, revoked_at) values
    ('0195f000-0000-7000-8000-000000000021', '0195f000-0000-7000-8000-000000000011', 'Laptop', sha256('one'), now() + interval '1 year', null),
    (uuid_v7(), '0195f000-0000-7000-8000-000000000012', '', sha256('two'), null, now());
insert into token_use (token_id, used_at) values ('0195f000-0000-7000-8000-000000000021', now());
insert into number_owner (e164, account_id, arranged_by_operator) values
    ('+16465550100', '0195f000-0000-7000-8000-000000000001', true),
    ('+16465550101', '0195f000-0000-7000-8000-000000000001', false);
insert into registered_campaign (id, brand_id, name, class, segments_per_minute) values
    ('0195f000-0000-7000-8000-000000000031', '0195f000-0000-7000-8000-0000000000b1', 'Get out the vote', 'K', '{"att": 4500}');
insert into sender_number (e164, organization_id, group_id, agent_id, former_agent_id, registered_campaign_id) values
    ('+16465550100', '0195f000-0000-7000-8000-0000000000a1', '0195f000-0000-7000-8000-000000000101', '0195f000-0000-7000-8000-000000000012', null, null),
    ('+16465550101', '0195f000-0000-7000-8000-0000000000a1', null, null, '0195f000-0000-7000-8000-000000000012', '0195f000-0000-7000-8000-000000000031');
insert into idempotency (member_id, key, request_hash, status, body)
values ('0195f000-0000-7000-8000-000000000011', 'once', sha256('request'), 201, '{"id": "0195f000-0000-7000-8000-000000000101"}');
