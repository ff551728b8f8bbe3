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
insert into contact_tag (contact_id, tag_id, import_id)
values ('0195f000-0000-7000-8000-000000000201', '0195f000-0000-7000-8000-000000000221', '0195f000-0000-7000-8000-000000000601');

-- The triggers number the word and write the history of these.
update contact set opted_out_at = now(), opt_out_reason = 'texted STOP', opt_out_origin = 'text' where id = '0195f000-0000-7000-8000-000000000203';
update contact set e164 = null, redacted_at = now(), first_name = '', last_name = '' where id = '0195f000-0000-7000-8000-000000000204';
update membership set deactivated_at = now() where contact_id = '0195f000-0000-7000-8000-000000000202';
insert into account_word (account_id, e164, opted_out_at, last_word)
select '0195f000-0000-7000-8000-000000000001', e164, opted_out_at, last_word from contact where id = '0195f000-0000-7000-8000-000000000203';

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
