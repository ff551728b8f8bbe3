-- Sample rows of the people: a contact with everything, one with a phone alone, one opted out, one
-- redacted.

insert into contact (id, organization_id, e164, first_name, last_name, email, postal_code, notes, external_id, fields, line_type, carrier,
    looked_up_at, source, source_import_id, consent_text)
values ('0195f000-0000-7000-8000-000000000201', '0195f000-0000-7000-8000-0000000000a1', '+16465550001', 'Emmy', 'Noether', 'emmy@example.org',
    '10027', 'likes tea', 'van-7', '{"ward": "7"}', 'mobile', 'verizon', now(), 'file', '0195f000-0000-7000-8000-000000000601', 'at the door');
insert into contact (id, organization_id, e164, source) values
    ('0195f000-0000-7000-8000-000000000202', '0195f000-0000-7000-8000-0000000000a1', '+16465550002', 'api'),
    ('0195f000-0000-7000-8000-000000000203', '0195f000-0000-7000-8000-0000000000a1', '+16465550003', 'inbound'),
    ('0195f000-0000-7000-8000-000000000204', '0195f000-0000-7000-8000-0000000000a1', '+16465550004', 'form');
insert into membership (group_id, contact_id, assigned_agent_id, import_id) values
    ('0195f000-0000-7000-8000-000000000101', '0195f000-0000-7000-8000-000000000201', '0195f000-0000-7000-8000-000000000012', '0195f000-0000-7000-8000-000000000601'),
    ('0195f000-0000-7000-8000-000000000101', '0195f000-0000-7000-8000-000000000202', null, null);
update membership set source = 'api', consent_text = 'by a petition' where contact_id = '0195f000-0000-7000-8000-000000000202';
insert into custom_field (organization_id, name) values ('0195f000-0000-7000-8000-0000000000a1', 'ward');
insert into custom_field (organization_id, name, locked, merged_into, switched_at)
select organization_id, 'ward no', true, id, now() from custom_field;
insert into tag (id, organization_id, name) values ('0195f000-0000-7000-8000-000000000221', '0195f000-0000-7000-8000-0000000000a1', 'runner');
insert into tag (organization_id, name, locked, reason, merged_into)
values ('0195f000-0000-7000-8000-0000000000a1', 'wrong number', true, true, null),
    ('0195f000-0000-7000-8000-0000000000a1', 'runners', false, false, '0195f000-0000-7000-8000-000000000221');
insert into form (id, organization_id, group_id, public_key, title, consent_text, questions, tag_ids, allowed_origins, sign_ups_an_hour,
    sign_ups_an_hour_and_client, created_by)
values ('0195f000-0000-7000-8000-000000000231', '0195f000-0000-7000-8000-0000000000a1', '0195f000-0000-7000-8000-000000000101',
    '0123456789abcdef0123456789abcdef', 'Run with us', 'I agree to get texts', '[{"field": "first_name", "required": true}]',
    '{0195f000-0000-7000-8000-000000000221}', '{https://example.org}', 600, 20, '0195f000-0000-7000-8000-000000000011');
insert into form_bucket (form_id, client, tokens, at) values ('0195f000-0000-7000-8000-000000000231', '\x01', 3.5, now());
insert into sign_up (id, form_id, contact_id, consent_text)
values (uuid_v7(), '0195f000-0000-7000-8000-000000000231', '0195f000-0000-7000-8000-000000000201', 'I agree to get texts');
insert into name_merge (id, organization_id, kind, from_id, into_id, step, after_contact_id, contacts)
values (uuid_v7(), '0195f000-0000-7000-8000-0000000000a1', 'tag', uuid_v7(), '0195f000-0000-7000-8000-000000000221', 'move',
    '0195f000-0000-7000-8000-000000000201', 1);
insert into name_merge (id, organization_id, kind, from_id, into_id, renames, step, finished_at)
values (uuid_v7(), '0195f000-0000-7000-8000-0000000000a1', 'field', uuid_v7(), uuid_v7(), true, 'done', now());
insert into contact_tag (contact_id, tag_id, import_id)
values ('0195f000-0000-7000-8000-000000000201', '0195f000-0000-7000-8000-000000000221', '0195f000-0000-7000-8000-000000000601');

-- The triggers number the word and write the history of these.
update contact set opted_out_at = now(), opt_out_reason = 'texted STOP', opt_out_origin = 'text' where id = '0195f000-0000-7000-8000-000000000203';
update contact set e164 = null, redacted_at = now(), first_name = '', last_name = '' where id = '0195f000-0000-7000-8000-000000000204';
update membership set deactivated_at = now() where contact_id = '0195f000-0000-7000-8000-000000000202';

insert into phone_hash_key (key_id) values ('\x0102030405060708');
insert into suppression (account_id, phone_hash, key_id, organization_id, opted_out)
values ('0195f000-0000-7000-8000-000000000001', sha256('phone'), '\x0102030405060708', '0195f000-0000-7000-8000-0000000000a1', true);
insert into redaction (id, account_id, requested_by, phone_hash, key_id, e164, traces, contact_ids, waits_for, looked_at, contacts, messages, finished_at)
values
    (uuid_v7(), '0195f000-0000-7000-8000-000000000001', '0195f000-0000-7000-8000-000000000011', sha256('phone'), '\x0102030405060708',
        '+16465550004', '{"names": [["Zebulon", "Quagmire"]]}', '{0195f000-0000-7000-8000-000000000204}',
        '{0195f000-0000-7000-8000-000000000601}', now(), 1, 2, null),
    (uuid_v7(), '0195f000-0000-7000-8000-000000000001', '0195f000-0000-7000-8000-000000000011', sha256('another'), '\x0102030405060708',
        null, null, '{}', null, null, null, null, now());
update membership set knows = '{"first_name": "Emmy", "fields": {}, "tags": ["0195f000-0000-7000-8000-000000000221"]}'
where contact_id = '0195f000-0000-7000-8000-000000000201';

insert into bulk_change (id, organization_id, created_by, filter, action, tag_id, readers, state, failure, contacts, done, outcomes, started_at, finished_at)
values
    ('0195f000-0000-7000-8000-000000000231', '0195f000-0000-7000-8000-0000000000a1', '0195f000-0000-7000-8000-000000000011', '{"tag": "runner"}',
        '{"action": "tag", "tag": "walker"}', '0195f000-0000-7000-8000-000000000221', '{0195f000-0000-7000-8000-000000000101}', 'running', null, 2, 1,
        '{"changed": 1}', now(), null),
    ('0195f000-0000-7000-8000-000000000232', '0195f000-0000-7000-8000-0000000000a1', '0195f000-0000-7000-8000-000000000011', '{"name": "Emmy"}',
        '{"action": "untag", "tag": "runner"}', '0195f000-0000-7000-8000-000000000221', null, 'failed', 'tag_gone', 2, 1, '{"unchanged": 1}', now(), now());
insert into bulk_change_contact (bulk_change_id, contact_id)
values ('0195f000-0000-7000-8000-000000000231', '0195f000-0000-7000-8000-000000000201');
